//! Candidates, their registrations and accounts.

use exam_core::audience::Facts;
use exam_core::ids::{CandidateId, InstitutionId};
use exam_core::time::Timestamp;

use super::{Scope, Store, StoreError, in_transaction, on, parse_column};

/// A candidate's row. Identity is sealed: only the server's key opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The number in this database.
    pub candidate_no: i64,
    /// The id.
    pub candidate_id: CandidateId,
    /// Where the candidate works.
    pub institution_id: InstitutionId,
    /// The name as the registry has it.
    pub name: String,
    /// Whether the registration is activated.
    pub activated: bool,
    /// `roster`, `demo` or `rehearsal`.
    pub origin: String,
    /// The exam a rehearsal candidate was made for.
    pub rehearsal_exam_id: Option<String>,
}

/// One registration of a physician.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Registration {
    /// The registry's number of it.
    pub certificate_no: String,
    /// 执业类别
    pub category: String,
    /// 执业范围
    pub practice_scope: String,
    /// 医师级别
    pub level: String,
}

/// A candidate to store.
#[derive(Clone, Debug)]
pub struct NewCandidate {
    /// The id, if the person is new.
    pub candidate_id: CandidateId,
    /// Where the candidate works.
    pub institution_id: InstitutionId,
    /// The name, normalised.
    pub name: String,
    /// The number, encrypted.
    pub id_number_sealed: Vec<u8>,
    /// The number's keyed hash.
    pub id_number_hash: Vec<u8>,
    /// The phone, encrypted.
    pub phone_sealed: Option<Vec<u8>>,
    /// The phone's keyed hash.
    pub phone_hash: Option<Vec<u8>>,
    /// Whether the registration is activated.
    pub activated: bool,
    /// `roster`, `demo` or `rehearsal`.
    pub origin: &'static str,
    /// The registrations; those that are there stay.
    pub registrations: Vec<Registration>,
}

/// What sign-in needs to know of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub candidate_no: i64,
    /// The name, for the greeting.
    pub name: String,
    /// The password's hash; none where only one-time codes open the account.
    pub password_hash: Option<String>,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
    /// Whether the registration is activated.
    pub activated: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    candidate_no: i64,
    candidate_id: String,
    institution_id: String,
    name: String,
    activated: i64,
    origin: String,
    rehearsal_exam_id: Option<String>,
}

impl TryFrom<Row> for Candidate {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            candidate_no: row.candidate_no,
            candidate_id: parse_column("candidate", row.candidate_no, &row.candidate_id)?,
            institution_id: parse_column("candidate", row.candidate_no, &row.institution_id)?,
            name: row.name,
            activated: row.activated != 0,
            origin: row.origin,
            rehearsal_exam_id: row.rehearsal_exam_id,
        })
    }
}

impl Store {
    /// Looks up a candidate by number; sign-in has done the authorising.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the row cannot be read.
    pub async fn candidate_get(&self, candidate_no: i64) -> Result<Option<Candidate>, StoreError> {
        const SQL: &str = "-- candidate_get
            SELECT candidate_no, candidate_id, institution_id, name, activated, origin,
                rehearsal_exam_id
            FROM candidate WHERE candidate_no = $1";
        let row: Option<Row> = on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(candidate_no)
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("candidate_get"))?;
        row.map(Candidate::try_from).transpose()
    }

    /// Looks up a candidate within `scope`; somebody else's is `Ok(None)`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the row cannot be read.
    pub async fn candidate_find(
        &self,
        id: CandidateId,
        scope: &Scope,
    ) -> Result<Option<Candidate>, StoreError> {
        const SQL: &str = "-- candidate_find
            SELECT candidate_no, candidate_id, institution_id, name, activated, origin,
                rehearsal_exam_id
            FROM candidate WHERE candidate_id = $1";
        let row: Option<Row> = on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(id.to_string())
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("candidate_find"))?;
        let candidate = row.map(Candidate::try_from).transpose()?;
        Ok(candidate.filter(|candidate| scope.covers(candidate.institution_id)))
    }

    /// Stores candidates, all or none, and returns their numbers in order. A person who is there,
    /// by the hash of the ID number, keeps id and account and gets the new name, phone,
    /// institution and registrations.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn candidate_keep(&self, list: &[NewCandidate]) -> Result<Vec<i64>, StoreError> {
        const CANDIDATE: &str = "-- candidate_keep
            INSERT INTO candidate (candidate_id, institution_id, name, id_number_sealed,
                id_number_hash, phone_sealed, phone_hash, activated, origin, created_at_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (id_number_hash) DO UPDATE SET institution_id = excluded.institution_id,
                name = excluded.name, phone_sealed = excluded.phone_sealed,
                phone_hash = excluded.phone_hash, activated = excluded.activated
            RETURNING candidate_no";
        const REGISTRATION: &str = "-- registration_keep
            INSERT INTO registration (candidate_no, certificate_no, category, practice_scope, level)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (candidate_no, certificate_no, practice_scope) DO UPDATE SET
                category = excluded.category, level = excluded.level";
        let failed = StoreError::in_query("candidate_keep");
        let numbers = in_transaction!(self, "candidate_keep", tx => {
            let mut numbers = Vec::with_capacity(list.len());
            for new in list {
                let created_at = new.candidate_id.as_uuid().get_timestamp().map_or(0, |time| {
                    let (seconds, nanos) = time.to_unix();
                    i64::try_from(seconds * 1000 + u64::from(nanos / 1_000_000)).unwrap_or(0)
                });
                let number: i64 = sqlx::query_scalar(CANDIDATE)
                    .bind(new.candidate_id.to_string())
                    .bind(new.institution_id.to_string())
                    .bind(&new.name)
                    .bind(&new.id_number_sealed)
                    .bind(&new.id_number_hash)
                    .bind(&new.phone_sealed)
                    .bind(&new.phone_hash)
                    .bind(i64::from(new.activated))
                    .bind(new.origin)
                    .bind(created_at)
                    .fetch_one(&mut *tx)
                    .await
                    .map_err(&failed)?;
                for registration in &new.registrations {
                    sqlx::query(REGISTRATION)
                        .bind(number)
                        .bind(&registration.certificate_no)
                        .bind(&registration.category)
                        .bind(&registration.practice_scope)
                        .bind(&registration.level)
                        .execute(&mut *tx)
                        .await
                        .map_err(&failed)?;
                }
                numbers.push(number);
            }
            numbers
        });
        Ok(numbers)
    }

    /// Looks up what sign-in needs, by the keyed hash of the ID number.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn account_find(&self, id_number_hash: &[u8]) -> Result<Option<Account>, StoreError> {
        const SQL: &str = "-- account_find
            SELECT c.candidate_no, c.name, a.password_hash, a.must_change_password, c.activated
            FROM candidate AS c LEFT JOIN account AS a ON a.candidate_no = c.candidate_no
            WHERE c.id_number_hash = $1";
        type Found = (i64, String, Option<String>, Option<i64>, i64);
        let row: Option<Found> = on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(id_number_hash)
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("account_find"))?;
        Ok(row.map(|(candidate_no, name, password_hash, must_change, activated)| Account {
            candidate_no,
            name,
            password_hash,
            must_change_password: must_change == Some(1),
            activated: activated != 0,
        }))
    }

    /// The hash of a candidate's password, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn password_hash_get(&self, candidate_no: i64) -> Result<Option<String>, StoreError> {
        const SQL: &str = "-- password_hash_get
            SELECT password_hash FROM account WHERE candidate_no = $1";
        let row: Option<Option<String>> = on!(self.readers(), pool => sqlx::query_scalar(SQL)
            .bind(candidate_no)
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("password_hash_get"))?;
        Ok(row.flatten())
    }

    /// Sets a candidate's password and ends all sign-ins that only opened "set a new password".
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn account_set_password(
        &self,
        candidate_no: i64,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const SET: &str = "-- account_set_password
            INSERT INTO account (candidate_no, password_hash, must_change_password, changed_at_ms)
            VALUES ($1, $2, 0, $3)
            ON CONFLICT (candidate_no) DO UPDATE SET password_hash = excluded.password_hash,
                must_change_password = 0, changed_at_ms = excluded.changed_at_ms";
        const SIGN_INS: &str = "-- sign_in_end_resets
            UPDATE sign_in SET only_password = 0 WHERE candidate_no = $1";
        const CODES: &str = "-- one_time_code_end
            UPDATE one_time_code SET used_at_ms = $2
            WHERE candidate_no = $1 AND purpose = 'reset' AND used_at_ms IS NULL";
        let failed = StoreError::in_query("account_set_password");
        in_transaction!(self, "account_set_password", tx => {
            sqlx::query(SET)
                .bind(candidate_no)
                .bind(password_hash)
                .bind(now.as_ms())
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
            sqlx::query(SIGN_INS).bind(candidate_no).execute(&mut *tx).await.map_err(&failed)?;
            sqlx::query(CODES)
                .bind(candidate_no)
                .bind(now.as_ms())
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
        });
        Ok(())
    }
}

/// A candidate's sealed identity.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The ID number, encrypted.
    pub id_number_sealed: Vec<u8>,
    /// The phone, encrypted.
    pub phone_sealed: Option<Vec<u8>>,
}

impl Store {
    /// A candidate's sealed identity.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn identity_get(&self, candidate_no: i64) -> Result<Option<Identity>, StoreError> {
        const SQL: &str = "-- identity_get
            SELECT id_number_sealed, phone_sealed FROM candidate WHERE candidate_no = $1";
        let row: Option<(Vec<u8>, Option<Vec<u8>>)> =
            on!(self.readers(), pool => sqlx::query_as(SQL)
                .bind(candidate_no)
                .fetch_optional(pool)
                .await)
            .map_err(StoreError::in_query("identity_get"))?;
        Ok(row.map(|(id_number_sealed, phone_sealed)| Identity { id_number_sealed, phone_sealed }))
    }
}

impl Store {
    /// What audiences ask of candidates after the one numbered `after`: a row a registration, in
    /// the order of their numbers. A page never ends in the middle of a candidate.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn candidate_facts(
        &self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, Facts)>, StoreError> {
        const SQL: &str = "-- candidate_facts
            SELECT c.candidate_no, r.category, r.practice_scope, r.level, i.name
            FROM (SELECT candidate_no, institution_id FROM candidate
                WHERE candidate_no > $1 AND origin <> 'rehearsal'
                ORDER BY candidate_no LIMIT $2) AS c
            JOIN registration AS r ON r.candidate_no = c.candidate_no
            JOIN institution AS i ON i.institution_id = c.institution_id
            ORDER BY c.candidate_no";
        let rows: Vec<(i64, String, String, String, String)> =
            on!(self.readers(), pool => sqlx::query_as(SQL)
                .bind(after)
                .bind(limit)
                .fetch_all(pool)
                .await)
            .map_err(StoreError::in_query("candidate_facts"))?;
        let facts = |(no, category, practice_scope, level, institution)| {
            (no, Facts { category, practice_scope, level, institution })
        };
        Ok(rows.into_iter().map(facts).collect())
    }
}

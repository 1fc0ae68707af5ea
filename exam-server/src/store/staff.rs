//! Staff: who may do what, and to whom.

use exam_core::ids::StaffId;
use exam_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AuditEntry, Scope, Store, StoreError, audit::bind_audit, in_transaction, json_column};
use super::{on, parse_column};

/// What a member of staff may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Writes and imports items.
    Author,
    /// Approves what somebody else wrote.
    Approver,
    /// Watches attempts, extends, pauses, locks and ends them.
    Invigilator,
    /// Looks after candidates of an institution: one-time codes.
    Officer,
    /// Publishes exams and runs the server.
    Operator,
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let quoted = serde_json::Value::String(text.to_owned());
        serde_json::from_value(quoted).map_err(|_| {
            format!("{text:?} is none of author, approver, invigilator, officer, operator")
        })
    }
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// The id.
    pub staff_id: StaffId,
    /// The name to sign in with.
    pub login: String,
    /// The person's name.
    pub name: String,
    /// What the person may do.
    pub roles: Vec<Role>,
    /// To whom.
    pub scope: Scope,
    /// The password's hash; none until enrolled.
    pub password_hash: Option<String>,
    /// The second factor's secret, encrypted; none until enrolled.
    pub totp_secret_sealed: Option<Vec<u8>>,
    /// The newest time step used.
    pub totp_last_step: i64,
    /// Counts changes by operators, from 1.
    pub version: i64,
    /// Since when the member cannot sign in.
    pub disabled_at: Option<Timestamp>,
}

/// What an operator sets of a member of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffChange {
    /// The person's name.
    pub name: String,
    /// What the person may do.
    pub roles: Vec<Role>,
    /// To whom.
    pub scope: Scope,
    /// Whether the member cannot sign in.
    pub disabled: bool,
}

/// A member of staff to add.
#[derive(Clone, Debug)]
pub struct NewStaff {
    /// The id.
    pub staff_id: StaffId,
    /// The name to sign in with.
    pub login: String,
    /// The person's name.
    pub name: String,
    /// What the person may do.
    pub roles: Vec<Role>,
    /// To whom.
    pub scope: Scope,
    /// The hash of the one-time enrolment token.
    pub enrolment_hash: Vec<u8>,
    /// Until when the token is good.
    pub enrolment_expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    staff_id: String,
    login: String,
    name: String,
    roles: String,
    scope: String,
    password_hash: Option<String>,
    totp_secret_sealed: Option<Vec<u8>>,
    totp_last_step: i64,
    version: i64,
    disabled_at_ms: Option<i64>,
}

impl TryFrom<Row> for Staff {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            staff_id: parse_column("staff", &row.login, &row.staff_id)?,
            roles: json_column("staff", &row.login, &row.roles)?,
            scope: json_column("staff", &row.login, &row.scope)?,
            login: row.login,
            name: row.name,
            password_hash: row.password_hash,
            totp_secret_sealed: row.totp_secret_sealed,
            totp_last_step: row.totp_last_step,
            version: row.version,
            disabled_at: row.disabled_at_ms.map(Timestamp::from_ms),
        })
    }
}

/// Ends the sign-ins of a member of staff.
const SIGN_OUT: &str = "-- sign_in_end_of_staff
UPDATE sign_in SET revoked_at_ms = $2 WHERE staff_id = $1 AND revoked_at_ms IS NULL";

impl Store {
    /// Adds a member of staff, with its audit row.
    ///
    /// # Errors
    /// A unique violation when the login is taken; otherwise trouble.
    pub async fn staff_add(
        &self,
        new: &NewStaff,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        const SQL: &str = "-- staff_add
            INSERT INTO staff (staff_id, login, name, roles, scope, enrolment_hash,
                enrolment_expires_at_ms, created_at_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let roles = serde_json::to_string(&new.roles).expect("role names are JSON");
        let scope = serde_json::to_string(&new.scope).expect("a scope is JSON");
        let failed = StoreError::in_query("staff_add");
        in_transaction!(self, "staff_add", tx => {
            sqlx::query(SQL)
                .bind(new.staff_id.to_string())
                .bind(&new.login)
                .bind(&new.name)
                .bind(&roles)
                .bind(&scope)
                .bind(&new.enrolment_hash)
                .bind(new.enrolment_expires_at.as_ms())
                .bind(now.as_ms())
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
            bind_audit!(audit).execute(&mut *tx).await.map_err(&failed)?;
        });
        Ok(())
    }

    /// Looks up a member of staff who is not disabled, by login.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the row cannot be read.
    pub async fn staff_find(&self, login: &str) -> Result<Option<Staff>, StoreError> {
        const SQL: &str = "-- staff_find
            SELECT staff_id, login, name, roles, scope, password_hash, totp_secret_sealed,
                totp_last_step, version, disabled_at_ms
            FROM staff WHERE login = $1 AND disabled_at_ms IS NULL";
        self.staff_by(SQL, login).await
    }

    /// Looks up a member of staff who is not disabled, by id.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the row cannot be read.
    pub async fn staff_get(&self, id: StaffId) -> Result<Option<Staff>, StoreError> {
        const SQL: &str = "-- staff_get
            SELECT staff_id, login, name, roles, scope, password_hash, totp_secret_sealed,
                totp_last_step, version, disabled_at_ms
            FROM staff WHERE staff_id = $1 AND disabled_at_ms IS NULL";
        self.staff_by(SQL, &id.to_string()).await
    }

    /// All members of staff who are not disabled, by login.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn staff_list(&self) -> Result<Vec<Staff>, StoreError> {
        const SQL: &str = "-- staff_list
            SELECT staff_id, login, name, roles, scope, password_hash, totp_secret_sealed,
                totp_last_step, version, disabled_at_ms
            FROM staff WHERE disabled_at_ms IS NULL ORDER BY login";
        let rows: Vec<Row> = on!(self.readers(), pool => sqlx::query_as(SQL).fetch_all(pool).await)
            .map_err(StoreError::in_query("staff_list"))?;
        rows.into_iter().map(Staff::try_from).collect()
    }

    /// All members of staff, those who are disabled too, by login.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn staff_all(&self) -> Result<Vec<Staff>, StoreError> {
        const SQL: &str = "-- staff_all
            SELECT staff_id, login, name, roles, scope, password_hash, totp_secret_sealed,
                totp_last_step, version, disabled_at_ms
            FROM staff ORDER BY login";
        let rows: Vec<Row> = on!(self.readers(), pool => sqlx::query_as(SQL).fetch_all(pool).await)
            .map_err(StoreError::in_query("staff_all"))?;
        rows.into_iter().map(Staff::try_from).collect()
    }

    /// Changes a member of staff whose version is still `version`, with its audit row; `false` where
    /// somebody was quicker. Whoever is disabled is signed out.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn staff_change(
        &self,
        id: StaffId,
        version: i64,
        change: &StaffChange,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "-- staff_change
            UPDATE staff SET name = $3, roles = $4, scope = $5, version = version + 1,
                disabled_at_ms = CASE WHEN $6 = 0 THEN NULL ELSE coalesce(disabled_at_ms, $7) END
            WHERE staff_id = $1 AND version = $2";
        let roles = serde_json::to_string(&change.roles).expect("role names are JSON");
        let scope = serde_json::to_string(&change.scope).expect("a scope is JSON");
        let failed = StoreError::in_query("staff_change");
        in_transaction!(self, "staff_change", tx => {
            let changed = sqlx::query(SQL)
                .bind(id.to_string())
                .bind(version)
                .bind(&change.name)
                .bind(&roles)
                .bind(&scope)
                .bind(i64::from(change.disabled))
                .bind(now.as_ms())
                .execute(&mut *tx)
                .await
                .map_err(&failed)?
                .rows_affected();
            if changed == 0 {
                return Ok(false);
            }
            if change.disabled {
                sqlx::query(SIGN_OUT)
                    .bind(id.to_string())
                    .bind(now.as_ms())
                    .execute(&mut *tx)
                    .await
                    .map_err(&failed)?;
            }
            bind_audit!(audit).execute(&mut *tx).await.map_err(&failed)?;
        });
        Ok(true)
    }

    /// Gives a member of staff a new enrolment token, with its audit row: password, second factor,
    /// recovery codes and sign-ins of before are good no longer.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn staff_renew(
        &self,
        id: StaffId,
        enrolment_hash: &[u8],
        expires_at: Timestamp,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        const SQL: &str = "-- staff_renew
            UPDATE staff SET enrolment_hash = $2, enrolment_expires_at_ms = $3,
                password_hash = NULL, totp_secret_sealed = NULL, version = version + 1
            WHERE staff_id = $1";
        const CODES: &str = "-- staff_recovery_code_clear
            DELETE FROM staff_recovery_code WHERE staff_id = $1";
        let failed = StoreError::in_query("staff_renew");
        in_transaction!(self, "staff_renew", tx => {
            sqlx::query(SQL)
                .bind(id.to_string())
                .bind(enrolment_hash)
                .bind(expires_at.as_ms())
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
            sqlx::query(CODES).bind(id.to_string()).execute(&mut *tx).await.map_err(&failed)?;
            sqlx::query(SIGN_OUT)
                .bind(id.to_string())
                .bind(now.as_ms())
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
            bind_audit!(audit).execute(&mut *tx).await.map_err(&failed)?;
        });
        Ok(())
    }

    /// Uses up a recovery code; `false` where it is none, or was used.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn staff_use_recovery_code(
        &self,
        id: StaffId,
        code_hash: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "-- staff_use_recovery_code
            UPDATE staff_recovery_code SET used_at_ms = $3
            WHERE staff_id = $1 AND code_hash = $2 AND used_at_ms IS NULL";
        let done = on!(self.writer(), pool => sqlx::query(SQL)
            .bind(id.to_string())
            .bind(code_hash)
            .bind(now.as_ms())
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))
        .map_err(StoreError::in_query("staff_use_recovery_code"))?;
        Ok(done == 1)
    }

    /// How many recovery codes a member of staff has left.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn staff_recovery_codes_left(&self, id: StaffId) -> Result<i64, StoreError> {
        const SQL: &str = "-- staff_recovery_codes_left
            SELECT count(*) FROM staff_recovery_code WHERE staff_id = $1 AND used_at_ms IS NULL";
        on!(self.readers(), pool => sqlx::query_scalar(SQL)
            .bind(id.to_string())
            .fetch_one(pool)
            .await)
        .map_err(StoreError::in_query("staff_recovery_codes_left"))
    }

    async fn staff_by(&self, sql: &'static str, key: &str) -> Result<Option<Staff>, StoreError> {
        let row: Option<Row> = on!(self.readers(), pool => sqlx::query_as(sql)
            .bind(key)
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("staff_find"))?;
        row.map(Staff::try_from).transpose()
    }

    /// The member of staff whose enrolment token has this hash and is good at `now`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the row cannot be read.
    pub async fn staff_by_enrolment(
        &self,
        enrolment_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<Staff>, StoreError> {
        const SQL: &str = "-- staff_by_enrolment
            SELECT staff_id, login, name, roles, scope, password_hash, totp_secret_sealed,
                totp_last_step, version, disabled_at_ms
            FROM staff
            WHERE enrolment_hash = $1 AND enrolment_expires_at_ms > $2 AND disabled_at_ms IS NULL";
        let row: Option<Row> = on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(enrolment_hash)
            .bind(now.as_ms())
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("staff_by_enrolment"))?;
        row.map(Staff::try_from).transpose()
    }

    /// Finishes an enrolment: password, second factor and recovery codes are set, the token is used
    /// up. `false` when the token was used meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn staff_enrol(
        &self,
        enrolment_hash: &[u8],
        password_hash: &str,
        totp_secret_sealed: &[u8],
        step: i64,
        recovery_code_hashes: &[Vec<u8>],
    ) -> Result<bool, StoreError> {
        const SQL: &str = "-- staff_enrol
            UPDATE staff SET password_hash = $2, totp_secret_sealed = $3, totp_last_step = $4,
                enrolment_hash = NULL, enrolment_expires_at_ms = NULL
            WHERE enrolment_hash = $1 RETURNING staff_id";
        const CODE: &str = "-- staff_recovery_code_keep
            INSERT INTO staff_recovery_code (staff_id, code_hash) VALUES ($1, $2)";
        let failed = StoreError::in_query("staff_enrol");
        in_transaction!(self, "staff_enrol", tx => {
            let staff_id: Option<String> = sqlx::query_scalar(SQL)
                .bind(enrolment_hash)
                .bind(password_hash)
                .bind(totp_secret_sealed)
                .bind(step)
                .fetch_optional(&mut *tx)
                .await
                .map_err(&failed)?;
            let Some(staff_id) = staff_id else { return Ok(false) };
            for hash in recovery_code_hashes {
                let code = sqlx::query(CODE).bind(&staff_id).bind(hash);
                code.execute(&mut *tx).await.map_err(&failed)?;
            }
        });
        Ok(true)
    }

    /// Uses up a time step of the second factor; `false` when it, or a later one, was used.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn staff_use_step(&self, id: StaffId, step: i64) -> Result<bool, StoreError> {
        const SQL: &str = "-- staff_use_step
            UPDATE staff SET totp_last_step = $2 WHERE staff_id = $1 AND totp_last_step < $2";
        let done = on!(self.writer(), pool => sqlx::query(SQL)
            .bind(id.to_string())
            .bind(step)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))
        .map_err(StoreError::in_query("staff_use_step"))?;
        Ok(done == 1)
    }
}

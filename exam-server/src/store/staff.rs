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
        })
    }
}

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
                totp_last_step
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
                totp_last_step
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
                totp_last_step
            FROM staff WHERE disabled_at_ms IS NULL ORDER BY login";
        let rows: Vec<Row> = on!(self.readers(), pool => sqlx::query_as(SQL).fetch_all(pool).await)
            .map_err(StoreError::in_query("staff_list"))?;
        rows.into_iter().map(Staff::try_from).collect()
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
                totp_last_step
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

    /// Finishes an enrolment: password and second factor are set, the token is used up. `false`
    /// when the token was used meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn staff_enrol(
        &self,
        enrolment_hash: &[u8],
        password_hash: &str,
        totp_secret_sealed: &[u8],
        step: i64,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "-- staff_enrol
            UPDATE staff SET password_hash = $2, totp_secret_sealed = $3, totp_last_step = $4,
                enrolment_hash = NULL, enrolment_expires_at_ms = NULL
            WHERE enrolment_hash = $1";
        let done = on!(self.writer(), pool => sqlx::query(SQL)
            .bind(enrolment_hash)
            .bind(password_hash)
            .bind(totp_secret_sealed)
            .bind(step)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))
        .map_err(StoreError::in_query("staff_enrol"))?;
        Ok(done == 1)
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

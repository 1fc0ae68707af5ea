//! What candidates agreed to, and took back.

use exam_core::time::Timestamp;

use super::{Store, StoreError, on};

/// What an attempt's candidate agreed to, and until when it counts.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ConsentRow {
    /// The consents given or refused at the start, as JSON.
    pub consents: String,
    /// What the phone said of its camera: `live`, `file`, `none`, or nothing.
    pub camera: Option<String>,
    /// When the attempt was closed.
    pub closed_at_ms: Option<i64>,
    /// When the consent to photographs was taken back.
    pub withdrawn_at_ms: Option<i64>,
}

impl Store {
    /// What the candidate of an attempt agreed to; `None` for an unknown attempt.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn consent_find(&self, attempt_no: i64) -> Result<Option<ConsentRow>, StoreError> {
        const SQL: &str = "-- consent_find
            SELECT a.consents, a.camera, a.closed_at_ms, w.at_ms AS withdrawn_at_ms
            FROM attempt AS a LEFT JOIN consent_withdrawn AS w ON w.attempt_no = a.attempt_no
            WHERE a.attempt_no = $1";
        on!(self.readers(), pool => {
            sqlx::query_as(SQL).bind(attempt_no).fetch_optional(pool).await
        })
        .map_err(StoreError::in_query("consent_find"))
    }

    /// Whether the consent to photographs was taken back, as whoever writes sees it.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn consent_is_withdrawn(&self, attempt_no: i64) -> Result<bool, StoreError> {
        const SQL: &str = "-- consent_is_withdrawn
            SELECT at_ms FROM consent_withdrawn WHERE attempt_no = $1";
        let found: Option<i64> = on!(self.writer(), pool => {
            sqlx::query_scalar(SQL).bind(attempt_no).fetch_optional(pool).await
        })
        .map_err(StoreError::in_query("consent_is_withdrawn"))?;
        Ok(found.is_some())
    }

    /// Takes the consent to photographs back, from `at` on; again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn consent_withdraw(&self, attempt_no: i64, at: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "-- consent_withdraw
            INSERT INTO consent_withdrawn (attempt_no, at_ms) VALUES ($1, $2)
            ON CONFLICT DO NOTHING";
        on!(self.writer(), pool => {
            sqlx::query(SQL).bind(attempt_no).bind(at.as_ms()).execute(pool).await.map(|_| ())
        })
        .map_err(StoreError::in_query("consent_withdraw"))
    }
}

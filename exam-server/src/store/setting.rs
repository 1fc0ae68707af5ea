//! What the database knows of itself.

use super::{Store, StoreError, on};

impl Store {
    /// Looks up a setting.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn setting_find(&self, name: &str) -> Result<Option<String>, StoreError> {
        const SQL: &str = "-- setting_find
            SELECT value FROM setting WHERE name = $1";
        on!(self.readers(), pool => sqlx::query_scalar(SQL).bind(name).fetch_optional(pool).await)
            .map_err(StoreError::in_query("setting_find"))
    }

    /// Sets `name` to `value` unless it is set, and returns what it is then.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn setting_keep(&self, name: &str, value: &str) -> Result<String, StoreError> {
        const SQL: &str = "-- setting_keep
            INSERT INTO setting (name, value) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET value = setting.value
            RETURNING value";
        on!(self.writer(), pool => sqlx::query_scalar(SQL)
            .bind(name)
            .bind(value)
            .fetch_one(pool)
            .await)
        .map_err(StoreError::in_query("setting_keep"))
    }
}

//! Signs of life: from them a server that starts knows how long nobody could save.

use exam_core::time::Timestamp;

use super::{Pool, Store, StoreError, on};

impl Store {
    /// Notes that a node is alive at `at`, and returns the newest sign of life before this one.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn heartbeat_beat(&self, at: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        #[cfg(feature = "turned-clock")]
        self.faults.stall().await;
        let before = self.heartbeat_find().await?;
        const SQL: &str = "-- heartbeat_beat
            INSERT INTO heartbeat (one, at_ms, beat) VALUES (1, $1, 0)
            ON CONFLICT (one) DO UPDATE SET beat = heartbeat.beat + 1,
                at_ms = CASE WHEN excluded.at_ms > heartbeat.at_ms
                    THEN excluded.at_ms ELSE heartbeat.at_ms END";
        on!(self.writer(), pool => sqlx::query(SQL).bind(at.as_ms()).execute(pool).await.map(|_| ()))
            .map_err(StoreError::in_query("heartbeat_beat"))?;
        Ok(before)
    }

    /// The newest sign of life of any node.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn heartbeat_find(&self) -> Result<Option<Timestamp>, StoreError> {
        const SQL: &str = "-- heartbeat_find
            SELECT at_ms FROM heartbeat WHERE one = 1";
        let at: Option<i64> =
            on!(self.readers(), pool => sqlx::query_scalar(SQL).fetch_optional(pool).await)
                .map_err(StoreError::in_query("heartbeat_find"))?;
        Ok(at.map(Timestamp::from_ms))
    }

    /// The database server's own clock; `None` on SQLite, which has none. This is the one query
    /// that asks a database for the time: nodes of one database agree through it.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn clock_read(&self) -> Result<Option<Timestamp>, StoreError> {
        const SQL: &str = "-- clock_read
            SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)";
        let Pool::Postgres(pool) = self.readers() else { return Ok(None) };
        let ms: i64 = sqlx::query_scalar(SQL)
            .fetch_one(pool)
            .await
            .map_err(StoreError::in_query("clock_read"))?;
        Ok(Some(Timestamp::from_ms(ms)))
    }
}

//! Cycles and institutions.

use exam_core::ids::{CycleId, InstitutionId};
use exam_core::time::Timestamp;

use super::{Store, StoreError, on, parse_column};

impl Store {
    /// The institution of this name, made under `fresh` if there was none.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn institution_keep(
        &self,
        name: &str,
        fresh: InstitutionId,
    ) -> Result<InstitutionId, StoreError> {
        const SQL: &str = "-- institution_keep
            INSERT INTO institution (institution_id, name) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET name = excluded.name
            RETURNING institution_id";
        let id: String = on!(self.writer(), pool => sqlx::query_scalar(SQL)
            .bind(fresh.to_string())
            .bind(name)
            .fetch_one(pool)
            .await)
        .map_err(StoreError::in_query("institution_keep"))?;
        parse_column("institution", name, &id)
    }

    /// Looks up an institution by its name.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn institution_find(&self, name: &str) -> Result<Option<InstitutionId>, StoreError> {
        const SQL: &str = "-- institution_find
            SELECT institution_id FROM institution WHERE name = $1";
        let id: Option<String> = on!(self.readers(), pool => sqlx::query_scalar(SQL)
            .bind(name)
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("institution_find"))?;
        id.map(|id| parse_column("institution", name, &id)).transpose()
    }

    /// The cycle of this name, made under `fresh` if there was none.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn cycle_keep(
        &self,
        name: &str,
        fresh: CycleId,
        starts_at: Timestamp,
        ends_at: Timestamp,
    ) -> Result<CycleId, StoreError> {
        const SQL: &str = "-- cycle_keep
            INSERT INTO cycle (cycle_id, name, starts_at_ms, ends_at_ms, windows)
            VALUES ($1, $2, $3, $4, '[]')
            ON CONFLICT (name) DO UPDATE SET name = excluded.name
            RETURNING cycle_id";
        let id: String = on!(self.writer(), pool => sqlx::query_scalar(SQL)
            .bind(fresh.to_string())
            .bind(name)
            .bind(starts_at.as_ms())
            .bind(ends_at.as_ms())
            .fetch_one(pool)
            .await)
        .map_err(StoreError::in_query("cycle_keep"))?;
        parse_column("cycle", name, &id)
    }

    /// Looks up a cycle by its name.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn cycle_find(&self, name: &str) -> Result<Option<CycleId>, StoreError> {
        const SQL: &str = "-- cycle_find
            SELECT cycle_id FROM cycle WHERE name = $1";
        let id: Option<String> = on!(self.readers(), pool => sqlx::query_scalar(SQL)
            .bind(name)
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("cycle_find"))?;
        id.map(|id| parse_column("cycle", name, &id)).transpose()
    }
}

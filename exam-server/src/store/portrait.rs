//! The photographs that the registry has of candidates. The pictures are in the photo store.

use exam_core::ids::CandidateId;
use exam_core::time::Timestamp;

use super::{Store, StoreError, on};

/// A photograph to note.
#[derive(Clone, Debug)]
pub struct NewPortrait {
    /// Whose.
    pub candidate_no: i64,
    /// SHA-256 of the file that is kept.
    pub sha256: [u8; 32],
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
    /// When.
    pub at: Timestamp,
}

/// A candidate as reviewers are shown them; identity is sealed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CandidateShown {
    /// The number in this database.
    pub candidate_no: i64,
    /// The id.
    pub candidate_id: String,
    /// The name.
    pub name: String,
    /// The ID number, encrypted.
    pub id_number_sealed: Vec<u8>,
    /// The institution's id.
    pub institution_id: String,
    /// The institution's name.
    pub institution: String,
    /// SHA-256 of the registry's photograph; `None` where there is none.
    pub portrait: Option<Vec<u8>>,
}

/// Candidates by number or by id, whichever is given.
const SHOWN: &str = "-- candidate_shown
    SELECT c.candidate_no, c.candidate_id, c.name, c.id_number_sealed, c.institution_id,
        i.name AS institution, p.sha256 AS portrait
    FROM candidate AS c
    JOIN institution AS i ON i.institution_id = c.institution_id
    LEFT JOIN portrait AS p ON p.candidate_no = c.candidate_no
    WHERE c.candidate_no = $1 OR c.candidate_id = $2";

impl Store {
    /// A candidate by number; an unknown one is `None`.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn candidate_shown(
        &self,
        candidate_no: i64,
    ) -> Result<Option<CandidateShown>, StoreError> {
        self.shown(Some(candidate_no), None).await
    }

    /// A candidate by id; an unknown one is `None`.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn candidate_shown_by_id(
        &self,
        id: CandidateId,
    ) -> Result<Option<CandidateShown>, StoreError> {
        self.shown(None, Some(id.to_string())).await
    }

    /// The candidate of an attempt; `None` for an unknown one.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn candidate_of(
        &self,
        attempt_no: i64,
    ) -> Result<Option<CandidateShown>, StoreError> {
        const SQL: &str = "-- candidate_of
            SELECT candidate_no FROM attempt WHERE attempt_no = $1";
        let number: Option<i64> = on!(self.readers(), pool => {
            sqlx::query_scalar(SQL).bind(attempt_no).fetch_optional(pool).await
        })
        .map_err(StoreError::in_query("candidate_of"))?;
        match number {
            Some(number) => self.candidate_shown(number).await,
            None => Ok(None),
        }
    }

    async fn shown(
        &self,
        number: Option<i64>,
        id: Option<String>,
    ) -> Result<Option<CandidateShown>, StoreError> {
        on!(self.readers(), pool => {
            sqlx::query_as(SHOWN).bind(number).bind(id).fetch_optional(pool).await
        })
        .map_err(StoreError::in_query("candidate_shown"))
    }

    /// Notes the registry's photograph of a candidate; one before it is gone.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn portrait_put(&self, new: &NewPortrait) -> Result<(), StoreError> {
        const SQL: &str = "-- portrait_put
            INSERT INTO portrait (candidate_no, sha256, width, height, imported_at_ms)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (candidate_no) DO UPDATE SET sha256 = excluded.sha256,
                width = excluded.width, height = excluded.height,
                imported_at_ms = excluded.imported_at_ms";
        on!(self.writer(), pool => sqlx::query(SQL)
            .bind(new.candidate_no)
            .bind(&new.sha256[..])
            .bind(new.width)
            .bind(new.height)
            .bind(new.at.as_ms())
            .execute(pool)
            .await
            .map(|_| ()))
        .map_err(StoreError::in_query("portrait_put"))
    }
}

//! Published exams, as checked when they were published.

use exam_core::ids::{BankId, CycleId, ExamId, StaffId};
use exam_core::time::Timestamp;

use super::{AuditEntry, Store, StoreError, audit::bind_audit, in_transaction, on, parse_column};

/// A published exam.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExamRow {
    /// The id.
    pub exam_id: ExamId,
    /// The title.
    pub title: String,
    /// `public_knowledge` or `professional`.
    pub kind: String,
    /// `published` or `withdrawn`.
    pub state: String,
    /// The newest revision; attempts remember theirs.
    pub revision: i64,
}

/// An exam to publish.
#[derive(Clone, Debug)]
pub struct NewExam {
    /// The id, if the title is new in its cycle.
    pub exam_id: ExamId,
    /// The cycle.
    pub cycle_id: CycleId,
    /// The title.
    pub title: String,
    /// `public_knowledge` or `professional`.
    pub kind: String,
    /// The exam, as JSON.
    pub definition: String,
    /// The exam file as it came.
    pub source: String,
    /// The revision that was read before it was changed, 0 for none; nothing to ask for nothing.
    pub expected: Option<i64>,
    /// What was measured of its items so far, as JSON.
    pub measured: String,
    /// The bank revisions it draws from.
    pub banks: Vec<(BankId, i64)>,
    /// Who published it; none at the command line.
    pub published_by: Option<StaffId>,
    /// When.
    pub published_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    exam_id: String,
    title: String,
    kind: String,
    state: String,
    revision: i64,
}

impl TryFrom<Row> for ExamRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            exam_id: parse_column("exam", &row.exam_id, &row.exam_id)?,
            title: row.title,
            kind: row.kind,
            state: row.state,
            revision: row.revision,
        })
    }
}

impl Store {
    /// Publishes an exam, or a new revision of one with the same title and cycle, with its audit
    /// row; returns the exam's id.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where another revision was read than is there; otherwise trouble.
    pub async fn exam_publish(
        &self,
        new: &NewExam,
        audit: &AuditEntry,
    ) -> Result<ExamId, StoreError> {
        const EXAM: &str = "-- exam_publish
            INSERT INTO exam (exam_id, cycle_id, title, kind, state, revision)
            VALUES ($1, $2, $3, $4, 'published', 1)
            ON CONFLICT (cycle_id, title) DO UPDATE SET kind = excluded.kind, state = 'published',
                revision = exam.revision + 1
            RETURNING exam_id, revision";
        const REVISION: &str = "-- exam_revision_store
            INSERT INTO exam_revision (exam_id, revision, definition, source, measured,
                published_by, published_at_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7)";
        const BANK: &str = "-- exam_bank_pin
            INSERT INTO exam_bank (exam_id, exam_revision, bank_id, bank_revision)
            VALUES ($1, $2, $3, $4)";
        let failed = StoreError::in_query("exam_publish");
        let exam_id = in_transaction!(self, "exam_publish", tx => {
            let (exam_id, revision): (String, i64) = sqlx::query_as(EXAM)
                .bind(new.exam_id.to_string())
                .bind(new.cycle_id.to_string())
                .bind(&new.title)
                .bind(&new.kind)
                .fetch_one(&mut *tx)
                .await
                .map_err(&failed)?;
            if new.expected.is_some_and(|expected| revision != expected + 1) {
                return Err(StoreError::Refused("somebody has published it meanwhile"));
            }
            sqlx::query(REVISION)
                .bind(&exam_id)
                .bind(revision)
                .bind(&new.definition)
                .bind(&new.source)
                .bind(&new.measured)
                .bind(new.published_by.map(|id| id.to_string()))
                .bind(new.published_at.as_ms())
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
            for (bank_id, bank_revision) in &new.banks {
                sqlx::query(BANK)
                    .bind(&exam_id)
                    .bind(revision)
                    .bind(bank_id.to_string())
                    .bind(bank_revision)
                    .execute(&mut *tx)
                    .await
                    .map_err(&failed)?;
            }
            bind_audit!(audit).execute(&mut *tx).await.map_err(&failed)?;
            exam_id
        });
        parse_column("exam", &exam_id, &exam_id)
    }

    /// All exams, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn exam_list(&self) -> Result<Vec<ExamRow>, StoreError> {
        const SQL: &str = "-- exam_list
            SELECT exam_id, title, kind, state, revision FROM exam ORDER BY exam_id";
        let rows: Vec<Row> = on!(self.readers(), pool => sqlx::query_as(SQL).fetch_all(pool).await)
            .map_err(StoreError::in_query("exam_list"))?;
        rows.into_iter().map(ExamRow::try_from).collect()
    }

    /// The bank revisions that a revision of an exam draws from.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn exam_banks(
        &self,
        exam_id: ExamId,
        revision: i64,
    ) -> Result<Vec<(BankId, i64)>, StoreError> {
        const SQL: &str = "-- exam_banks
            SELECT bank_id, bank_revision FROM exam_bank
            WHERE exam_id = $1 AND exam_revision = $2 ORDER BY bank_id";
        let rows: Vec<(String, i64)> = on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(exam_id.to_string())
            .bind(revision)
            .fetch_all(pool)
            .await)
        .map_err(StoreError::in_query("exam_banks"))?;
        rows.into_iter()
            .map(|(id, revision)| Ok((parse_column("exam_bank", &id, &id)?, revision)))
            .collect()
    }

    /// The exam file that one revision of an exam came from.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn exam_source(
        &self,
        exam_id: ExamId,
        revision: i64,
    ) -> Result<Option<String>, StoreError> {
        const SQL: &str = "-- exam_source
            SELECT source FROM exam_revision WHERE exam_id = $1 AND revision = $2";
        on!(self.readers(), pool => sqlx::query_scalar(SQL)
            .bind(exam_id.to_string())
            .bind(revision)
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("exam_source"))
    }

    /// The definition of one revision of an exam, and what was measured of its items by then, as
    /// JSON.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn exam_definition(
        &self,
        exam_id: ExamId,
        revision: i64,
    ) -> Result<Option<(String, String)>, StoreError> {
        const SQL: &str = "-- exam_definition
            SELECT definition, measured FROM exam_revision WHERE exam_id = $1 AND revision = $2";
        on!(self.readers(), pool => sqlx::query_as(SQL)
            .bind(exam_id.to_string())
            .bind(revision)
            .fetch_optional(pool)
            .await)
        .map_err(StoreError::in_query("exam_definition"))
    }
}

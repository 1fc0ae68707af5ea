//! Rehearsal candidates: marked, made in bulk, and removed with everything of theirs.

use exam_core::ids::{CandidateId, ExamId, InstitutionId};
use exam_core::time::Timestamp;

use super::{Registration, Store, StoreError, in_transaction};

/// A rehearsal candidate to store, with the hash of its token.
#[derive(Clone, Debug)]
pub struct RehearsalCandidate {
    /// The id.
    pub candidate_id: CandidateId,
    /// The name.
    pub name: String,
    /// A synthetic number, encrypted.
    pub id_number_sealed: Vec<u8>,
    /// The number's keyed hash.
    pub id_number_hash: Vec<u8>,
    /// The hash of the token that signs it in.
    pub token_hash: Vec<u8>,
}

impl Store {
    /// Stores one slice of rehearsal candidates with their sign-ins, all or none.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn rehearsal_create(
        &self,
        exam_id: ExamId,
        institution_id: InstitutionId,
        registration: &Registration,
        list: &[RehearsalCandidate],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        const CANDIDATE: &str = "-- rehearsal_create
            INSERT INTO candidate (candidate_id, institution_id, name, id_number_sealed,
                id_number_hash, activated, origin, rehearsal_exam_id, created_at_ms)
            VALUES ($1, $2, $3, $4, $5, 1, 'rehearsal', $6, $7)
            RETURNING candidate_no";
        const REGISTRATION: &str = "-- rehearsal_register
            INSERT INTO registration (candidate_no, certificate_no, category, practice_scope, level)
            VALUES ($1, $2, $3, $4, $5)";
        const SIGN_IN: &str = "-- rehearsal_sign_in
            INSERT INTO sign_in (token_hash, candidate_no, only_password, created_at_ms,
                expires_at_ms)
            VALUES ($1, $2, 0, $3, $4)";
        let failed = StoreError::in_query("rehearsal_create");
        in_transaction!(self, "rehearsal_create", tx => {
            for new in list {
                let number: i64 = sqlx::query_scalar(CANDIDATE)
                    .bind(new.candidate_id.to_string())
                    .bind(institution_id.to_string())
                    .bind(&new.name)
                    .bind(&new.id_number_sealed)
                    .bind(&new.id_number_hash)
                    .bind(exam_id.to_string())
                    .bind(now.as_ms())
                    .fetch_one(&mut *tx)
                    .await
                    .map_err(&failed)?;
                sqlx::query(REGISTRATION)
                    .bind(number)
                    .bind(&registration.certificate_no)
                    .bind(&registration.category)
                    .bind(&registration.practice_scope)
                    .bind(&registration.level)
                    .execute(&mut *tx)
                    .await
                    .map_err(&failed)?;
                sqlx::query(SIGN_IN)
                    .bind(&new.token_hash)
                    .bind(number)
                    .bind(now.as_ms())
                    .bind(expires_at.as_ms())
                    .execute(&mut *tx)
                    .await
                    .map_err(&failed)?;
            }
        });
        Ok(())
    }

    /// Removes up to `limit` rehearsal candidates with everything of theirs, all or none, and
    /// returns how many; zero means that none is left.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn rehearsal_clear(&self, limit: i64) -> Result<usize, StoreError> {
        const FIND: &str = "-- rehearsal_find
            SELECT candidate_no FROM candidate WHERE origin = 'rehearsal'
            ORDER BY candidate_no LIMIT $1";
        // Each statement takes the candidate's number; children go before parents.
        const BY_ATTEMPT: [&str; 9] = [
            "-- rehearsal_clear_results
            DELETE FROM result WHERE attempt_no IN
                (SELECT attempt_no FROM attempt WHERE candidate_no = $1)",
            "-- rehearsal_clear_papers
            DELETE FROM paper WHERE attempt_no IN
                (SELECT attempt_no FROM attempt WHERE candidate_no = $1)",
            "-- rehearsal_clear_checkpoints
            DELETE FROM checkpoint WHERE attempt_no IN
                (SELECT attempt_no FROM attempt WHERE candidate_no = $1)",
            "-- rehearsal_clear_evidence
            DELETE FROM evidence WHERE attempt_no IN
                (SELECT attempt_no FROM attempt WHERE candidate_no = $1)",
            "-- rehearsal_clear_snapshots
            DELETE FROM snapshot WHERE attempt_no IN
                (SELECT attempt_no FROM attempt WHERE candidate_no = $1)",
            "-- rehearsal_clear_withdrawals
            DELETE FROM consent_withdrawn WHERE attempt_no IN
                (SELECT attempt_no FROM attempt WHERE candidate_no = $1)",
            "-- rehearsal_clear_review_steps
            DELETE FROM review_step WHERE attempt_no IN
                (SELECT attempt_no FROM attempt WHERE candidate_no = $1)",
            "-- rehearsal_clear_reviews
            DELETE FROM review WHERE attempt_no IN
                (SELECT attempt_no FROM attempt WHERE candidate_no = $1)",
            "-- rehearsal_clear_attempts
            DELETE FROM attempt WHERE candidate_no = $1",
        ];
        const BY_CANDIDATE: [&str; 7] = [
            "-- rehearsal_clear_sign_ins
            DELETE FROM sign_in WHERE candidate_no = $1",
            "-- rehearsal_clear_codes
            DELETE FROM one_time_code WHERE candidate_no = $1",
            "-- rehearsal_clear_portraits
            DELETE FROM portrait WHERE candidate_no = $1",
            "-- rehearsal_clear_admissions
            DELETE FROM admission WHERE candidate_no = $1",
            "-- rehearsal_clear_accounts
            DELETE FROM account WHERE candidate_no = $1",
            "-- rehearsal_clear_registrations
            DELETE FROM registration WHERE candidate_no = $1",
            "-- rehearsal_clear_candidates
            DELETE FROM candidate WHERE candidate_no = $1",
        ];
        let journal: &[&str] = if self.is_sqlite() { &SQLITE_JOURNAL } else { &POSTGRES_JOURNAL };
        let failed = StoreError::in_query("rehearsal_clear");
        let count = in_transaction!(self, "rehearsal_clear", tx => {
            let numbers: Vec<i64> = sqlx::query_scalar(FIND)
                .bind(limit)
                .fetch_all(&mut *tx)
                .await
                .map_err(&failed)?;
            for number in &numbers {
                for sql in journal.iter().chain(&BY_ATTEMPT).chain(&BY_CANDIDATE) {
                    sqlx::query(*sql).bind(number).execute(&mut *tx).await.map_err(&failed)?;
                }
            }
            numbers.len()
        });
        Ok(count)
    }
}

/// Frames on SQLite are found by walking back from the head.
const SQLITE_JOURNAL: [&str; 2] = [
    "-- rehearsal_clear_frames
    DELETE FROM journal_frame WHERE id IN (
        WITH RECURSIVE chain (id, previous_id) AS (
            SELECT f.id, f.previous_id FROM attempt AS a
            JOIN journal_head AS h ON h.attempt_no = a.attempt_no
            JOIN journal_frame AS f ON f.id = h.last_id
            WHERE a.candidate_no = $1
            UNION ALL
            SELECT f.id, f.previous_id FROM chain AS c
            JOIN journal_frame AS f ON f.id = c.previous_id
        )
        SELECT id FROM chain)",
    "-- rehearsal_clear_heads
    DELETE FROM journal_head WHERE attempt_no IN
        (SELECT attempt_no FROM attempt WHERE candidate_no = $1)",
];

const POSTGRES_JOURNAL: [&str; 1] = ["-- rehearsal_clear_frames
    DELETE FROM journal_frame WHERE candidate_no = $1"];

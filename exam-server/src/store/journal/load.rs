//! Loading sessions from their journals.

use exam_core::ids::AttemptId;
use exam_core::session::{Seq, Session};

use super::AttemptKey;
use crate::store::{Pool, Store, StoreError};

impl Store {
    /// Folds a session from its newest checkpoint and the frames after it; `None` where there is
    /// no journal.
    ///
    /// # Errors
    /// [`StoreError::Journal`] names the frame that does not fold.
    pub async fn session_load(
        &self,
        key: AttemptKey,
        attempt: AttemptId,
    ) -> Result<Option<Session>, StoreError> {
        if let Some(session) = self.checkpoint_find(key).await? {
            return self.session_catch_up(key, session).await.map(Some);
        }
        let frames = self.journal_frames(key, Seq(0)).await?;
        let bytes = frames.iter().map(|(_, body)| body.as_bytes());
        match Session::replay(attempt, bytes) {
            Ok(session) => Ok(Some(session)),
            Err(exam_core::session::Corrupt::Empty) => Ok(None),
            Err(source) => Err(StoreError::Journal { attempt, source }),
        }
    }

    /// Folds the frames that were appended since into `session`.
    ///
    /// # Errors
    /// [`StoreError::Journal`] names the frame that does not fold.
    pub async fn session_catch_up(
        &self,
        key: AttemptKey,
        mut session: Session,
    ) -> Result<Session, StoreError> {
        let attempt = session.attempt();
        for (_, body) in self.journal_frames(key, session.seq()).await? {
            session
                .apply(body.as_bytes())
                .map_err(|source| StoreError::Journal { attempt, source })?;
        }
        Ok(session)
    }

    async fn checkpoint_find(&self, key: AttemptKey) -> Result<Option<Session>, StoreError> {
        const SQL: &str = "-- checkpoint_find
            SELECT body FROM checkpoint WHERE attempt_no = $1";
        let body: Option<String> =
            super::super::on!(self.readers(), pool => sqlx::query_scalar(SQL)
            .bind(key.attempt_no)
            .fetch_optional(pool)
            .await)
            .map_err(StoreError::in_query("checkpoint_find"))?;
        // A checkpoint of an older release that no longer reads is no loss: the journal is there.
        Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
    }

    /// The frames after `after`, in order, with their bytes.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn journal_frames(
        &self,
        key: AttemptKey,
        after: Seq,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        // Each frame on SQLite links back to the one before it in its attempt.
        const SQLITE: &str = "-- journal_frames
            WITH RECURSIVE chain (seq, previous_id, body) AS (
                SELECT f.seq, f.previous_id, f.body FROM journal_head AS h
                JOIN journal_frame AS f ON f.id = h.last_id
                WHERE h.attempt_no = $1 AND f.attempt_no = $1 AND f.seq > $2
                UNION ALL
                SELECT f.seq, f.previous_id, f.body FROM chain AS c
                JOIN journal_frame AS f ON f.id = c.previous_id
                WHERE f.attempt_no = $1 AND f.seq = c.seq - 1 AND f.seq > $2
            )
            SELECT seq, body FROM chain ORDER BY seq";
        const POSTGRES: &str = "-- journal_frames
            SELECT seq, body FROM journal_frame
            WHERE candidate_no = $1 AND attempt_no = $2 AND seq > $3 ORDER BY seq";
        let after = i64::try_from(after.0).expect("a seq counts frames");
        match self.readers() {
            Pool::Sqlite(pool) => {
                sqlx::query_as(SQLITE).bind(key.attempt_no).bind(after).fetch_all(pool).await
            }
            Pool::Postgres(pool) => {
                sqlx::query_as(POSTGRES)
                    .bind(key.candidate_no)
                    .bind(key.attempt_no)
                    .bind(after)
                    .fetch_all(pool)
                    .await
            }
        }
        .map_err(StoreError::in_query("journal_frames"))
    }

    /// The ends of the journals of `keys`, in one query; a journal that is not there is left out.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn journal_heads(&self, keys: &[AttemptKey]) -> Result<Vec<(i64, Seq)>, StoreError> {
        const SQLITE: &str = "-- journal_heads
            SELECT h.attempt_no, h.seq FROM json_each($1) AS j
            JOIN journal_head AS h ON h.attempt_no = j.value";
        const POSTGRES: &str = "-- journal_heads
            SELECT k.attempt_no, f.seq
            FROM UNNEST($1::bigint[], $2::bigint[]) AS k(candidate_no, attempt_no)
            CROSS JOIN LATERAL (SELECT seq FROM journal_frame AS f
                WHERE f.candidate_no = k.candidate_no AND f.attempt_no = k.attempt_no
                ORDER BY seq DESC LIMIT 1) AS f";
        let attempts: Vec<i64> = keys.iter().map(|key| key.attempt_no).collect();
        let rows: Vec<(i64, i64)> = match self.readers() {
            Pool::Sqlite(pool) => {
                let attempts = serde_json::to_string(&attempts).expect("numbers are JSON");
                sqlx::query_as(SQLITE).bind(attempts).fetch_all(pool).await
            }
            Pool::Postgres(pool) => {
                let candidates: Vec<i64> = keys.iter().map(|key| key.candidate_no).collect();
                sqlx::query_as(POSTGRES).bind(candidates).bind(attempts).fetch_all(pool).await
            }
        }
        .map_err(StoreError::in_query("journal_heads"))?;
        let seq = |seq: i64| Seq(u64::try_from(seq).unwrap_or(0));
        Ok(rows.into_iter().map(|(attempt_no, end)| (attempt_no, seq(end))).collect())
    }
}

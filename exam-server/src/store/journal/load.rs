//! Loading sessions from their journals.

use std::collections::HashMap;

use exam_core::ids::AttemptId;
use exam_core::session::{Corrupt, Seq, Session};

use super::AttemptKey;
use crate::store::{Pool, Store, StoreError, rows_of_many};

/// Frames, each with its number, by the attempt's number.
type Journals = HashMap<i64, Vec<(i64, String)>>;

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
        self.sessions_load(&[(key, attempt)]).await?.remove(&(key, attempt)).transpose()
    }

    /// Folds sessions as [`session_load`](Self::session_load) does, in two queries. A journal that
    /// does not fold hurts none of the others.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn sessions_load(
        &self,
        keys: &[(AttemptKey, AttemptId)],
    ) -> Result<HashMap<(AttemptKey, AttemptId), Result<Session, StoreError>>, StoreError> {
        let attempts: Vec<i64> = keys.iter().map(|(key, _)| key.attempt_no).collect();
        let mut checkpoints = self.checkpoints_find(&attempts).await?;
        let ends: Vec<(AttemptKey, Seq)> = keys
            .iter()
            .map(|(key, _)| {
                let session = checkpoints.get(&key.attempt_no);
                (*key, session.map_or(Seq(0), Session::seq))
            })
            .collect();
        let mut frames = self.journals_after(&ends).await?;
        let fold = |&(key, attempt): &(AttemptKey, AttemptId)| {
            let frames = frames.remove(&key.attempt_no).unwrap_or_default();
            let bodies = frames.iter().map(|(_, body)| body.as_bytes());
            let session = match checkpoints.remove(&key.attempt_no) {
                Some(mut session) => bodies
                    .map(|body| session.apply(body))
                    .collect::<Result<(), _>>()
                    .map(|()| session),
                None => Session::replay(attempt, bodies),
            };
            match session {
                Ok(session) => Some(((key, attempt), Ok(session))),
                Err(Corrupt::Empty) => None,
                Err(source) => Some(((key, attempt), Err(StoreError::Journal { attempt, source }))),
            }
        };
        Ok(keys.iter().filter_map(fold).collect())
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

    async fn checkpoints_find(
        &self,
        attempts: &[i64],
    ) -> Result<HashMap<i64, Session>, StoreError> {
        let rows: Vec<(i64, String)> = rows_of_many!(
            self,
            attempts,
            "bigint",
            "-- checkpoints_find
            SELECT attempt_no, body FROM checkpoint WHERE attempt_no IN",
            ""
        )
        .map_err(StoreError::in_query("checkpoints_find"))?;
        // A checkpoint of an older release that no longer reads is no loss: the journal is there.
        let read = |(attempt_no, body): (i64, String)| {
            Some((attempt_no, serde_json::from_str(&body).ok()?))
        };
        Ok(rows.into_iter().filter_map(read).collect())
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
        let mut frames = self.journals_after(&[(key, after)]).await?;
        Ok(frames.remove(&key.attempt_no).unwrap_or_default())
    }

    /// The frames of journals after their ends as known, in order, by the attempt's number.
    async fn journals_after(&self, ends: &[(AttemptKey, Seq)]) -> Result<Journals, StoreError> {
        // Each frame on SQLite links back to the one before it in its attempt.
        const SQLITE: &str = "-- journals_after
            WITH RECURSIVE chain (attempt_no, after, seq, previous_id, body) AS (
                SELECT f.attempt_no, j.value ->> 1, f.seq, f.previous_id, f.body
                FROM json_each($1) AS j
                CROSS JOIN journal_head AS h ON h.attempt_no = j.value ->> 0
                CROSS JOIN journal_frame AS f ON f.id = h.last_id
                WHERE f.attempt_no = h.attempt_no AND f.seq > j.value ->> 1
                UNION ALL
                SELECT f.attempt_no, c.after, f.seq, f.previous_id, f.body FROM chain AS c
                CROSS JOIN journal_frame AS f ON f.id = c.previous_id
                WHERE f.attempt_no = c.attempt_no AND f.seq = c.seq - 1 AND f.seq > c.after
            )
            SELECT attempt_no, seq, body FROM chain";
        // The order in the subquery has it looked up by the key, journal by journal.
        const POSTGRES: &str = "-- journals_after
            SELECT k.attempt_no, f.seq, f.body
            FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[])
                AS k(candidate_no, attempt_no, after)
            CROSS JOIN LATERAL (SELECT seq, body FROM journal_frame AS f
                WHERE f.candidate_no = k.candidate_no AND f.attempt_no = k.attempt_no
                    AND f.seq > k.after ORDER BY seq) AS f";
        let seq = |seq: Seq| i64::try_from(seq.0).expect("a seq counts frames");
        let rows: Result<Vec<(i64, i64, String)>, _> = match self.readers() {
            Pool::Sqlite(pool) => {
                let ends: Vec<(i64, i64)> =
                    ends.iter().map(|(key, after)| (key.attempt_no, seq(*after))).collect();
                let ends = serde_json::to_string(&ends).expect("numbers are JSON");
                sqlx::query_as(SQLITE).bind(ends).fetch_all(pool).await
            }
            Pool::Postgres(pool) => {
                let column = |value: fn(&AttemptKey) -> i64| {
                    ends.iter().map(|(key, _)| value(key)).collect::<Vec<_>>()
                };
                sqlx::query_as(POSTGRES)
                    .bind(column(|key| key.candidate_no))
                    .bind(column(|key| key.attempt_no))
                    .bind(ends.iter().map(|(_, after)| seq(*after)).collect::<Vec<_>>())
                    .fetch_all(pool)
                    .await
            }
        };
        let mut journals = Journals::default();
        for (attempt_no, seq, body) in rows.map_err(StoreError::in_query("journals_after"))? {
            journals.entry(attempt_no).or_default().push((seq, body));
        }
        for frames in journals.values_mut() {
            frames.sort_unstable_by_key(|(seq, _)| *seq);
        }
        Ok(journals)
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

//! Loading sessions from their journals.

use std::collections::HashMap;

use exam_core::ids::AttemptId;
use exam_core::session::{Corrupt, Seq, Session};

use super::AttemptKey;
use crate::store::{Pool, Store, StoreError, rows_of_many};

/// The journals of `$1`, a JSON list of attempts each with the end that is known, as `chain`. Each
/// frame on SQLite links back to the one before it in its attempt.
macro_rules! chain {
    () => {
        "WITH RECURSIVE chain (attempt_no, after, seq, previous_id, body) AS (
                SELECT f.attempt_no, j.value ->> 1, f.seq, f.previous_id, f.body
                FROM json_each($1) AS j
                CROSS JOIN journal_head AS h ON h.attempt_no = j.value ->> 0
                CROSS JOIN journal_frame AS f ON f.id = h.last_id
                WHERE f.attempt_no = h.attempt_no AND f.seq > j.value ->> 1
                UNION ALL
                SELECT f.attempt_no, c.after, f.seq, f.previous_id, f.body FROM chain AS c
                CROSS JOIN journal_frame AS f ON f.id = c.previous_id
                WHERE f.attempt_no = c.attempt_no AND f.seq = c.seq - 1 AND f.seq > c.after
            )"
    };
}

/// Journals with the ends that are known, as `chain` takes them.
fn ends_of(ends: &[(AttemptKey, Seq)]) -> String {
    let pairs: Vec<_> = ends.iter().map(|(key, after)| (key.attempt_no, number(*after))).collect();
    serde_json::to_string(&pairs).expect("numbers are JSON")
}

fn number(seq: Seq) -> i64 {
    i64::try_from(seq.0).expect("a seq counts frames")
}

/// The frames of a journal, a line each: JSON has no line feed in it.
fn frames_of(lines: &str) -> impl Iterator<Item = &[u8]> {
    lines.split('\n').map(str::as_bytes)
}

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
        let frames = self.journals_after(&ends).await?;
        let fold = |&(key, attempt): &(AttemptKey, AttemptId)| {
            let mut bodies =
                frames.get(&key.attempt_no).into_iter().flat_map(|lines| frames_of(lines));
            let session = match checkpoints.remove(&key.attempt_no) {
                Some(mut session) => {
                    bodies.try_for_each(|body| session.apply(body)).map(|()| session)
                }
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
            "checkpoints_find",
            "attempt_no, body",
            "FROM checkpoint WHERE attempt_no IN",
            ""
        )?;
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
        const SQLITE: &str = concat!(
            "-- journal_frames
            ",
            chain!(),
            "
            SELECT seq, body FROM chain ORDER BY seq"
        );
        const POSTGRES: &str = "-- journal_frames
            SELECT seq, body FROM journal_frame
            WHERE candidate_no = $1 AND attempt_no = $2 AND seq > $3 ORDER BY seq";
        match self.readers() {
            Pool::Sqlite(pool) => {
                sqlx::query_as(SQLITE).bind(ends_of(&[(key, after)])).fetch_all(pool).await
            }
            Pool::Postgres(pool) => {
                sqlx::query_as(POSTGRES)
                    .bind(key.candidate_no)
                    .bind(key.attempt_no)
                    .bind(number(after))
                    .fetch_all(pool)
                    .await
            }
        }
        .map_err(StoreError::in_query("journal_frames"))
    }

    /// The frames of journals after their ends as known, by the attempt's number: in order, a line
    /// each. A row is dearer than what stands in it, and a journal has dozens of frames.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn journals_after(
        &self,
        ends: &[(AttemptKey, Seq)],
    ) -> Result<HashMap<i64, String>, StoreError> {
        const SQLITE: &str = concat!(
            "-- journals_after
            ",
            chain!(),
            "
            SELECT attempt_no, group_concat(body, char(10) ORDER BY seq)
            FROM chain GROUP BY attempt_no"
        );
        // The order in the subquery has it looked up by the key, journal by journal.
        const POSTGRES: &str = "-- journals_after
            SELECT k.attempt_no, string_agg(f.body, chr(10) ORDER BY f.seq)
            FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[])
                AS k(candidate_no, attempt_no, after)
            CROSS JOIN LATERAL (SELECT seq, body FROM journal_frame AS f
                WHERE f.candidate_no = k.candidate_no AND f.attempt_no = k.attempt_no
                    AND f.seq > k.after ORDER BY seq) AS f
            GROUP BY k.attempt_no";
        let rows: Result<Vec<(i64, String)>, _> = match self.readers() {
            Pool::Sqlite(pool) => sqlx::query_as(SQLITE).bind(ends_of(ends)).fetch_all(pool).await,
            Pool::Postgres(pool) => {
                let column = |value: fn(&AttemptKey) -> i64| {
                    ends.iter().map(|(key, _)| value(key)).collect::<Vec<_>>()
                };
                sqlx::query_as(POSTGRES)
                    .bind(column(|key| key.candidate_no))
                    .bind(column(|key| key.attempt_no))
                    .bind(ends.iter().map(|(_, after)| number(*after)).collect::<Vec<_>>())
                    .fetch_all(pool)
                    .await
            }
        };
        Ok(rows.map_err(StoreError::in_query("journals_after"))?.into_iter().collect())
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

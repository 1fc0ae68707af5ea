//! Photographs that were asked for: what is known of them. The pictures are in the photo store.

use exam_core::ids::AttemptId;
use exam_core::time::Timestamp;
use sha2::{Digest, Sha256};

use super::{Store, StoreError, on};

/// A photograph to note.
#[derive(Clone, Debug)]
pub struct NewSnapshot {
    /// Whose.
    pub attempt_no: i64,
    /// What it answers.
    pub request_id: String,
    /// When that was asked.
    pub asked_at: Timestamp,
    /// When it came.
    pub received_at: Timestamp,
    /// Whether it was chosen as a file.
    pub by_hand: bool,
    /// What the camera called itself; a claim of the phone.
    pub camera: String,
    /// SHA-256 of the file as it came.
    pub sent_sha256: [u8; 32],
    /// SHA-256 of the file that is kept.
    pub kept_sha256: [u8; 32],
    /// Bytes of that file.
    pub bytes: i64,
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
    /// How it looks, told quickly.
    pub hash: u64,
    /// And with more care.
    pub sketch: Vec<u8>,
}

/// A photograph that was noted.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SnapshotRow {
    /// The number in this database.
    pub snapshot_no: i64,
    /// Whose.
    pub attempt_no: i64,
    /// What it answers.
    pub request_id: String,
    /// Which of the attempt's, from 1, in the order in which they came.
    pub place: i64,
    /// When it was asked for, in server milliseconds.
    pub asked_at_ms: i64,
    /// When it came.
    pub received_at_ms: i64,
    /// Whether it was chosen as a file, 0 or 1.
    pub by_hand: i64,
    /// What the camera called itself.
    pub camera: String,
    /// SHA-256 of the file as it came.
    pub sent_sha256: Vec<u8>,
    /// SHA-256 of the file that is kept.
    pub kept_sha256: Vec<u8>,
    /// SHA-256 over the chain before it and this row.
    pub chain: Vec<u8>,
    /// Bytes of the file that is kept.
    pub bytes: i64,
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
    /// How it looks, told quickly: the bits of a `u64`.
    pub hash: i64,
    /// And with more care.
    pub sketch: Vec<u8>,
    /// What it shows, as JSON; `None` until it was looked at.
    pub findings: Option<String>,
    /// When the picture was deleted.
    pub deleted_at_ms: Option<i64>,
}

/// What became of noting a photograph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noted {
    /// It is noted, as this number.
    New(i64),
    /// Another answer to the same request was noted before.
    Before(Box<SnapshotRow>),
    /// The consent was taken back: nothing is noted.
    Withdrawn,
}

/// How often somebody else may be quicker before it is given up.
const TRIES: usize = 8;

/// The chain of an attempt goes on from `before`, and begins with its id.
#[must_use]
pub fn chained(
    before: Option<&[u8]>,
    attempt: AttemptId,
    request_id: &str,
    kept_sha256: &[u8],
    received_at: Timestamp,
) -> [u8; 32] {
    let mut hasher = Sha256::new();
    match before {
        Some(before) => hasher.update(before),
        None => hasher.update(Sha256::digest(attempt.to_string())),
    }
    hasher.update(request_id);
    hasher.update(kept_sha256);
    hasher.update(received_at.as_ms().to_be_bytes());
    hasher.finalize().into()
}

impl Store {
    /// Notes a photograph as the next of its attempt.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble, [`StoreError::Refused`] when others
    /// were quicker again and again.
    pub async fn snapshot_note(
        &self,
        attempt: AttemptId,
        new: &NewSnapshot,
    ) -> Result<Noted, StoreError> {
        const SQL: &str = "-- snapshot_note
            INSERT INTO snapshot (attempt_no, request_id, place, asked_at_ms, received_at_ms, by_hand,
                camera, sent_sha256, kept_sha256, chain, bytes, width, height, hash, sketch)
            SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15
            WHERE NOT EXISTS (SELECT 1 FROM consent_withdrawn WHERE attempt_no = $1)
            ON CONFLICT DO NOTHING RETURNING snapshot_no";
        for _ in 0..TRIES {
            if let Some(before) = self.snapshot_find(new.attempt_no, &new.request_id).await? {
                return Ok(Noted::Before(Box::new(before)));
            }
            if self.consent_is_withdrawn(new.attempt_no).await? {
                return Ok(Noted::Withdrawn);
            }
            let last = self.snapshot_last(new.attempt_no).await?;
            let place = last.as_ref().map_or(1, |(place, _)| place + 1);
            let chain = chained(
                last.as_ref().map(|(_, chain)| &chain[..]),
                attempt,
                &new.request_id,
                &new.kept_sha256,
                new.received_at,
            );
            let noted: Option<i64> = on!(self.writer(), pool => sqlx::query_scalar(SQL)
                .bind(new.attempt_no)
                .bind(&new.request_id)
                .bind(place)
                .bind(new.asked_at.as_ms())
                .bind(new.received_at.as_ms())
                .bind(i64::from(new.by_hand))
                .bind(&new.camera)
                .bind(&new.sent_sha256[..])
                .bind(&new.kept_sha256[..])
                .bind(&chain[..])
                .bind(new.bytes)
                .bind(new.width)
                .bind(new.height)
                .bind(new.hash.cast_signed())
                .bind(&new.sketch)
                .fetch_optional(pool)
                .await)
            .map_err(StoreError::in_query("snapshot_note"))?;
            if let Some(number) = noted {
                return Ok(Noted::New(number));
            }
        }
        Err(StoreError::Refused("snapshots of one attempt came too fast"))
    }

    async fn snapshot_last(&self, attempt_no: i64) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
        const SQL: &str = "-- snapshot_last
            SELECT place, chain FROM snapshot WHERE attempt_no = $1 ORDER BY place DESC LIMIT 1";
        // The writer's own view: another connection may not show its last commit yet.
        on!(self.writer(), pool => sqlx::query_as(SQL).bind(attempt_no).fetch_optional(pool).await)
            .map_err(StoreError::in_query("snapshot_last"))
    }

    /// The answer to a request; `None` while there is none.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn snapshot_find(
        &self,
        attempt_no: i64,
        request_id: &str,
    ) -> Result<Option<SnapshotRow>, StoreError> {
        const SQL: &str = "-- snapshot_find
            SELECT * FROM snapshot WHERE attempt_no = $1 AND request_id = $2";
        on!(self.readers(), pool => {
            sqlx::query_as(SQL).bind(attempt_no).bind(request_id).fetch_optional(pool).await
        })
        .map_err(StoreError::in_query("snapshot_find"))
    }

    /// The photograph of an attempt at a place, from 1.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn snapshot_at(
        &self,
        attempt_no: i64,
        place: i64,
    ) -> Result<Option<SnapshotRow>, StoreError> {
        const SQL: &str = "-- snapshot_at
            SELECT * FROM snapshot WHERE attempt_no = $1 AND place = $2";
        on!(self.readers(), pool => {
            sqlx::query_as(SQL).bind(attempt_no).bind(place).fetch_optional(pool).await
        })
        .map_err(StoreError::in_query("snapshot_at"))
    }

    /// All photographs of an attempt, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn snapshots_of(&self, attempt_no: i64) -> Result<Vec<SnapshotRow>, StoreError> {
        const SQL: &str = "-- snapshots_of
            SELECT * FROM snapshot WHERE attempt_no = $1 ORDER BY place";
        on!(self.readers(), pool => sqlx::query_as(SQL).bind(attempt_no).fetch_all(pool).await)
            .map_err(StoreError::in_query("snapshots_of"))
    }

    /// Photographs behind number `after` that nobody has looked at, the oldest first: what was put off, and what was under
    /// way when a node stopped.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn snapshots_unchecked(
        &self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<SnapshotRow>, StoreError> {
        const SQL: &str = "-- snapshots_unchecked
            SELECT * FROM snapshot
            WHERE findings IS NULL AND deleted_at_ms IS NULL AND snapshot_no > $1
            ORDER BY snapshot_no LIMIT $2";
        on!(self.readers(), pool => {
            sqlx::query_as(SQL).bind(after).bind(limit).fetch_all(pool).await
        })
        .map_err(StoreError::in_query("snapshots_unchecked"))
    }

    /// Notes what a photograph shows.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn snapshot_checked(
        &self,
        snapshot_no: i64,
        findings: &str,
    ) -> Result<(), StoreError> {
        const SQL: &str = "-- snapshot_checked
            UPDATE snapshot SET findings = $2 WHERE snapshot_no = $1";
        on!(self.writer(), pool => {
            sqlx::query(SQL).bind(snapshot_no).bind(findings).execute(pool).await.map(|_| ())
        })
        .map_err(StoreError::in_query("snapshot_checked"))
    }
}

//! Messages that came too late or from a fenced device: kept for reviewers, never scored.

use exam_core::time::Timestamp;

/// One such message.
#[derive(Clone, Debug)]
pub struct EvidenceRow {
    /// Whose.
    pub attempt_no: i64,
    /// The device that sent it.
    pub device: String,
    /// The device's number of it.
    pub n: i64,
    /// When it was received.
    pub received_at: Timestamp,
    /// Why it was refused.
    pub code: &'static str,
    /// What it said, as JSON.
    pub message: String,
}

/// Keeps at most 200 messages of one attempt: more than a phone gathers in a night offline, and
/// no way to fill the disk.
pub(super) const INSERT: &str = "-- evidence_keep
INSERT INTO evidence (attempt_no, device, n, received_at_ms, code, message)
SELECT $1, $2, $3, $4, $5, $6
WHERE (SELECT count(*) FROM evidence WHERE attempt_no = $1) < 200";

//! The rows of starting attempts.

use serde::Serialize;

use super::Start;

/// The columns of starts, one list each, as `UNNEST` takes them.
#[derive(Default)]
pub(super) struct StartColumns {
    pub(super) attempt_id: Vec<String>,
    pub(super) candidate_no: Vec<i64>,
    pub(super) exam_id: Vec<String>,
    pub(super) exam_revision: Vec<i64>,
    pub(super) audience_row: Vec<i64>,
    pub(super) notice_version: Vec<String>,
    pub(super) consents: Vec<String>,
    pub(super) started_at_ms: Vec<i64>,
    pub(super) wake_at_ms: Vec<i64>,
    pub(super) known_attempts: Vec<i64>,
    pub(super) camera: Vec<Option<&'static str>>,
}

/// One start as `json_each` takes it.
#[derive(Serialize)]
pub(super) struct StartRow<'a>(
    String,
    i64,
    String,
    i64,
    i64,
    &'a str,
    &'a str,
    i64,
    i64,
    i64,
    Option<&'static str>,
);

impl StartColumns {
    pub(super) fn of(starts: &[&Start]) -> Self {
        let mut columns = Self::default();
        for start in starts {
            columns.attempt_id.push(start.attempt_id.to_string());
            columns.candidate_no.push(start.candidate_no);
            columns.exam_id.push(start.exam_id.to_string());
            columns.exam_revision.push(start.exam_revision);
            columns.audience_row.push(start.audience_row);
            columns.notice_version.push(start.notice_version.clone());
            columns.consents.push(start.consents.clone());
            columns.started_at_ms.push(start.started_at.as_ms());
            columns.wake_at_ms.push(start.wake_at.as_ms());
            columns.known_attempts.push(start.known_attempts);
            columns.camera.push(start.camera);
        }
        columns
    }
}

pub(super) fn start_rows(starts: &[&Start]) -> String {
    let rows: Vec<_> = starts
        .iter()
        .map(|start| {
            StartRow(
                start.attempt_id.to_string(),
                start.candidate_no,
                start.exam_id.to_string(),
                start.exam_revision,
                start.audience_row,
                &start.notice_version,
                &start.consents,
                start.started_at.as_ms(),
                start.wake_at.as_ms(),
                start.known_attempts,
                start.camera,
            )
        })
        .collect();
    serde_json::to_string(&rows).expect("rows of numbers and texts are JSON")
}

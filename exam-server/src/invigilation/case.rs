//! The evidence of one attempt.

use std::collections::HashMap;
use std::sync::Arc;

use exam_core::exam::Exam;
use exam_core::session::{Frame, Seq};
use exam_core::time::{Span, Timestamp};
use proctor::findings::Finding;
use proctor::incidents::{Asked, Consent, Evidence, Incident, Outcome, incidents};
use proctor::request::{LIFE, RequestId};
use proctor::severity::Severity;
use proctor::trace::{Came, Trace};
use rustc_hash::FxHashMap;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::exams::Revision;
use crate::snapshots::{Begun, Watch};
use crate::store::{Attempt, ConsentRow, SnapshotSeen, StoreError, json_column};

/// An attempt with all that is known of it beside its answers.
pub struct Case {
    /// How its exam is set up.
    pub revision: Arc<Revision>,
    /// What its journal tells.
    pub trace: Trace,
    /// Its photographs, in the order in which they came.
    pub snapshots: Vec<SnapshotSeen>,
    /// What the candidate agreed to.
    pub consent: ConsentRow,
    /// What came of each request.
    pub asked: Vec<Asked>,
    /// What should be looked at.
    pub incidents: Vec<Incident>,
}

/// What the evidence of an attempt is made from.
pub struct Sources<'a> {
    /// How its exam is set up.
    pub exam: &'a Exam,
    /// The audience row whose blueprint was used.
    pub audience_row: i64,
    /// Which attempt, and when it began.
    pub begun: Begun,
    /// What the candidate agreed to.
    pub consent: &'a ConsentRow,
    /// What its journal tells.
    pub trace: &'a Trace,
    /// Its photographs.
    pub snapshots: &'a [SnapshotSeen],
}

/// An incident as staff and candidates are shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct IncidentView {
    /// What it is, such as `no_face` or `away`.
    code: &'static str,
    /// How soon somebody should look: `note`, `look` or `first`.
    #[schema(value_type = String)]
    severity: Severity,
    /// When it began.
    #[schema(value_type = i64)]
    at_ms: Timestamp,
    /// How long it took, where that says something.
    #[schema(value_type = Option<i64>)]
    length_ms: Option<Span>,
    /// How often, where that says something.
    times: Option<usize>,
}

/// Incidents as they are shown.
#[must_use]
pub fn incident_views(incidents: &[Incident]) -> Vec<IncidentView> {
    let view = |incident: &Incident| IncidentView {
        code: incident.kind.code(),
        severity: incident.severity,
        at_ms: incident.at,
        length_ms: incident.length,
        times: incident.times,
    };
    incidents.iter().map(view).collect()
}

impl Sources<'_> {
    /// What came of each request, and what should be looked at, at `now`; with the next instant at
    /// which that changes by itself.
    #[must_use]
    pub fn judge(
        &self,
        app: &App,
        now: Timestamp,
    ) -> (Vec<Asked>, Vec<Incident>, Option<Timestamp>) {
        let until = self.trace.ended_at().unwrap_or(now);
        let is_watched = self.exam.proctoring.is_some();
        let watch = Watch::by(app, self.exam, self.audience_row, self.begun, self.consent);
        let after = until + Span::from_ms(1);
        let requests: Vec<(RequestId, Timestamp)> = watch
            .iter()
            .flat_map(|watch| watch.between(self.begun.started_at, after))
            .map(|request| (request.id, request.at))
            .collect();
        let withdrawn_at = self.consent.withdrawn_at_ms.map(Timestamp::from_ms);
        let asked = self.trace.asked(&requests, &came(self.snapshots), withdrawn_at, now);
        let evidence = Evidence {
            from: self.begun.started_at,
            until,
            asked: &asked,
            noticed: self.trace.noticed(),
            consent: match consent_of(self.consent) {
                // Taken back behind the end: that is nobody's business here.
                Consent::Withdrawn(at) if self.trace.ended_at().is_some_and(|end| end <= at) => {
                    Consent::Given
                }
                _ if !is_watched => Consent::Given,
                consent => consent,
            },
            no_camera: is_watched
                && matches!(self.consent.camera.as_deref(), Some("none" | "file")),
        };
        let found = incidents(&evidence);
        let runs = self.trace.ended_at().is_none();
        let next = watch.filter(|_| runs).and_then(|watch| watch.next(now)).map(|next| next.at);
        let waits = requests.iter().map(|(_, at)| *at + LIFE).find(|at| *at > now);
        let changes = [next, waits.filter(|_| runs)].into_iter().flatten().min();
        (asked, found, changes)
    }
}

impl Case {
    /// Gathers the evidence of an attempt. Where its exam is not watched, that is what its page noticed.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn of(app: &App, attempt: &Attempt) -> Result<Self, StoreError> {
        let revision = app.exams.revision_of(app, attempt).await?;
        let number = attempt.key.attempt_no;
        let consent = app.store.consent_find(number).await?;
        let consent = consent.ok_or_else(|| StoreError::bad_row("attempt", number, "missing"))?;
        let mut trace = Trace::default();
        for (seq, body) in app.store.journal_frames(attempt.key, Seq(0)).await? {
            read(&mut trace, &body, || format!("{number}/{seq}"))?;
        }
        let snapshots = app.store.snapshots_seen(&[number]).await?.remove(&number);
        let snapshots = snapshots.unwrap_or_default();
        let sources = Sources {
            exam: &revision.exam,
            audience_row: attempt.audience_row,
            begun: attempt.into(),
            consent: &consent,
            trace: &trace,
            snapshots: &snapshots,
        };
        let (asked, incidents, _) = sources.judge(app, app.clock.now());
        Ok(Self { revision, trace, snapshots, consent, asked, incidents })
    }

    /// Days for which pictures are kept after the end; `None` where the exam is not watched.
    #[must_use]
    pub fn keep_days(&self) -> Option<i64> {
        self.revision.exam.proctoring.as_ref().map(|proctoring| proctoring.keep.whole_days())
    }

    /// How many photographs were due so far.
    #[must_use]
    pub fn due(&self) -> usize {
        due(&self.asked)
    }
}

/// How many photographs were due.
pub(super) fn due(asked: &[Asked]) -> usize {
    let is_due = |asked: &&Asked| matches!(asked.outcome, Outcome::Missing | Outcome::Taken { .. });
    asked.iter().filter(is_due).count()
}

/// Reads a frame of a journal.
///
/// # Errors
/// [`StoreError::BadRow`] for one that cannot be read.
pub(super) fn read(
    trace: &mut Trace,
    body: &str,
    key: impl FnOnce() -> String,
) -> Result<(), StoreError> {
    let frame: Frame = serde_json::from_str(body)
        .map_err(|error| StoreError::bad_row("journal_frame", key(), error))?;
    frame.events.iter().for_each(|event| trace.read(event));
    Ok(())
}

fn consent_of(row: &ConsentRow) -> Consent {
    match row.withdrawn_at_ms {
        _ if !row.was_given() => Consent::Refused,
        Some(at) => Consent::Withdrawn(Timestamp::from_ms(at)),
        None => Consent::Given,
    }
}

fn came(snapshots: &[SnapshotSeen]) -> FxHashMap<RequestId, Came> {
    let came = |snapshot: &SnapshotSeen| {
        let came = Came {
            at: Timestamp::from_ms(snapshot.received_at_ms),
            findings: snapshot.findings.as_deref().map(findings_of),
            by_hand: snapshot.by_hand != 0,
            camera: snapshot.camera.clone(),
        };
        Some((snapshot.request_id.parse().ok()?, came))
    };
    snapshots.iter().filter_map(came).collect::<HashMap<_, _, _>>()
}

/// What a photograph shows, as it was stored; what cannot be read shows nothing.
pub(super) fn findings_of(text: &str) -> Vec<Finding> {
    json_column("snapshot", "findings", text).unwrap_or_default()
}

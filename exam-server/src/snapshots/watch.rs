//! When an attempt is asked for photographs. Nothing of it is stored: the moments follow from the server's
//! key and the attempt's id, so that any node asks for the same and knows an answer when it comes.

use exam_core::exam::SNAPSHOT_CONSENT;
use exam_core::time::{Span, Timestamp};
use proctor::request::{LIFE, RequestId};
use proctor::schedule::{Schedule, Seed};
use serde::Deserialize;

use crate::app::App;
use crate::store::{Attempt, StoreError};

/// Two days of stretches: longer than any exam with what is added to it.
const HORIZON: Span = Span::from_minutes(2 * 24 * 60);

/// A request for a photograph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// When it is made.
    pub at: Timestamp,
}

impl Request {
    /// Until when the photograph should be there.
    #[must_use]
    pub fn until(self) -> Timestamp {
        self.at + LIFE
    }
}

/// The requests of one attempt.
#[derive(Clone)]
pub struct Watch {
    schedule: Schedule,
    started_at: Timestamp,
    /// From here on nothing is asked for: the attempt is closed.
    ended_at: Option<Timestamp>,
}

/// One consent of an attempt, as the start stored it.
#[derive(Deserialize)]
struct Given {
    given: bool,
}

impl Watch {
    /// The requests of an attempt; `None` where the exam asks for none, or the candidate did not agree.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn of(app: &App, attempt: &Attempt) -> Result<Option<Self>, StoreError> {
        let revision = app.exams.revision_of(app, attempt).await?;
        let Some(proctoring) = &revision.exam.proctoring else { return Ok(None) };
        let row = usize::try_from(attempt.audience_row).unwrap_or(usize::MAX);
        let Some(row) = revision.exam.audience.get(row) else { return Ok(None) };
        let Some((consents, ended_at)) = app.store.attempt_consents(attempt.key.attempt_no).await?
        else {
            return Ok(None);
        };
        if !has_consented(&consents) {
            return Ok(None);
        }
        let seed = app.keys.lookup_hash("snapshots", &attempt.attempt_id.to_string());
        let seed = seed.try_into().expect("a keyed hash has 32 bytes");
        let schedule = Schedule::new(Seed(seed), row.blueprint.time_allowed, proctoring.snapshots);
        Ok(Some(Self { schedule, started_at: attempt.started_at, ended_at }))
    }

    /// When this was asked for; `None` for what was not, or not yet.
    #[must_use]
    pub fn asked(&self, id: RequestId, now: Timestamp) -> Option<Timestamp> {
        let until = (now + Span::from_ms(1)).since(self.started_at).min(HORIZON);
        let moment = self.schedule.find(id, until)?;
        let at = self.started_at + moment.after_start;
        self.ended_at.is_none_or(|ended_at| at < ended_at).then_some(at)
    }

    /// The requests from `from` to before `to`.
    #[must_use]
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Vec<Request> {
        let to = self.ended_at.map_or(to, |ended_at| ended_at.min(to));
        let (from, to) = (from.since(self.started_at), to.since(self.started_at));
        let moments = self.schedule.between(from, to.min(HORIZON));
        let request = |moment: proctor::schedule::Moment| Request {
            id: moment.request,
            at: self.started_at + moment.after_start,
        };
        moments.into_iter().map(request).collect()
    }

    /// The requests that live at `now`.
    #[must_use]
    pub fn living(&self, now: Timestamp) -> Vec<Request> {
        self.between(now - LIFE, now + Span::from_ms(1))
    }

    /// The next request after `now`.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Option<Request> {
        let after = now + Span::from_ms(1);
        let window = self.schedule.stretch() + self.schedule.stretch();
        self.between(after, after + window).into_iter().next()
    }
}

/// Whether the consents that were stored with a start hold the one to photographs.
fn has_consented(consents: &str) -> bool {
    let consents: std::collections::BTreeMap<String, Given> =
        serde_json::from_str(consents).unwrap_or_default();
    consents.get(SNAPSHOT_CONSENT).is_some_and(|consent| consent.given)
}

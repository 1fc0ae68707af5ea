//! When an attempt is asked for photographs. Nothing of it is stored: the moments follow from the server's
//! key and the attempt's id, so that any node asks for the same and knows an answer when it comes.

use exam_core::exam::{Exam, SNAPSHOT_CONSENT};
use exam_core::ids::AttemptId;
use exam_core::time::{Span, Timestamp};
use proctor::request::{LIFE, RequestId};
use proctor::schedule::{Schedule, Seed};
use serde::Deserialize;

use crate::app::App;
use crate::store::{Attempt, ConsentRow, StoreError};

/// Two days of stretches: longer than any exam with what is added to it.
const HORIZON: Span = Span::from_days(2);

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
    /// From here on nothing is asked for: the attempt is closed, or the consent was taken back.
    ended_at: Option<Timestamp>,
    /// Whether that is because the consent was taken back: then nothing more is taken, either.
    withdrawn: bool,
}

/// Which attempt, and when it began.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    /// Which.
    pub attempt_id: AttemptId,
    /// When.
    pub started_at: Timestamp,
}

impl From<&Attempt> for Begun {
    fn from(attempt: &Attempt) -> Self {
        Self { attempt_id: attempt.attempt_id, started_at: attempt.started_at }
    }
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
        if revision.exam.proctoring.is_none() {
            return Ok(None); // Nearly all of them: no consent is read.
        }
        let Some(consent) = app.store.consent_find(attempt.key.attempt_no).await? else {
            return Ok(None);
        };
        Ok(Self::by(app, &revision.exam, attempt.audience_row, attempt, &consent))
    }

    /// The requests of an attempt whose exam and consents are known.
    #[must_use]
    pub fn by(
        app: &App,
        exam: &Exam,
        audience_row: i64,
        attempt: impl Into<Begun>,
        consent: &ConsentRow,
    ) -> Option<Self> {
        let proctoring = exam.proctoring.as_ref().filter(|_| consent.was_given())?;
        let row = exam.audience.get(usize::try_from(audience_row).ok()?)?;
        let Begun { attempt_id, started_at } = attempt.into();
        let seed = app.keys.lookup_hash("snapshots", &attempt_id.to_string());
        let seed = seed.try_into().expect("a keyed hash has 32 bytes");
        let schedule = Schedule::new(Seed(seed), row.blueprint.time_allowed, proctoring.snapshots);
        let withdrawn = consent.withdrawn_at_ms.is_some();
        let ends = [consent.closed_at_ms, consent.withdrawn_at_ms];
        let ended_at = ends.into_iter().flatten().min().map(Timestamp::from_ms);
        Some(Self { schedule, started_at, ended_at, withdrawn })
    }

    /// When this was asked for; `None` for what was not, or not yet, and once the consent was taken back.
    #[must_use]
    pub fn asked(&self, id: RequestId, now: Timestamp) -> Option<Timestamp> {
        if self.withdrawn {
            return None;
        }
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

    /// Whether anything may be asked for after `now`.
    #[must_use]
    pub fn goes_on(&self, now: Timestamp) -> bool {
        self.ended_at.is_none_or(|ended_at| now < ended_at)
    }

    /// The requests that live at `now`.
    #[must_use]
    pub fn living(&self, now: Timestamp) -> Vec<Request> {
        if self.withdrawn {
            return Vec::new();
        }
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

impl ConsentRow {
    /// Whether the candidate agreed to photographs at the start.
    #[must_use]
    pub fn was_given(&self) -> bool {
        self.agreed_to(SNAPSHOT_CONSENT)
    }

    /// Whether the candidate agreed to something at the start.
    #[must_use]
    pub fn agreed_to(&self, kind: &str) -> bool {
        let consents: std::collections::BTreeMap<String, Given> =
            serde_json::from_str(&self.consents).unwrap_or_default();
        consents.get(kind).is_some_and(|consent| consent.given)
    }
}

//! Published exams, ready to draw, render and score.
//!
//! A revision of an exam pins bank revisions and never changes, so everything here is cached for
//! as long as it is used; only the list of what is published is asked for again.

mod exposure;
mod list;
mod measure;
mod revision;
mod score;
mod start;

use std::sync::Arc;
use std::time::Duration;

use exam_core::exam::{Exam, Review, Shows};
use exam_core::ids::{AttemptId, ExamId};
use exam_core::time::Span;
use moka::future::Cache;

use crate::app::App;
use crate::problem::ApiError;
use crate::store::{Attempt, ExamRow, MediaRow, StoreError};

pub use exposure::{read as read_exposure, refresh as refresh_exposure};
pub use list::{ExamView, NoticeView};
pub use measure::measure;
pub use revision::{Revision, frozen, index_of};
pub use score::score_session;
use start::Desk;
pub use start::{StartBody, Started, seen_in};

/// How long the list of published exams is believed.
const LIST_BELIEVED_FOR: Duration = Duration::from_secs(5);

/// How many revisions are kept ready: those of the exams of one cycle and their corrections. One
/// of 2,000 items takes about 5 MiB.
const REVISIONS_MAX: u64 = 64;

/// How many attempts are kept at hand: 100,000 of about 300 bytes.
const ATTEMPTS_MAX: u64 = 100_000;

/// How many bytes of pictures are kept at hand: those of some papers, which all phones fetch at once.
const MEDIA_BYTES_MAX: u64 = 128 << 20;

/// Published exams of this node.
pub struct Exams {
    published: Cache<(), Arc<Vec<ExamRow>>>,
    revisions: Cache<(ExamId, i64), Arc<Revision>>,
    attempts: Cache<AttemptId, Arc<Attempt>>,
    media: Cache<String, Arc<MediaRow>>,
    desk: Desk,
}

impl Default for Exams {
    fn default() -> Self {
        Self {
            published: Cache::builder().max_capacity(1).time_to_live(LIST_BELIEVED_FOR).build(),
            revisions: Cache::new(REVISIONS_MAX),
            attempts: Cache::new(ATTEMPTS_MAX),
            media: Cache::builder()
                .weigher(|_, media: &Arc<MediaRow>| {
                    u32::try_from(media.bytes.len()).unwrap_or(u32::MAX)
                })
                .max_capacity(MEDIA_BYTES_MAX)
                .build(),
            desk: Desk::default(),
        }
    }
}

/// What shared loading hands out when it fails: the cause is logged once, where it happened.
fn shared(error: Arc<StoreError>) -> StoreError {
    Arc::try_unwrap(error).unwrap_or_else(|error| StoreError::bad_row("exam", "shared", error))
}

impl Exams {
    /// Makes every published exam ready, so that the first candidate waits for nothing.
    ///
    /// # Errors
    /// [`StoreError`] when an exam cannot be read.
    pub async fn load(&self, app: &App) -> Result<(), StoreError> {
        for row in self.published(app).await?.iter() {
            self.revision(app, row.exam_id, row.revision).await?;
        }
        Ok(())
    }

    /// What is published now.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn published(&self, app: &App) -> Result<Arc<Vec<ExamRow>>, StoreError> {
        let load = async {
            let rows = app.store.exam_list().await?;
            Ok(Arc::new(rows.into_iter().filter(|row| row.state == "published").collect()))
        };
        self.published.try_get_with((), load).await.map_err(shared)
    }

    /// One revision of an exam.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or the revision cannot be read.
    pub async fn revision(
        &self,
        app: &App,
        exam_id: ExamId,
        revision: i64,
    ) -> Result<Arc<Revision>, StoreError> {
        let load = async { Revision::load(&app.store, exam_id, revision).await.map(Arc::new) };
        self.revisions.try_get_with((exam_id, revision), load).await.map_err(shared)
    }

    /// Asks anew what is published, the next time it is needed.
    pub fn forget_list(&self) {
        self.published.invalidate_all();
    }

    /// The newest published revision of an exam; `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn current(
        &self,
        app: &App,
        exam_id: ExamId,
    ) -> Result<Option<Arc<Revision>>, StoreError> {
        let published = self.published(app).await?;
        match published.iter().find(|row| row.exam_id == exam_id) {
            Some(row) => self.revision(app, exam_id, row.revision).await.map(Some),
            None => Ok(None),
        }
    }

    /// An attempt's row, which does not change in what is used here.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn attempt(
        &self,
        app: &App,
        id: AttemptId,
    ) -> Result<Option<Arc<Attempt>>, StoreError> {
        if let Some(known) = self.attempts.get(&id).await {
            return Ok(Some(known));
        }
        let found = app.lookups.attempt(id).await?.map(Arc::new);
        if let Some(attempt) = &found {
            self.attempts.insert(id, Arc::clone(attempt)).await;
        }
        Ok(found)
    }

    /// Whether the paper of an attempt shows this medium.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn shows_media(
        &self,
        app: &App,
        attempt: &Attempt,
        media_id: &str,
    ) -> Result<bool, StoreError> {
        let revision = self.revision_of(app, attempt).await?;
        if !revision.has_media(media_id) {
            return Ok(false); // Nearly all exams have none: no paper is read.
        }
        Ok(revision.shows_media(&self.paper(app, attempt).await?, media_id))
    }

    /// A picture; an unknown one is `None`.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn media(
        &self,
        app: &App,
        media_id: &str,
    ) -> Result<Option<Arc<MediaRow>>, StoreError> {
        if let Some(known) = self.media.get(media_id).await {
            return Ok(Some(known));
        }
        let found = app.store.media_find(media_id).await?.map(Arc::new);
        if let Some(media) = &found {
            self.media.insert(media_id.to_owned(), Arc::clone(media)).await;
        }
        Ok(found)
    }

    /// The revision an attempt was drawn from.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn revision_of(
        &self,
        app: &App,
        attempt: &Attempt,
    ) -> Result<Arc<Revision>, StoreError> {
        self.revision(app, attempt.exam_id, attempt.exam_revision).await
    }

    /// The most that is given back to an attempt after an outage; `None` where nothing is.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn outage_cap(
        &self,
        app: &App,
        attempt: &Attempt,
    ) -> Result<Option<Span>, StoreError> {
        let credit = self.revision_of(app, attempt).await?.exam.outage_credit;
        Ok(credit.enabled.then_some(credit.cap))
    }

    /// Whether an exam tells its candidates their points.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble.
    pub async fn shows_points(&self, app: &App, exam_id: ExamId) -> Result<bool, StoreError> {
        let current = self.current(app, exam_id).await?;
        Ok(current.is_some_and(|revision| revision.exam.shows == Shows::Points))
    }

    /// Whether a closed paper may be looked at again now.
    ///
    /// # Errors
    /// Trouble with the database.
    pub async fn allows_review(&self, app: &App, attempt: &Attempt) -> Result<bool, ApiError> {
        let revision = self.revision_of(app, attempt).await?;
        let exam: &Exam = &revision.exam;
        Ok(exam.review == Review::AfterWindow && app.clock.now() > exam.last_deadline())
    }
}

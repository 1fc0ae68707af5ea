//! Where starts gather. A lone start goes at once; of a joint start as many share their queries
//! and their commit as come while the last ones are served, or within a moment after them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use exam_core::ids::ExamId;
use exam_core::time::{Span, Timestamp};
use futures_util::future::join_all;
use tokio::sync::oneshot;

use super::{StartBody, Started, Step};
use crate::app::App;
use crate::exams::Exams;
use crate::exams::list::{History, Person};
use crate::problem::ApiError;
use crate::store::{AttemptSummary, PersonRow, StoreError};

/// How long after the last ones the next starts are served: what a joint start of thousands waits,
/// and what makes it cheap.
const GATHER: Span = Span::from_ms(100);

/// How many are served together.
const TOGETHER_MAX: usize = 200;

/// How many may wait; beyond that the phone is told to try again.
const WAITING_MAX: usize = 20_000;

/// How often a start that lost a race is run again.
const ROUNDS_MAX: u32 = 3;

/// The starts that wait on this node.
#[derive(Debug, Default)]
pub struct Desk {
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    waiting: Vec<Request>,
    /// Whether somebody serves them.
    is_served: bool,
    /// When the last ones were served.
    served_at: Option<Timestamp>,
}

/// A wish to start.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) candidate_no: i64,
    pub(super) exam_id: ExamId,
    pub(super) body: StartBody,
    rounds: u32,
    done: oneshot::Sender<Result<Started, ApiError>>,
}

impl Desk {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().expect("nobody panics with the line")
    }

    /// Takes those whose turn it is, one of each candidate; none once nobody waits, and nobody
    /// serves any more then.
    fn next(&self, now: Timestamp) -> Vec<Request> {
        let mut line = self.line();
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        let mut candidates = rustc_hash::FxHashSet::default();
        for request in line.waiting.drain(..) {
            if taken.len() < TOGETHER_MAX && candidates.insert(request.candidate_no) {
                taken.push(request);
            } else {
                left.push(request);
            }
        }
        line.waiting = left;
        line.is_served = !taken.is_empty();
        if line.is_served {
            line.served_at = Some(now);
        }
        taken
    }
}

impl Exams {
    /// Starts an attempt, or returns the one that runs.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for an exam that is not the candidate's; [`ApiError::Conflict`]
    /// with the button's word for one that cannot be started now; or trouble.
    pub async fn start(
        &self,
        app: &App,
        candidate_no: i64,
        exam_id: ExamId,
        body: StartBody,
    ) -> Result<Started, ApiError> {
        let (done, answer) = oneshot::channel();
        {
            let mut line = self.desk.line();
            if line.waiting.len() >= WAITING_MAX {
                return Err(ApiError::Busy);
            }
            line.waiting.push(Request { candidate_no, exam_id, body, rounds: 0, done });
            if !std::mem::replace(&mut line.is_served, true) {
                tokio::spawn(serve(Turn { app: app.clone() }));
            }
        }
        answer.await.unwrap_or(Err(ApiError::Internal)) // Whoever served it has panicked.
    }
}

/// Whoever serves the line. When it panics, those who wait are told, and the next one serves again.
struct Turn {
    app: App,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut line = self.app.exams.desk.line();
            line.waiting.clear();
            line.is_served = false;
        }
    }
}

async fn serve(turn: Turn) {
    let app = &turn.app;
    let desk = &app.exams.desk;
    loop {
        let served_at = desk.line().served_at;
        if let Some(served_at) = served_at {
            app.clock.sleep_until(served_at + GATHER).await;
        }
        let together = desk.next(app.clock.now());
        if together.is_empty() {
            return;
        }
        serve_together(app, together).await;
    }
}

async fn serve_together(app: &App, requests: Vec<Request>) {
    let candidates: Vec<i64> = requests.iter().map(|request| request.candidate_no).collect();
    let (mut people, mut lists) = match load(app, &candidates).await {
        Ok(loaded) => loaded,
        Err(trouble) => {
            let error = ApiError::from(trouble);
            return requests.into_iter().for_each(|request| request.answer(Err(error.clone())));
        }
    };
    let steps = requests.iter().map(|request| {
        let person = people.remove(&request.candidate_no).map(Person::of_row);
        let history = History::of_list(lists.remove(&request.candidate_no).unwrap_or_default());
        async move {
            let person = person.ok_or(ApiError::NotSignedIn)?;
            app.exams.step(app, request, &person, &history).await
        }
    });
    let steps = join_all(steps).await;
    let written = requests.into_iter().zip(steps).filter_map(|(request, step)| match step {
        Err(error) => {
            request.answer(Err(error));
            None
        }
        Ok(Step::Resume(open)) => {
            let app = app.clone();
            tokio::spawn(async move { request.answer(app.exams.resume(&app, open).await) });
            None
        }
        // Handed over before any is waited for, so that they share a commit.
        Ok(Step::Write(start, deadline)) => {
            let id = start.attempt_id;
            Some((request, id, deadline, app.journal.submit_start(start)))
        }
    });
    for (request, id, deadline, outcome) in written.collect::<Vec<_>>() {
        let written = match outcome {
            Ok(mut outcome) => outcome.written().await,
            Err(busy) => Err(busy),
        };
        match written {
            Err(error) => request.answer(Err(error.into())),
            Ok(crate::store::Written::Moved) => request.again(app),
            Ok(_) => request.answer(Ok(Started::fresh(app, id, deadline))),
        }
    }
}

type Loaded = (HashMap<i64, PersonRow>, HashMap<i64, Vec<AttemptSummary>>);

async fn load(app: &App, candidates: &[i64]) -> Result<Loaded, StoreError> {
    let people = app.store.person_find(candidates).await?;
    let lists = app.store.attempt_list_of(candidates).await?;
    Ok((people, lists))
}

impl Request {
    fn answer(self, answer: Result<Started, ApiError>) {
        let _ = self.done.send(answer); // Nobody waits any more: the phone has hung up.
    }

    /// Puts a start that lost a race back into the line.
    fn again(mut self, app: &App) {
        self.rounds += 1;
        if self.rounds >= ROUNDS_MAX {
            return self.answer(Err(ApiError::Busy));
        }
        app.exams.desk.line().waiting.push(self);
    }
}

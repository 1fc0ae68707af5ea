//! Classes of requests and their budgets: what cannot be served now is told so, quickly, and the
//! less important first.

use std::sync::LazyLock;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use crate::app::App;
use crate::problem::ApiError;

/// The classes in their order of importance, each with how many requests it may have in work at
/// once. Saves have room for a whole batch of the journal; a start costs a draw and a paper; a
/// console page may cost a table scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Save,
    Resume,
    Start,
    Read,
    SignIn,
    Snapshot,
    Console,
    /// Probes and metrics are always answered.
    Free,
}

static SAVES: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2_048));
static RESUMES: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(512));
static STARTS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(512));
static READS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(256));
static SIGN_INS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(256));
/// What waits in the darkroom, and as many whose bytes are on their way: 128 MiB at most.
static SNAPSHOTS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(64));
static CONSOLE: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(32));

impl Class {
    fn of(method: &Method, path: &str) -> Self {
        let Some(path) = path.strip_prefix(super::API) else { return Self::Free };
        let mut parts = path.trim_start_matches('/').split('/');
        match (parts.next().unwrap_or(""), parts.next(), parts.next()) {
            ("attempts", Some(_), Some("events" | "submit")) => Self::Save,
            ("attempts", Some(_), None | Some("connection" | "paper")) => Self::Resume,
            ("attempts", Some(_), Some("snapshots")) => Self::Snapshot,
            ("exams", Some(_), Some("attempts")) if method == Method::POST => Self::Start,
            ("sign-in" | "password", _, _) => Self::SignIn,
            ("staff", _, _) => Self::Console,
            _ => Self::Read,
        }
    }

    fn budget(self) -> Option<&'static Semaphore> {
        match self {
            Self::Save => Some(&SAVES),
            Self::Resume => Some(&RESUMES),
            Self::Start => Some(&STARTS),
            Self::Read => Some(&READS),
            Self::SignIn => Some(&SIGN_INS),
            Self::Snapshot => Some(&SNAPSHOTS),
            Self::Console => Some(&CONSOLE),
            Self::Free => None,
        }
    }
}

pub(super) async fn admit(State(app): State<App>, request: Request, next: Next) -> Response {
    let class = Class::of(request.method(), request.uri().path());
    let Some(budget) = class.budget() else { return next.run(request).await };
    if !app.health.has_started() {
        return ApiError::Busy.into_response();
    }
    let Ok(_permit) = budget.try_acquire() else {
        metrics::counter!("exam_requests_shed_total", "class" => format!("{class:?}")).increment(1);
        return ApiError::Busy.into_response();
    };
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_its_class() {
        for (method, path, class) in [
            (Method::POST, "/api/v1/attempts/a/events", Class::Save),
            (Method::POST, "/api/v1/attempts/a/submit", Class::Save),
            (Method::GET, "/api/v1/attempts/a", Class::Resume),
            (Method::GET, "/api/v1/attempts/a/connection", Class::Resume),
            (Method::PUT, "/api/v1/attempts/a/snapshots/r", Class::Snapshot),
            (Method::GET, "/api/v1/attempts", Class::Read),
            (Method::GET, "/api/v1/attempts/a/result", Class::Read),
            (Method::GET, "/api/v1/attempts/a/media/m", Class::Read),
            (Method::POST, "/api/v1/exams/e/attempts", Class::Start),
            (Method::GET, "/api/v1/exams", Class::Read),
            (Method::POST, "/api/v1/sign-in/ticket", Class::SignIn),
            (Method::POST, "/api/v1/staff/attempts/a/extend", Class::Console),
            (Method::GET, "/healthz", Class::Free),
        ] {
            assert_eq!(Class::of(&method, path), class, "{path}");
        }
    }
}

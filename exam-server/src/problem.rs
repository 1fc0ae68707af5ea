//! Errors as candidates and scripts see them: problem details (RFC 9457) with a code.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use proctor::photo::NotAPhoto;
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;

use crate::journal_writer::WriteError;
use crate::live::sitting::CommandError;
use crate::store::StoreError;
use exam_core::session::Refusal;

/// One field that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// The field.
    pub field: String,
    /// What is wrong, for programs.
    pub code: String,
    /// What is wrong, for people.
    pub message: String,
}

/// The body of every error.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the code says which it is.
    pub r#type: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// The status.
    pub status: u16,
    /// What happened, for people.
    pub detail: String,
    /// What happened, for programs.
    pub code: &'static str,
    /// The fields that were not understood.
    pub fields: Vec<FieldProblem>,
    /// The place in the queue, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// How long to wait before the next try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
    /// Keeps the place in the queue; goes back as header `Queue-Ticket`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_ticket: Option<String>,
    /// Which event of a request was not understood, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// What somebody else has made of it meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub current: Option<serde_json::Value>,
}

/// Everything a request can be refused for.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ApiError {
    /// The body or a parameter was not understood.
    #[error("{0}")]
    BadRequest(String),
    /// Fields were not understood.
    #[error("some fields were not understood")]
    BadFields(Vec<FieldProblem>),
    /// One of several events was not understood; none was applied.
    #[error("event {index} was not understood; nothing was applied")]
    BadEvent {
        /// Which, from 0.
        index: usize,
    },
    /// Nobody is signed in.
    #[error("sign in first")]
    NotSignedIn,
    /// The id or the password is wrong, and it is not said which.
    #[error("the id number or the password is wrong")]
    WrongPassword,
    /// A state change came from a foreign page.
    #[error("the request comes from a foreign origin")]
    ForeignOrigin,
    /// Only "set a new password" is open.
    #[error("set a new password first")]
    MustChangePassword,
    /// The role does not allow it.
    #[error("your role does not allow this")]
    NotAllowed,
    /// There is none, or it is somebody else's.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// A snapshot that was not asked for.
    #[error("no snapshot was asked for under this id")]
    NoSuchRequest,
    /// A file that is no photograph.
    #[error(transparent)]
    Photo(NotAPhoto),
    /// It is too late for it.
    #[error("{detail}")]
    Gone {
        /// For programs.
        code: &'static str,
        /// For people.
        detail: &'static str,
    },
    /// A rule stands in the way.
    #[error("{detail}")]
    Conflict {
        /// For programs.
        code: &'static str,
        /// For people.
        detail: &'static str,
    },
    /// It was changed since it was read.
    #[error("somebody has changed it meanwhile")]
    Stale {
        /// What it is now.
        current: serde_json::Value,
    },
    /// The address does not take this method; the response says in `Allow` which it takes.
    #[error("this address does not take that method")]
    WrongMethod,
    /// The body is too big.
    #[error("the request is too big")]
    TooBig,
    /// Too many requests of one identity.
    #[error("too many tries: wait a little")]
    TooMany {
        /// How long.
        retry_ms: u64,
    },
    /// A place in the sign-in queue.
    #[error("many people sign in right now: you are number {position} in the queue")]
    Queued {
        /// The place.
        position: u64,
        /// When to come back.
        retry_ms: u64,
        /// Keeps the place.
        queue_ticket: String,
    },
    /// The server has too much to do, or the database is away.
    #[error("the server is busy: try again")]
    Busy,
    /// Trouble inside; the cause is in the log.
    #[error("something went wrong on our side")]
    Internal,
}

/// The media type of problem details.
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

impl ApiError {
    /// One field that was not understood.
    #[must_use]
    pub fn field(field: &str, code: &str, message: impl Into<String>) -> Self {
        let problem = FieldProblem {
            field: field.to_owned(),
            code: code.to_owned(),
            message: message.into(),
        };
        Self::BadFields(vec![problem])
    }

    /// Something was changed since it was read, and is `current` now.
    #[must_use]
    pub fn stale(current: &impl Serialize) -> Self {
        Self::Stale { current: serde_json::to_value(current).unwrap_or_default() }
    }

    const fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::BadFields(_) => (StatusCode::UNPROCESSABLE_ENTITY, "bad_fields"),
            Self::BadEvent { .. } => (StatusCode::BAD_REQUEST, "bad_event"),
            Self::NotSignedIn => (StatusCode::UNAUTHORIZED, "not_signed_in"),
            Self::WrongPassword => (StatusCode::UNAUTHORIZED, "wrong_password"),
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, "foreign_origin"),
            Self::MustChangePassword => (StatusCode::FORBIDDEN, "must_change_password"),
            Self::NotAllowed => (StatusCode::FORBIDDEN, "not_allowed"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::NoSuchRequest => (StatusCode::NOT_FOUND, "no_such_request"),
            Self::Photo(reason) => {
                let status = match reason {
                    NotAPhoto::TooBig => StatusCode::PAYLOAD_TOO_LARGE,
                    NotAPhoto::Heic | NotAPhoto::NotJpeg => StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    _ => StatusCode::UNPROCESSABLE_ENTITY,
                };
                (status, reason.code())
            }
            Self::Gone { code, .. } => (StatusCode::GONE, code),
            Self::Conflict { code, .. } => (StatusCode::CONFLICT, code),
            Self::Stale { .. } => (StatusCode::CONFLICT, "stale"),
            Self::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::TooBig => (StatusCode::PAYLOAD_TOO_LARGE, "too_big"),
            Self::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
            Self::Queued { .. } => (StatusCode::SERVICE_UNAVAILABLE, "queued"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    const fn retry_ms(&self) -> Option<u64> {
        match self {
            Self::TooMany { retry_ms } | Self::Queued { retry_ms, .. } => Some(*retry_ms),
            Self::Busy => Some(1_000),
            _ => None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.status_and_code();
        let retry_ms = self.retry_ms();
        let mut problem = Problem {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: self.to_string(),
            code,
            fields: Vec::new(),
            position: None,
            retry_ms,
            queue_ticket: None,
            index: None,
            current: None,
        };
        match self {
            Self::BadFields(fields) => problem.fields = fields,
            Self::BadEvent { index } => problem.index = Some(index),
            Self::Stale { current } => problem.current = Some(current),
            Self::Queued { position, queue_ticket, .. } => {
                problem.position = Some(position);
                problem.queue_ticket = Some(queue_ticket);
            }
            _ => {}
        }
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        if let Some(retry_ms) = retry_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_ms.div_ceil(1_000)));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(trouble: StoreError) -> Self {
        let away = matches!(
            &trouble,
            StoreError::Driver {
                source: sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::Io(_)
                    | sqlx::Error::Database(_),
                ..
            }
        );
        error!(error = &trouble as &dyn std::error::Error, "the store failed a request");
        if away { Self::Busy } else { Self::Internal }
    }
}

impl From<WriteError> for ApiError {
    fn from(_: WriteError) -> Self {
        Self::Busy
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let conflict = |code, detail| Self::Conflict { code, detail };
        match refusal {
            Refusal::Elsewhere => conflict("elsewhere", "another device is the holder"),
            Refusal::Closed => conflict("closed", "the attempt is closed"),
            Refusal::TooLate { .. } => conflict("too_late", "time is up"),
            Refusal::BadSlot => conflict("bad_slot", "there is no such slot"),
            Refusal::BadResponse => conflict("bad_response", "not a response to this slot"),
            Refusal::BadN => conflict("bad_n", "the number runs too far ahead"),
            Refusal::Paused => conflict("paused", "the attempt is paused"),
            Refusal::Locked => conflict("locked", "the attempt is locked"),
            Refusal::Full => Self::TooMany { retry_ms: 60_000 },
            Refusal::BadTime => Self::field("time", "out_of_range", "not a possible time"),
        }
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused(refusal) => refusal.into(),
            CommandError::StepTaken => Self::Busy,
            CommandError::Write(error) => error.into(),
            CommandError::Store(error) => error.into(),
        }
    }
}

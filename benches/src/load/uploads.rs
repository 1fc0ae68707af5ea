//! Photographs that a phone sends beside its answers, which do not wait for them.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use axum::http::StatusCode;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::camera::Camera;
use crate::http::Http;

/// How many photographs of each portrait there are.
const SHOTS: usize = 20;

/// How often one is sent again before it is given up.
const TRIES: usize = 20;

/// The camera that all phones of a run share, made when the first photograph is asked for.
#[derive(Clone, Default)]
pub(super) struct Shared(Arc<OnceLock<Camera>>);

/// What became of photographs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    /// Kept.
    pub(super) kept: u64,
    /// Told to come again, once or more often.
    pub(super) busy: u64,
    /// Neither kept nor told to come again.
    pub(super) failed: u64,
}

/// Those of one phone.
pub(super) struct Uploads {
    camera: Shared,
    place: usize,
    /// Where those went that were taken: a request that lives is told again with every open.
    taken: HashSet<String>,
    sending: JoinSet<Sent>,
}

impl Uploads {
    pub(super) fn new(camera: Shared, place: usize) -> Self {
        Self { camera, place, taken: HashSet::new(), sending: JoinSet::new() }
    }

    /// Takes a photograph and sends it to `path`, where none went yet.
    pub(super) fn begin(&mut self, http: Http, path: String) {
        let number = self.taken.len();
        if !self.taken.insert(path.clone()) {
            return;
        }
        let camera = self.camera.0.get_or_init(|| Camera::new(SHOTS, 1));
        let shot = camera.shot(self.place, number);
        self.sending.spawn(send(http, path, shot));
    }

    /// Waits until all are through.
    pub(super) async fn ended(self) -> Sent {
        let mut all = Sent::default();
        for sent in self.sending.join_all().await {
            all.kept += sent.kept;
            all.busy += sent.busy;
            all.failed += sent.failed;
        }
        all
    }
}

async fn send(mut http: Http, path: String, shot: axum::body::Bytes) -> Sent {
    let mut sent = Sent::default();
    for _ in 0..TRIES {
        let wait = match http.put_photo(&path, shot.clone()).await {
            Ok(reply) if reply.status == StatusCode::NO_CONTENT => {
                sent.kept = 1;
                return sent;
            }
            Ok(reply) => reply.retry_after(),
            Err(_) => Some(std::time::Duration::from_millis(500)),
        };
        let Some(wait) = wait else { break };
        sent.busy = 1;
        sleep(wait).await;
    }
    sent.failed = 1;
    sent
}

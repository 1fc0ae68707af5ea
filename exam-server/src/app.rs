//! What all parts of a running server share.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::hasher::Hasher;
use crate::auth::queue::SignInQueue;
use crate::auth::sign_ins::SignIns;
use crate::clock::Clock;
use crate::config::Config;
use crate::exams::Exams;
use crate::health::Health;
use crate::invigilation::{Looks, Walls};
use crate::journal_writer::JournalWriter;
use crate::keys::Keys;
use crate::limits::Limits;
use crate::live::bulk::Bulks;
use crate::live::hints::Hints;
use crate::live::registry::Registry;
use crate::live::sittings::Sittings;
use crate::lookups::Lookups;
use crate::snapshots::{Album, Arriving, Darkroom, Photos};
use crate::store::Store;

/// A running server. Cheap to clone; all clones are one server.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// What all parts share.
pub struct Shared {
    /// The configuration.
    pub config: Config,
    /// Server time.
    pub clock: Clock,
    /// The server's secret.
    pub keys: Keys,
    /// The database.
    pub store: Store,
    /// What phones that come back ask the database for.
    pub lookups: Lookups,
    /// The way to the journal.
    pub journal: JournalWriter,
    /// Published exams, ready to draw and score.
    pub exams: Exams,
    /// Sessions of HTTP requests.
    pub sittings: Sittings,
    /// The connections of this node.
    pub registry: Arc<Registry>,
    /// The way to other nodes.
    pub hints: Hints,
    /// Who may do how much.
    pub limits: Limits,
    /// Password hashing, off the way of saves.
    pub hasher: Hasher,
    /// The queue before it.
    pub sign_in_queue: SignInQueue,
    /// Where photographs are decoded and looked at.
    pub darkroom: Darkroom,
    /// Where they are kept.
    pub photos: Photos,
    /// Small ones that were shown before.
    pub album: Album,
    /// Of which attempts one is on its way.
    pub arriving: Arriving,
    /// Who looked at what lately.
    pub looks: Looks,
    /// The walls that invigilators look at.
    pub walls: Walls,
    /// Who is signed in.
    pub sign_ins: SignIns,
    /// Acts on many attempts.
    pub bulks: Bulks,
    /// What is known of the database and of this node.
    pub health: Arc<Health>,
    /// Cancelled when the server stops.
    pub stopping: CancellationToken,
    /// Connections that are still open.
    pub connections: TaskTracker,
    /// Renders `/metrics`.
    pub metrics: metrics_exporter_prometheus::PrometheusHandle,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    /// Makes one server of its parts.
    #[must_use]
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Whether sessions may be closed by deadline now: time is trusted, the database answers, and
    /// outages have been credited.
    #[must_use]
    pub fn may_close(&self) -> bool {
        self.health.has_started()
            && !self.clock.is_frozen()
            && self.health.answers_steadily()
            && self.journal.is_healthy()
    }
}

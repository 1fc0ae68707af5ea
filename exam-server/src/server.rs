//! Starting and stopping a server.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use exam_core::time::{Span, Timestamp};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::app::{App, Shared};
use crate::auth::hasher::Hasher;
use crate::auth::queue::SignInQueue;
use crate::auth::revocations;
use crate::auth::sign_ins::SignIns;
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::exams::Exams;
use crate::health::Health;
use crate::invigilation::{self, Looks, Walls};
use crate::journal_writer::JournalWriter;
use crate::keys::{KeyError, Keys};
use crate::limits::Limits;
use crate::live::bulk::{self, Bulks};
use crate::live::hints::{self, Hints};
use crate::live::mailbox::Push;
use crate::live::registry::Registry;
use crate::live::sittings::Sittings;
use crate::live::{closer, outage};
use crate::lookups::Lookups;
use crate::snapshots::{Album, Arriving, Darkroom, Likeness, Photos};
use crate::store::{Store, Target};
use crate::{routes, serve, snapshots};

/// How long open connections may take to say goodbye.
const DRAIN_WITHIN: Span = Span::from_seconds(10);

/// How often upkeep runs: sealing the audit, following the database's clock.
const SEAL_EVERY: Span = Span::from_seconds(1);
const CLOCK_EVERY: Span = Span::from_seconds(5);
const FORGET_EVERY: Span = Span::from_seconds(60);

/// Audit rows younger than this are not sealed yet: on PostgreSQL a lower number may still be
/// uncommitted.
const SEAL_SETTLES: Span = Span::from_seconds(1);

/// The name of the setting that remembers which key sealed the database.
pub(crate) const KEY_CHECK: &str = "key_check";

/// A server that takes requests.
pub struct Running {
    /// What its parts share.
    pub app: App,
    /// Where it listens.
    pub address: SocketAddr,
    upkeep: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

/// Reads the secret key that the settings name.
///
/// # Errors
/// When there is none, or it is weak.
pub fn read_keys(settings: &Settings) -> anyhow::Result<Keys> {
    match (&settings.key, &settings.key_file) {
        (Some(key), _) => Ok(Keys::parse(key)?),
        (None, Some(file)) => Ok(Keys::read(file)?),
        (None, None) => anyhow::bail!(
            "no key: set key_file (or EXAM_KEY_FILE) to a file of 64 random hexadecimal digits; \
             without it ID numbers and phones cannot be stored"
        ),
    }
}

/// Opens the database and makes sure that `keys` are the ones that sealed it.
///
/// # Errors
/// When the database cannot be opened, is unsafe, or was sealed with another key.
pub async fn open_store(settings: &Settings, keys: &Keys) -> anyhow::Result<Store> {
    let target = settings.database.as_deref().context("no database: set database")?;
    let target: Target = target.parse()?;
    let store = Store::open(&target).await?;
    let kept = store.setting_keep(KEY_CHECK, keys.check_value()).await?;
    if kept != keys.check_value() {
        return Err(KeyError::Weak).context("the database was sealed with another key");
    }
    Ok(store)
}

/// The clock of a node: the database's, where it has one.
///
/// # Errors
/// When the database does not answer.
pub async fn start_clock(store: &Store) -> anyhow::Result<Clock> {
    let clock = store.clock_read().await?.map_or_else(Clock::start, Clock::starting_at);
    #[cfg(feature = "turned-clock")]
    if let Some(ms) = std::env::var("EXAM_TEST_CLOCK").ok().and_then(|ms| ms.parse().ok()) {
        clock.turn(Span::from_ms(ms));
    }
    Ok(clock)
}

/// Starts a server whose clock is turned forward, as if it had been away so long, for tests.
///
/// # Errors
/// As [`start`].
#[cfg(feature = "turned-clock")]
pub async fn start_turned(settings: &Settings, forward: Span) -> anyhow::Result<Running> {
    let options = Options { forward, ..Options::default() };
    start_with(settings, || panic!("a sync failed"), options).await
}

/// Starts a server: settles the database, credits an outage, and only then takes requests.
///
/// # Errors
/// When the configuration, the key, the database or the address cannot be used.
pub async fn start(settings: &Settings, on_failed_sync: fn()) -> anyhow::Result<Running> {
    start_with(settings, on_failed_sync, Options::default()).await
}

/// What is asked for beside the settings.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether a database with demo accounts may be served to other machines.
    pub demo_on_lan: bool,
    /// How far a test turns the clock before anything is looked at.
    #[cfg(feature = "turned-clock")]
    pub forward: Span,
    /// The clock to go by, instead of the machine's or the database's, for tests.
    #[cfg(feature = "turned-clock")]
    pub clock: Option<Clock>,
}

/// Starts a server with what is asked for beside the settings.
///
/// # Errors
/// As [`start`].
pub async fn start_with(
    settings: &Settings,
    on_failed_sync: fn(),
    options: Options,
) -> anyhow::Result<Running> {
    let config = Config::check(settings)?;
    let keys = read_keys(settings)?;
    crate::store::on_failed_sync(on_failed_sync);
    let store = open_store(settings, &keys).await?;
    store.settle().await?;
    if !config.listen.ip().is_loopback()
        && store.setting_find(crate::demo::accounts::ACCOUNTS).await?.is_some()
        && !options.demo_on_lan
    {
        anyhow::bail!("this database has demo accounts: it is served on loopback only");
    }
    let clock = start_clock(&store).await?;
    #[cfg(feature = "turned-clock")]
    let clock = options.clock.unwrap_or(clock);
    #[cfg(feature = "turned-clock")]
    clock.turn(options.forward);
    let acceptor = serve::acceptor(&config)?;
    let listener = serve::listen(config.listen)?;
    let address = listener.local_addr()?;
    let health = Arc::new(Health::new(clock.clone()));
    let (journal, writer) = JournalWriter::spawn(store.clone(), Arc::clone(&health));
    let photos = photo_store(&config, settings)?;
    let app = App::new(Shared {
        hints: Hints::spawn(&store),
        lookups: Lookups::new(&store, &clock),
        config,
        clock,
        keys,
        store,
        journal,
        exams: Exams::default(),
        sittings: Sittings::default(),
        registry: Arc::new(Registry::default()),
        limits: Limits::default(),
        hasher: Hasher::start(),
        sign_in_queue: SignInQueue::default(),
        darkroom: Darkroom::start(likeness(settings)?),
        photos,
        album: Album::default(),
        arriving: Arriving::default(),
        looks: Looks::default(),
        walls: Walls::default(),
        sign_ins: SignIns::default(),
        bulks: Bulks::default(),
        health,
        stopping: CancellationToken::new(),
        connections: TaskTracker::new(),
        metrics: metrics_handle(),
    });
    let upkeep = CancellationToken::new();
    let accepting = serve::run(
        listener,
        acceptor,
        routes::router(app.clone()),
        app.stopping.clone(),
        app.connections.clone(),
    );
    let mut tasks = vec![writer, tokio::spawn(accepting)];
    app.exams.load(&app).await?;
    outage::credit(&app).await?;
    app.health.database_answered(app.clock.now());
    app.health.started();
    tasks.extend([
        tokio::spawn(outage::beat(app.clone(), upkeep.clone())),
        tokio::spawn(closer::run(app.clone(), upkeep.clone())),
        tokio::spawn(snapshots::sweep(app.clone(), upkeep.clone())),
        tokio::spawn(invigilation::assess(app.clone(), upkeep.clone())),
        tokio::spawn(hints::compare_heads(app.clone(), upkeep.clone())),
        tokio::spawn(hints::listen(app.clone(), upkeep.clone())),
        tokio::spawn(revocations::follow(app.clone(), upkeep.clone())),
        tokio::spawn(bulk::work(app.clone(), upkeep.clone())),
        tokio::spawn(seal_audit(app.clone(), upkeep.clone())),
        tokio::spawn(follow_clock(app.clone(), upkeep.clone())),
        tokio::spawn(keep_small(app.clone(), upkeep.clone())),
    ]);
    info!(%address, "listening on {address}");
    Ok(Running { app, address, upkeep, tasks })
}

impl Running {
    /// Stops: readiness off, connections told to come back, what is in work finished.
    pub async fn stop(self) {
        let Self { app, upkeep, tasks, .. } = self;
        app.health.drain();
        app.stopping.cancel();
        app.registry.push_to_all(&Push::Stopping);
        app.connections.close();
        let clock = app.clock.clone();
        if clock.timeout(DRAIN_WITHIN, app.connections.wait()).await.is_err() {
            warn!(open = app.connections.len(), "connections were cut after {DRAIN_WITHIN}");
        }
        upkeep.cancel();
        if let Err(error) = app.store.audit_seal(app.clock.now()).await {
            warn!(error = &error as &dyn std::error::Error, "the audit was not sealed");
        }
        let store = app.store.clone();
        drop(app);
        for task in tasks {
            let _ = clock.timeout(DRAIN_WITHIN, task).await;
        }
        store.close().await;
        info!("stopped");
    }
}

async fn seal_audit(app: App, stopping: CancellationToken) {
    let mut ticks = app.clock.interval(SEAL_EVERY);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = ticks.tick() => {}
        }
        if let Err(error) = app.store.audit_seal(app.clock.now() - SEAL_SETTLES).await {
            warn!(error = &error as &dyn std::error::Error, "the audit was not sealed");
        }
    }
}

async fn follow_clock(app: App, stopping: CancellationToken) {
    let mut ticks = app.clock.interval(CLOCK_EVERY);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = ticks.tick() => {}
        }
        let asked: Timestamp = app.clock.now();
        let skew = match app.store.clock_read().await {
            Ok(Some(database)) => app.clock.follow(asked, database),
            Ok(None) => app.clock.watch_wall(),
            Err(_) => continue, // The sign of life has said so already.
        };
        metrics::gauge!("exam_clock_skew_ms").set(skew as f64);
        if app.clock.is_frozen() {
            warn!(skew, "another clock disagrees by {skew} ms: nobody is closed by deadline");
        }
    }
}

async fn keep_small(app: App, stopping: CancellationToken) {
    let mut ticks = app.clock.interval(FORGET_EVERY);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = ticks.tick() => {}
        }
        app.limits.forget_old();
        app.metrics.run_upkeep();
        if let Err(error) = crate::exams::refresh_exposure(&app).await {
            warn!(error = &error as &dyn std::error::Error, "exposure was not counted");
        }
    }
}

/// The process has one recorder, however many servers a test starts in it.
fn metrics_handle() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    const SECONDS: [f64; 12] =
        [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0];
    const BATCH: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 500.0, 1000.0];
    HANDLE
        .get_or_init(|| {
            PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
                .and_then(|builder| {
                    builder.set_buckets_for_metric(Matcher::Suffix("_writes".into()), &BATCH)
                })
                .expect("the buckets are not empty")
                .install_recorder()
                .expect("no other recorder is installed")
        })
        .clone()
}

/// The model that photographs are compared by, where one is named.
fn likeness(settings: &Settings) -> anyhow::Result<Option<Likeness>> {
    let Some(path) = &settings.matching_model else { return Ok(None) };
    let threshold = settings.matching_threshold.context("matching_threshold has no default")?;
    let bytes = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
    let matcher =
        proctor::likeness::Matcher::new(bytes, settings.matching_colours.unwrap_or_default())?;
    Ok(Some(Likeness { matcher, threshold }))
}

/// The photo store: at the place that was named, which has to be usable, or else in a folder beside the
/// embedded database, made with the first picture.
///
/// # Errors
/// When the place that was named cannot be used.
pub fn photo_store(config: &Config, settings: &Settings) -> anyhow::Result<Photos> {
    let access = config.photo_access.clone();
    if let Some(place) = &config.photos {
        let photos = Photos::at(place.clone(), access);
        photos.open()?;
        return Ok(photos);
    }
    let file = settings.database.as_deref().and_then(|database| database.strip_prefix("sqlite:"));
    if file.is_none() {
        warn!(
            "photos: no place is set, so that pictures go to a folder of this node: other nodes \
            will not find them"
        );
    }
    let folder = file.and_then(|file| std::path::Path::new(file).parent()).unwrap_or("".as_ref());
    Ok(Photos::at(folder.join("photos"), access))
}

//! Hints between nodes that a journal moved. Losing one costs latency, never correctness.

use exam_core::time::Span;
use sqlx::postgres::PgListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::mailbox::Push;
use crate::app::App;
use crate::store::{Pool, Store};

/// The channel's name in the database.
const CHANNEL: &str = "exam_moved";

/// How many hints wait; one that finds no room is dropped.
const QUEUE_MAX: usize = 1_024;

/// How often each node compares the heads of its connections with the database.
const COMPARE_EVERY: Span = Span::from_seconds(5);

/// How long listening rests after it was interrupted.
const LISTEN_AGAIN: Span = Span::from_seconds(1);

/// How many journals one comparing query asks for.
const COMPARE_PAGE: usize = 5_000;

/// The way to other nodes. On SQLite there are none, and comparing heads finds what other
/// processes of this machine append.
#[derive(Clone, Debug)]
pub struct Hints {
    queue: Option<mpsc::Sender<i64>>,
}

impl Hints {
    /// Starts sending. Hints leave from a task of their own, never on the way of a save: NOTIFY
    /// takes a lock that all commits with hints share.
    #[must_use]
    pub fn spawn(store: &Store) -> Self {
        let Pool::Postgres(pool) = store.writer().clone() else { return Self { queue: None } };
        let (queue, mut hints) = mpsc::channel::<i64>(QUEUE_MAX);
        tokio::spawn(async move {
            let mut batch = Vec::new();
            while hints.recv_many(&mut batch, QUEUE_MAX).await > 0 {
                let payloads: Vec<String> = batch.drain(..).map(|no: i64| no.to_string()).collect();
                let sent = sqlx::query(
                    "-- hint_send
                    SELECT pg_notify($1, p) FROM UNNEST($2::text[]) AS p",
                )
                .bind(CHANNEL)
                .bind(payloads)
                .execute(&pool)
                .await;
                if let Err(error) = sent {
                    warn!(%error, "hints to other nodes were lost");
                }
            }
        });
        Self { queue: Some(queue) }
    }

    /// Hints that the journal of an attempt moved.
    pub fn send(&self, attempt_no: i64) {
        if let Some(queue) = &self.queue {
            let _ = queue.try_send(attempt_no);
        }
    }
}

/// Listens to other nodes until stopped; reconnects by itself.
pub async fn listen(app: App, stopping: CancellationToken) {
    let Pool::Postgres(pool) = app.store.readers().clone() else { return };
    while !stopping.is_cancelled() {
        let heard = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(CHANNEL).await?;
            loop {
                let hint = listener.recv().await?;
                if let Ok(attempt_no) = hint.payload().parse() {
                    app.registry.push(attempt_no, &Push::Moved);
                }
            }
            #[expect(unreachable_code, reason = "names the error type of the block")]
            Ok::<(), sqlx::Error>(())
        };
        tokio::select! {
            () = stopping.cancelled() => return,
            end = heard => if let Err(error) = end {
                warn!(%error, "listening for hints was interrupted");
            },
        }
        app.clock.sleep(LISTEN_AGAIN).await;
    }
}

/// Compares the heads of this node's connections with the database every five seconds.
pub async fn compare_heads(app: App, stopping: CancellationToken) {
    let mut ticks = app.clock.interval(COMPARE_EVERY);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = ticks.tick() => {}
        }
        for page in app.registry.attempts().chunks(COMPARE_PAGE) {
            match app.store.journal_heads(page).await {
                Ok(heads) => {
                    for (attempt_no, seq) in heads {
                        app.registry.moved(attempt_no, seq);
                    }
                }
                Err(error) => {
                    warn!(error = &error as &dyn std::error::Error, "heads were not compared");
                }
            }
        }
    }
}

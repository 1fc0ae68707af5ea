//! Servers under test: in this process, or as a process of their own that can be killed.

use std::net::SocketAddr;

use exam_server::clock::Clock;
use exam_server::commands::Desk;
use exam_server::config::Settings;
use exam_server::server::{Running, start};

use crate::bank::{self, EXAM, Exam};
use crate::client::Candidate;
use crate::database::{Database, Kind};

/// The key of every test.
pub const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A server in this process, with a small bank and an exam.
pub struct Server {
    /// Its database.
    pub database: Database,
    /// The exam.
    pub exam: Exam,
    /// Where it listens.
    pub address: SocketAddr,
    /// The server.
    pub running: Running,
    tokens: std::sync::Mutex<Vec<String>>,
}

/// Settings that serve `database` on a free port.
#[must_use]
pub fn settings(database: &Database) -> Settings {
    Settings {
        database: Some(database.url.clone()),
        listen: Some("127.0.0.1:0".to_owned()),
        key: Some(KEY.to_owned()),
        photos: Some(database.folder.path().join("photos")),
        ..Settings::default()
    }
}

/// A desk beside the server, for commands.
///
/// # Panics
/// When the database cannot be opened.
pub async fn desk(database: &Database) -> Desk {
    Desk::open(&settings(database)).await.expect("the database can be opened")
}

impl Server {
    /// Starts a server with the usual exam and candidates; `None` where there is no PostgreSQL.
    pub async fn start(kind: Kind) -> Option<Self> {
        Self::start_with(kind, EXAM).await
    }

    /// Starts a server with another exam file.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start_with(kind: Kind, definition: &str) -> Option<Self> {
        Self::start_changed(kind, definition, |_| {}).await
    }

    /// Starts a server with another exam file and other settings.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start_changed(
        kind: Kind,
        definition: &str,
        change: impl FnOnce(&mut Settings),
    ) -> Option<Self> {
        let database = Database::fresh(kind).await?;
        let desk = desk(&database).await;
        let exam = bank::publish(&desk, definition).await;
        let tokens = bank::candidates(&desk, exam.id, 20).await;
        desk.store.close().await;
        let mut settings = settings(&database);
        change(&mut settings);
        let running =
            start(&settings, || panic!("a sync failed")).await.expect("the server starts");
        let address = running.address;
        let tokens = std::sync::Mutex::new(tokens);
        Some(Self { database, exam, address, running, tokens })
    }

    /// A candidate nobody else in the test is.
    ///
    /// # Panics
    /// When there is none left.
    pub fn candidate(&self) -> Candidate {
        let token = self.tokens.lock().expect("nobody panics with it").pop();
        Candidate::new(self.address, token.expect("a candidate is left"))
    }

    /// The server's clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.running.app.clock
    }

    /// Turns the clock forward, as the test route does.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn turn(&self, forward: exam_core::time::Span) {
        exam_server::routes::turn_clock(&self.running.app, forward)
            .await
            .expect("the clock can be turned");
    }
}

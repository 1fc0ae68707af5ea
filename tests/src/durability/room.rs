//! A database with an exam and candidates, ready for servers that come and go.

use std::path::Path;

use exam_core::ids::ExamId;
use exam_server::commands::{Desk, attempt};
use exam_server::config::Settings;

use crate::bank::{self, EXAM};
use crate::database::{self, Database};
use crate::process::command;
use crate::server::{KEY, settings};
use crate::{Kind, Server};

/// An exam that can be sat again and again, even after a pass by chance.
#[must_use]
pub fn endless_exam() -> String {
    EXAM.replace("stop_at_first_pass = true", "stop_at_first_pass = false")
}

/// A database with an exam on it.
pub struct Room {
    /// The database.
    pub database: Database,
    /// The exam.
    pub exam: ExamId,
    /// The candidates' tokens.
    pub tokens: Vec<String>,
}

impl Room {
    /// Makes a database with an exam and `candidates`; `None` where there is no PostgreSQL.
    pub async fn prepare(kind: Kind, candidates: usize) -> Option<Self> {
        let database = Database::fresh(kind).await?;
        Some(Self::furnish(database, candidates).await)
    }

    /// The same in a PostgreSQL cluster of its own.
    ///
    /// # Panics
    /// When the cluster does not answer.
    pub async fn prepare_in(cluster: &str, candidates: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let url = database::fresh_in(cluster).await;
        Self::furnish(Database { kind: Kind::Postgres, url, folder }, candidates).await
    }

    async fn furnish(database: Database, candidates: usize) -> Self {
        let desk = crate::server::desk(&database).await;
        let exam = bank::publish(&desk, &endless_exam()).await;
        let tokens = bank::candidates(&desk, exam.id, candidates).await;
        desk.store.close().await;
        Self { database, exam: exam.id, tokens }
    }

    /// A desk beside the servers.
    pub async fn desk(&self) -> Desk {
        crate::server::desk(&self.database).await
    }

    /// A server in this process, for scenarios that reach into it.
    pub async fn serve(&self) -> exam_server::server::Running {
        exam_server::server::start(&settings(&self.database), || panic!("a sync failed"))
            .await
            .expect("the server starts")
    }
}

/// The settings of a database that is not a test's own.
#[must_use]
pub fn settings_of(url: &str) -> Settings {
    Settings { database: Some(url.to_owned()), key: Some(KEY.to_owned()), ..Settings::default() }
}

/// Rebuilds every attempt from its journal and compares, with the server's own command.
///
/// # Panics
/// When something differs.
pub async fn verify(server: &Path, url: &str) {
    let (code, said) = command(server, url, &["attempt", "verify"]).await;
    assert_eq!(code, Some(0), "{said}");
}

/// The same in this process, which is quicker.
///
/// # Panics
/// When something differs.
pub async fn verify_here(desk: &Desk) {
    attempt::verify(desk, None, true).await.expect("everything can be rebuilt from the journals");
}

/// A server in this process with the usual exam, for scenarios that need no crash.
pub async fn usual(kind: Kind) -> Option<Server> {
    Server::start_with(kind, &endless_exam()).await
}

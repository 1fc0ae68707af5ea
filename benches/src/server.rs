//! A server under load: a process of its own with an exam of fifty questions and its candidates.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use exam_core::ids::ExamId;
use exam_core::time::Span;
use exam_server::commands::staff;
use exam_server::keys::token_hash;
use exam_server::store::{Principal, Role, Scope, SignIn};
use exam_tests::process::Process;
use exam_tests::{Database, Kind, bank, client, server};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::http::Http;
use crate::usage::Usage;
use crate::wire::{Wire, hospital, source};

/// An exam of fifty slots on the tests' bank.
pub const EXAM: &str = r#"
title = "公共知识测评"
kind = "public_knowledge"
cycle = "第六周期"
banks = ["测试题库"]
notice = { version = "1", text = "考试须知" }
opens_at = "2020-01-01T00:00:00+08:00"
closes_at = "2099-01-01T00:00:00+08:00"
late_start = "full_time"
shows = "points"
starts_per_hour_max = 1000
attempts = { allowed = "unlimited", stop_at_first_pass = false, keep = "best" }

[[audience]]
[audience.blueprint]
time_allowed_minutes = 60
pass_points = 60

[[audience.blueprint.sections]]
type = "single"
topics = ["公共知识"]
difficulties = ["medium"]
count = 40
points = 2

[[audience.blueprint.sections]]
type = "X"
topics = ["公共知识"]
difficulties = ["medium"]
count = 10
points = 2
rule = "proportional"
"#;

/// The same, watched: so many photographs in the hour.
#[must_use]
pub fn watched(snapshots: u32) -> String {
    let watched = format!(
        "consents = [{{ kind = \"snapshots\", version = \"1\", text = \"随机抓拍\" }}]\n\
         proctoring = {{ snapshots = {snapshots}, without_camera = \"flag\", keep_days = 90, \
         appeal_days = 7 }}\n\n[[audience]]"
    );
    EXAM.replacen("[[audience]]", &watched, 1)
}

/// Slots of a paper.
pub const SLOTS: u64 = 50;

/// How many requests are under way at once while a scenario is prepared.
const PREPARED_AT_ONCE: usize = 64;

/// A server process with its database, exam and candidates.
pub struct Loaded {
    /// The database.
    pub database: Database,
    /// The process.
    pub process: Process,
    /// The exam.
    pub exam: ExamId,
    /// One token a candidate.
    pub tokens: Vec<String>,
    /// Whether the exam asks for photographs.
    is_watched: bool,
}

/// A candidate with a running attempt.
#[derive(Clone, Debug)]
pub struct Seat {
    /// The token.
    pub token: String,
    /// The attempt.
    pub attempt: String,
}

impl Loaded {
    /// Starts `binary` with candidates who are signed in; `None` where there is no PostgreSQL.
    ///
    /// # Panics
    /// When it cannot be prepared.
    pub async fn start(binary: impl AsRef<Path>, kind: Kind, candidates: usize) -> Option<Self> {
        Self::start_exam(binary, kind, EXAM, candidates).await
    }

    /// The same with another exam.
    ///
    /// # Panics
    /// When it cannot be prepared.
    pub async fn start_exam(
        binary: impl AsRef<Path>,
        kind: Kind,
        definition: &str,
        candidates: usize,
    ) -> Option<Self> {
        Self::start_under(Vec::new(), binary, kind, definition, candidates).await
    }

    /// The same as an argument of `wrapper`, which must leave it the process that was started.
    ///
    /// # Panics
    /// When it cannot be prepared.
    pub async fn start_under(
        wrapper: Vec<String>,
        binary: impl AsRef<Path>,
        kind: Kind,
        definition: &str,
        candidates: usize,
    ) -> Option<Self> {
        let database = Database::fresh(kind).await?;
        let desk = server::desk(&database).await;
        let exam = bank::publish(&desk, definition).await;
        let tokens = bank::candidates(&desk, exam.id, candidates).await;
        desk.store.close().await;
        let process =
            Process::start_under(wrapper, binary, &database.url, database.folder.path()).await;
        let is_watched = definition.contains("proctoring");
        Some(Self { database, process, exam: exam.id, tokens, is_watched })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.process.address
    }

    /// Turns its clock forward.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn turn(&self, forward: Duration) -> anyhow::Result<()> {
        let url = format!("http://{}/test/clock", self.address());
        let body = json!({ "forward_ms": u64::try_from(forward.as_millis())? });
        let reply = client::http().post(url).json(&body).send().await?;
        anyhow::ensure!(reply.status().is_success(), "the clock: {}", reply.status());
        Ok(())
    }

    /// Lets all that works on photographs stand still, or go on.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn hold_darkroom(&self, held: bool) -> anyhow::Result<()> {
        let url = format!("http://{}/test/darkroom", self.address());
        let reply = client::http().post(url).json(&json!({ "held": held })).send().await?;
        anyhow::ensure!(reply.status().is_success(), "the darkroom: {}", reply.status());
        Ok(())
    }

    /// Adds an invigilator, and returns the token of a sign-in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn invigilator(&self) -> anyhow::Result<String> {
        let desk = server::desk(&self.database).await;
        let added = staff::add(&desk, "watcher", "监考", &[Role::Invigilator], Scope::All).await?;
        let member = desk.store.staff_find("watcher").await?.context("the member")?;
        let token = format!("watcher-{}", added.enrolment_token);
        let sign_in = SignIn {
            principal: Principal::Staff(member.staff_id),
            only_password: false,
            expires_at: desk.now() + Span::from_minutes(60),
        };
        desk.store.sign_in_create(&token_hash(&token), &sign_in, desk.now()).await?;
        desk.store.close().await;
        Ok(token)
    }

    /// What it has used: the process, and all of PostgreSQL where that is the database.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let own = Usage::of(self.process.id());
        match self.database.kind {
            Kind::Sqlite => own,
            Kind::Postgres => own + Usage::of_all("postgres"),
        }
    }

    /// Starts an attempt of every candidate.
    ///
    /// # Errors
    /// When a start is refused.
    pub async fn seats(&self) -> anyhow::Result<Vec<Seat>> {
        let (address, exam, is_watched) = (self.address(), self.exam, self.is_watched);
        let start = |(number, token): (usize, String)| async move {
            let mut http = Http::new(address, hospital(number), Some(token.clone()));
            Ok(Seat { token, attempt: start(&mut http, exam, is_watched).await? })
        };
        all_at_once(self.tokens.iter().cloned().enumerate().map(start)).await
    }

    /// Connects every seat without opening its session.
    ///
    /// # Errors
    /// When a connection is refused.
    pub async fn upgrade(&self, seats: &[Seat]) -> anyhow::Result<Vec<Wire>> {
        let address = self.address();
        let upgrade = |(number, seat): (usize, Seat)| async move {
            let path = format!("/api/v1/attempts/{}/connection", seat.attempt);
            Wire::connect(address, source(number), &path, Some(&seat.token)).await
        };
        all_at_once(seats.iter().cloned().enumerate().map(upgrade)).await
    }

    /// Opens the sessions of connections, each as its seat's own device.
    ///
    /// # Errors
    /// When an open is refused.
    pub async fn open_wires(&self, wires: Vec<Wire>) -> anyhow::Result<Vec<Wire>> {
        let open = |(number, mut wire): (usize, Wire)| async move {
            let device = uuid::Uuid::from_u128(number as u128 + 1);
            let open = format!(r#"{{"t":"open","device":"{device}","take_over":true}}"#);
            wire.send(open).await?;
            wire.receive_start(r#"{"t":"state""#).await?;
            Ok(wire)
        };
        all_at_once(wires.into_iter().enumerate().map(open)).await
    }

    /// Connects and opens every seat, from as many source addresses as they need.
    ///
    /// # Errors
    /// When a connection is refused.
    pub async fn open(&self, seats: &[Seat]) -> anyhow::Result<Vec<Wire>> {
        self.open_wires(self.upgrade(seats).await?).await
    }

    /// How many acknowledged answers the server does not have, after each seat has sent the saves
    /// of [`crate::drive`] up to its number. Samples a thousand seats at the most.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn lost(&self, seats: &[Seat], numbers: &[u64]) -> anyhow::Result<usize> {
        const SAMPLED: usize = 1_000;
        let address = self.address();
        let every = seats.len().div_ceil(SAMPLED).max(1);
        let sampled = seats.iter().cloned().zip(numbers.iter().copied()).enumerate().step_by(every);
        let lost = |(place, (seat, number)): (usize, (Seat, u64))| async move {
            let mut http = Http::new(address, hospital(place), Some(seat.token));
            let state = http.get(&format!("/attempts/{}", seat.attempt)).await?;
            anyhow::ensure!(state.status.is_success(), "state: {state:?}");
            let responses = &state.json()["responses"];
            let sent = (number.saturating_sub(SLOTS - 1).max(1)..=number).map(saved);
            Ok(sent.filter(|(slot, option)| responses[slot.to_string()][0] != *option).count())
        };
        Ok(all_at_once(sampled.map(lost)).await?.into_iter().sum())
    }

    /// The figures that the server gives operators, by name with labels.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn figures(&self) -> anyhow::Result<HashMap<String, f64>> {
        let url = format!("http://{}/metrics", self.address());
        let text = client::http().get(url).send().await?.text().await?;
        let figure = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Ok(text.lines().filter(|line| !line.starts_with('#')).filter_map(figure).collect())
    }
}

/// Starts an attempt and returns its id.
///
/// # Errors
/// When it is refused.
pub async fn start(http: &mut Http, exam: ExamId, is_watched: bool) -> anyhow::Result<String> {
    let given = json!({ "snapshots": { "version": "1", "given": true } });
    let consents = if is_watched { given } else { json!({}) };
    let body = json!({ "notice_version": "1", "accepted": true, "consents": consents });
    let reply = http.post(&format!("/exams/{exam}/attempts"), &body).await?;
    let started: Value = reply.json();
    anyhow::ensure!(reply.status.is_success(), "start: {} {started}", reply.status);
    Ok(started["attempt_id"].as_str().context("an attempt")?.to_owned())
}

/// The slot and the option of the save with this number.
#[must_use]
pub fn saved(number: u64) -> (u64, &'static str) {
    (number % SLOTS + 1, ["a", "b", "c", "d"][(number / SLOTS % 4) as usize])
}

/// Runs many futures, some at once, and returns what they give in order.
///
/// # Errors
/// The first error of any of them.
pub async fn all_at_once<T, F>(futures: impl Iterator<Item = F>) -> anyhow::Result<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = anyhow::Result<T>> + Send + 'static,
{
    let mut futures = futures.enumerate();
    let mut running = JoinSet::new();
    let mut done: Vec<Option<T>> = Vec::new();
    let within = Duration::from_secs(120);
    loop {
        while running.len() < PREPARED_AT_ONCE
            && let Some((place, future)) = futures.next()
        {
            done.push(None);
            running.spawn(async move { (place, tokio::time::timeout(within, future).await) });
        }
        let Some(finished) = running.join_next().await else { break };
        let (place, outcome) = finished?;
        done[place] = Some(outcome.context("it took too long")??);
    }
    Ok(done.into_iter().map(|one| one.expect("every place was filled")).collect())
}

//! One simulated candidate: signs in, starts, thinks, answers, changes its mind, loses the network,
//! goes on with another phone, hands in, and checks what the server kept.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use super::habits::{Habits, happens};
use super::phone::{Outcome, Phone, differing};
use super::uploads::{Sent, Shared, Uploads};
use super::{Identity, Plan, check};
use crate::http::{Http, Reply};
use crate::recorder::{Recorder, Wait};
use crate::wire::hospital;

/// How long a candidate tries to get in before that is an error.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many taps a candidate sends over HTTP before it goes back to the socket.
const FALLBACK_TAPS: u32 = 5;

/// What one candidate has to tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Story {
    pub(super) acknowledged: u64,
    pub(super) lost: u64,
    pub(super) reconnects: u64,
    pub(super) takeovers: u64,
    pub(super) fallbacks: u64,
    pub(super) busy: u64,
    pub(super) queue_longest: u64,
    pub(super) photographs: Sent,
    pub(super) error: Option<String>,
}

pub(super) struct Candidate {
    pub(super) place: usize,
    pub(super) plan: Arc<Plan>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) began: Instant,
    camera: Shared,
    rng: ChaCha20Rng,
    http: Http,
    story: Story,
}

/// A question as far as a candidate has to know it.
struct Question {
    slot: u64,
    options: Vec<String>,
    many: bool,
}

impl Candidate {
    pub(super) fn new(
        place: usize,
        plan: Arc<Plan>,
        recorder: Arc<Recorder>,
        camera: Shared,
        began: Instant,
    ) -> Self {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&plan.seed.to_be_bytes());
        seed[8..16].copy_from_slice(&(place as u64).to_be_bytes());
        let http = Http::new(plan.address, hospital(place), None);
        let (rng, story) = (ChaCha20Rng::from_seed(seed), Story::default());
        Self { place, plan, recorder, began, camera, rng, http, story }
    }

    pub(super) async fn sit(mut self) -> Story {
        if let Err(error) = self.through_it_all().await {
            self.story.error = Some(format!("candidate {}: {error:#}", self.place));
        }
        self.story
    }

    async fn through_it_all(&mut self) -> anyhow::Result<()> {
        let plan = Arc::clone(&self.plan);
        let share = plan.arrival.share(self.place, plan.identities.len());
        sleep_until(self.began + plan.arrive_within.mul_f64(share)).await;
        self.sign_in(&plan.identities[self.place]).await?;
        if let Some(start_at) = plan.start_at {
            sleep_until(self.began + start_at).await; // A joint start.
        }
        let attempt = self.start().await?;
        let started = Instant::now();
        let questions = self.paper(&attempt).await?;
        self.http.hang_up();
        let token = self.http.token().context("signed in")?.to_owned();
        let mut own = [0; 32];
        self.rng.fill_bytes(&mut own);
        let rng = ChaCha20Rng::from_seed(own);
        let mut phone = Phone::new(plan.address, hospital(self.place), token, attempt.clone(), rng);
        let dialled = Instant::now();
        phone.open(false).await.context("open")?;
        self.recorder.note(self.place, Wait::Open, dialled.elapsed());
        let hand_in_at = started + plan.habits.hands_in_after(&mut self.rng);
        let mut uploads = Uploads::new(self.camera.clone(), self.place);
        let answered = self.answer(&mut phone, &mut uploads, &questions, hand_in_at).await;
        let acknowledged = answered?;
        let closed = self.hand_in(&mut phone).await?;
        self.story.photographs = uploads.ended().await;
        let failed = self.story.photographs.failed;
        anyhow::ensure!(failed == 0, "{failed} photographs were not taken");
        self.story.reconnects += phone.reconnects;
        self.story.busy += phone.busy;
        let record = self.get(&format!("/attempts/{attempt}/record")).await?.json();
        let lost = check::lost(&attempt, &acknowledged, &record, &closed["receipt"])?;
        self.story.lost += lost as u64;
        Ok(())
    }

    async fn sign_in(&mut self, identity: &Identity) -> anyhow::Result<()> {
        let (id_number, password) = match identity {
            Identity::Token(token) => {
                self.http.sign_in(token.clone());
                return Ok(());
            }
            Identity::Account { id_number, password } => (id_number, password),
        };
        let body = json!({ "id_number": id_number, "password": password });
        let (began, mut ticket) = (Instant::now(), String::new());
        loop {
            let headers = [("queue-ticket", ticket.as_str())];
            let headers = if ticket.is_empty() { &headers[..0] } else { &headers[..] };
            let method = axum::http::Method::POST;
            let reply = self.http.request(method, "/sign-in", Some(&body), headers).await?;
            let said = reply.json();
            if reply.status.is_success() {
                self.recorder.note(self.place, Wait::SignIn, began.elapsed());
                let token = said["token"].as_str().context("a token")?;
                self.http.sign_in(token.to_owned());
                return Ok(());
            }
            let position = said["position"].as_u64().unwrap_or(0);
            self.story.queue_longest = self.story.queue_longest.max(position);
            let wait = reply.retry_after();
            anyhow::ensure!(began.elapsed() < PATIENCE, "not let in: {said}");
            let wait = wait.with_context(|| format!("sign-in: {} {said}", reply.status))?;
            if let Some(held) = said["queue_ticket"].as_str() {
                held.clone_into(&mut ticket);
            }
            self.story.busy += u64::from(position == 0);
            sleep(wait).await;
        }
    }

    /// GETs what must be there, as often as the server asks for patience.
    async fn get(&mut self, path: &str) -> anyhow::Result<Reply> {
        let began = Instant::now();
        loop {
            let reply = self.http.get(path).await;
            let wait = match &reply {
                Ok(reply) if reply.status.is_success() => return Ok(reply.clone()),
                Ok(reply) => reply.retry_after(),
                Err(_) => Some(Duration::from_millis(500)), // It restarts, perhaps.
            };
            let patient = began.elapsed() < PATIENCE;
            let Some(wait) = wait.filter(|_| patient) else { anyhow::bail!("{path}: {reply:?}") };
            self.story.busy += 1;
            sleep(wait).await;
        }
    }

    async fn start(&mut self) -> anyhow::Result<String> {
        let exam = self.plan.exam;
        let notice = self.get(&format!("/exams/{exam}/notice")).await?.json();
        let consents = notice["consents"].as_array().cloned().unwrap_or_default();
        let given = consents.iter().filter_map(|consent| {
            let version = &consent["version"];
            Some((
                consent["kind"].as_str()?.to_owned(),
                json!({ "version": version, "given": true }),
            ))
        });
        let given: serde_json::Map<String, Value> = given.collect();
        let mut body =
            json!({ "notice_version": notice["version"], "accepted": true, "consents": given });
        if notice["proctoring"].is_object() {
            body["camera"] = "live".into();
        }
        let (began, path) = (Instant::now(), format!("/exams/{exam}/attempts"));
        loop {
            let reply = self.http.post(&path, &body).await?;
            if reply.status.is_success() {
                self.recorder.note(self.place, Wait::Start, began.elapsed());
                let started = reply.json();
                return Ok(started["attempt_id"].as_str().context("an attempt")?.to_owned());
            }
            let wait = reply.retry_after().filter(|_| began.elapsed() < PATIENCE);
            let wait = wait.with_context(|| format!("start: {} {}", reply.status, reply.json()))?;
            self.story.busy += 1;
            sleep(wait).await;
        }
    }

    async fn paper(&mut self, attempt: &str) -> anyhow::Result<Vec<Question>> {
        let asked = Instant::now();
        let paper = self.get(&format!("/attempts/{attempt}/paper")).await?.json();
        self.recorder.note(self.place, Wait::Paper, asked.elapsed());
        let ids = |options: &Value| -> Vec<String> {
            let options = options.as_array().into_iter().flatten();
            options.filter_map(|option| Some(option["id"].as_str()?.to_owned())).collect()
        };
        let groups = paper["groups"].as_array().cloned().unwrap_or_default();
        let mut questions = Vec::new();
        for slot in paper["slots"].as_array().into_iter().flatten() {
            let mut options = ids(&slot["options"]);
            if options.is_empty() {
                let group = groups.iter().find(|group| group["group"] == slot["group"]);
                options = group.map(|group| ids(&group["options"])).unwrap_or_default();
            }
            let number = slot["slot"].as_u64().context("a slot has a number")?;
            anyhow::ensure!(!options.is_empty(), "slot {number} shows no options");
            questions.push(Question { slot: number, options, many: slot["choose"] == "many" });
        }
        anyhow::ensure!(!questions.is_empty(), "an empty paper");
        Ok(questions)
    }

    /// Answers until it is time to hand in, and returns what was acknowledged by slot.
    async fn answer(
        &mut self,
        phone: &mut Phone,
        uploads: &mut Uploads,
        questions: &[Question],
        until: Instant,
    ) -> anyhow::Result<BTreeMap<u64, Vec<String>>> {
        let habits = self.plan.habits;
        let mut acknowledged = BTreeMap::new();
        let (mut next, mut over_http) = (0, 0_u32);
        loop {
            let tap_at = Instant::now() + habits.think(&mut self.rng);
            if tap_at >= until {
                sleep_until(until).await;
                return Ok(acknowledged);
            }
            sleep_until(tap_at).await;
            let again = happens(&mut self.rng, habits.changes_per_mille);
            let place = if again { self.rng.next_u32() as usize } else { next };
            next += usize::from(!again);
            let question = &questions[place % questions.len()];
            self.misfortune(phone, habits, &mut over_http, &acknowledged).await?;
            let response = self.choose(question);
            let message = json!({ "t": "save", "slot": question.slot, "response": response });
            let tapped = Instant::now();
            let n = phone.send(message).await;
            if happens(&mut self.rng, habits.drops_per_mille) {
                phone.drop_network(); // With the tap under way.
            }
            let outcome = if over_http > 0 {
                over_http -= 1;
                phone.settle_over_http(&mut self.http).await?
            } else {
                phone.settle(n).await?
            };
            for request in std::mem::take(&mut phone.asked) {
                let token = self.http.token().map(str::to_owned);
                let http = Http::new(self.plan.address, hospital(self.place), token);
                uploads.begin(http, phone.photo_path(&request));
            }
            match outcome {
                Outcome::Acknowledged => {
                    self.recorder.note(self.place, Wait::Ack, tapped.elapsed());
                    self.story.acknowledged += 1;
                    acknowledged.insert(question.slot, response);
                }
                Outcome::Refused(code) => anyhow::bail!("a save was refused: {code}"),
                Outcome::Closed(_) => anyhow::bail!("closed before the hand-in"),
            }
            if happens(&mut self.rng, habits.marks_per_mille) {
                let mark = json!({ "t": "mark", "slot": question.slot, "on": true });
                let n = phone.send(mark).await;
                anyhow::ensure!(phone.settle(n).await? == Outcome::Acknowledged, "a mark");
            }
        }
    }

    /// What may befall a candidate between two taps.
    async fn misfortune(
        &mut self,
        phone: &mut Phone,
        habits: Habits,
        over_http: &mut u32,
        acknowledged: &BTreeMap<u64, Vec<String>>,
    ) -> anyhow::Result<()> {
        if happens(&mut self.rng, habits.takeovers_per_mille) {
            self.story.takeovers += 1;
            phone.change_phone().await.context("takeover")?;
            // The other phone shows what was acknowledged on the first.
            self.story.lost += differing(acknowledged, &phone.responses) as u64;
        }
        if *over_http == 0 && happens(&mut self.rng, habits.fallbacks_per_mille) {
            self.story.fallbacks += 1;
            *over_http = FALLBACK_TAPS;
            phone.drop_network();
        }
        Ok(())
    }

    fn choose(&mut self, question: &Question) -> Vec<String> {
        let count = if question.many { 1 + self.rng.next_u32() as usize % 3 } else { 1 };
        let first = self.rng.next_u32() as usize;
        let length = question.options.len();
        let mut chosen: Vec<String> = (0..count.min(length))
            .map(|step| question.options[(first + step) % length].clone())
            .collect();
        chosen.sort();
        chosen
    }

    async fn hand_in(&mut self, phone: &mut Phone) -> anyhow::Result<Value> {
        let began = Instant::now();
        let closed = phone.hand_in().await?;
        self.recorder.note(self.place, Wait::HandIn, began.elapsed());
        Ok(closed)
    }
}

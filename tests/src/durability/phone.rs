//! A phone that saves without a pause, through whatever happens to the servers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::below;
use super::hall::Hall;
use super::ledger::Save;
use crate::Candidate;

/// How many saves a phone has under way at once.
const IN_FLIGHT: usize = 4;

/// After so many opens a phone hands in and starts anew: an attempt may be opened 100 times.
const OPENS: u32 = 60;

/// After so many messages too: an attempt takes 20,000 events.
const MESSAGES: u64 = 15_000;

/// How long a phone waits for a word of the server before it tries another.
const WORD_WITHIN: Duration = Duration::from_secs(3);

const RETRY_AFTER: Duration = Duration::from_millis(50);

/// A phone at work.
pub(super) struct Phone {
    candidate: Candidate,
    attempt: String,
    rng: ChaCha20Rng,
    next_n: u64,
    opens: u32,
    /// Saves under way, in order.
    pending: VecDeque<Save>,
    /// The newest acknowledged response of each slot.
    responses: BTreeMap<u16, &'static str>,
    hall: Arc<Hall>,
}

impl Phone {
    /// A phone that has started its attempt.
    pub(super) async fn start(candidate: Candidate, hall: Arc<Hall>, rng: ChaCha20Rng) -> Self {
        let attempt = candidate.start(hall.exam).await;
        let (pending, responses) = (VecDeque::new(), BTreeMap::new());
        Self { candidate, attempt, rng, next_n: 1, opens: 0, pending, responses, hall }
    }

    /// Saves until the hall is done, and hands in.
    pub(super) async fn run(mut self) {
        loop {
            let sat = if below(&mut self.rng, 100) < self.hall.habits.http_percent {
                self.sit_by_http().await
            } else {
                self.sit_by_socket().await
            };
            if sat.is_err() {
                let pause = 20 + below(&mut self.rng, 60);
                tokio::time::sleep(Duration::from_millis(pause)).await;
                continue;
            }
            // Nothing is pending: time to hand in, or only to change the way.
            if self.winds_up() {
                // Again until it is answered: the reply to the first may be what was lost.
                while self.hand_in().await.is_err() {
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                if self.hall.done.load(Ordering::Relaxed) {
                    return;
                }
                while self.start_anew().await.is_err() {
                    tokio::time::sleep(RETRY_AFTER).await;
                }
            }
        }
    }

    fn is_worn(&self) -> bool {
        self.opens >= OPENS || self.next_n > MESSAGES
    }

    fn winds_up(&self) -> bool {
        self.hall.done.load(Ordering::Relaxed) || self.is_worn()
    }

    /// The candidate at any of the nodes.
    fn somewhere(&mut self) -> Candidate {
        let node = below(&mut self.rng, self.hall.nodes.len() as u64);
        self.candidate.at(self.hall.nodes[usize::try_from(node).expect("few nodes")])
    }

    /// One connection, to its end.
    async fn sit_by_socket(&mut self) -> Result<(), ()> {
        let candidate = self.somewhere();
        let upgrade = timeout(WORD_WITHIN, candidate.upgrade(&self.attempt)).await;
        let mut socket = upgrade.map_err(drop)?.map_err(drop)?;
        self.opens += 1;
        let port = socket.port();
        self.hall.ports.lock().expect("no holder panics").push((port, self.attempt.clone()));
        let open = json!({ "t": "open", "device": candidate.device, "take_over": false });
        socket.send_raw(text(&open)).await.map_err(drop)?;
        let first = timeout(WORD_WITHIN, socket.next()).await.map_err(drop)?.map_err(drop)?;
        if first["t"] != "state" {
            return Err(());
        }
        for save in &self.pending {
            socket.send_raw(text(&message(*save))).await.map_err(drop)?;
        }
        let mut left = self.messages_of_a_sitting();
        loop {
            while self.pending.len() < IN_FLIGHT && left > 0 && !self.winds_up() {
                let save = self.choose();
                left -= 1;
                self.pending.push_back(save);
                socket.send_raw(text(&message(save))).await.map_err(drop)?;
            }
            if self.pending.is_empty() {
                return Ok(());
            }
            let reply = timeout(WORD_WITHIN, socket.next()).await.map_err(drop)?.map_err(drop)?;
            match reply["t"].as_str() {
                Some("ack") => {
                    self.acknowledge(reply["n"].as_u64().expect("a number"));
                    tokio::time::sleep(self.hall.habits.think).await;
                }
                // Connect again, and send all pending again.
                Some("nack") => {
                    self.note_refusal(&reply);
                    return Err(());
                }
                _ => {}
            }
        }
    }

    /// How long one way is kept; for ever, where there is only one.
    fn messages_of_a_sitting(&mut self) -> u64 {
        match self.hall.habits.http_percent {
            0 if self.hall.nodes.len() == 1 => u64::MAX,
            _ => 20 + below(&mut self.rng, 60),
        }
    }

    /// Some requests.
    async fn sit_by_http(&mut self) -> Result<(), ()> {
        for _ in 0..10 {
            while self.pending.len() < IN_FLIGHT && !self.winds_up() {
                let save = self.choose();
                self.pending.push_back(save);
            }
            if self.pending.is_empty() {
                return Ok(());
            }
            self.post_pending().await?;
            tokio::time::sleep(self.hall.habits.think).await;
        }
        self.pending.is_empty().then_some(()).ok_or(())
    }

    async fn post_pending(&mut self) -> Result<(), ()> {
        let events: Vec<Value> = self.pending.iter().map(|save| message(*save)).collect();
        let candidate = self.somewhere();
        let body = json!({ "device": candidate.device, "events": events });
        let path = format!("/attempts/{}/events", self.attempt);
        let request = candidate.try_request(Method::POST, &path, Some(body));
        let (status, reply) = timeout(WORD_WITHIN, request).await.map_err(drop)?.map_err(drop)?;
        let nacks = reply["nacks"].as_array().map_or(0, Vec::len);
        for nack in reply["nacks"].as_array().into_iter().flatten() {
            self.note_refusal(nack);
        }
        // A frame is all or nothing, so a refusal for now refuses everything here.
        if status != StatusCode::OK || nacks > 0 {
            return Err(());
        }
        self.acknowledge(reply["acked"].as_u64().ok_or(())?);
        Ok(())
    }

    fn choose(&mut self) -> Save {
        let n = self.next_n;
        self.next_n += 1;
        let slot = u16::try_from(below(&mut self.rng, 14)).expect("few slots") + 1;
        let option = ["a", "b", "c", "d"][usize::try_from(below(&mut self.rng, 4)).expect("few")];
        let mark = self.hall.marks.fetch_add(1, Ordering::Relaxed);
        Save { n, slot, option, mark, refused_once: false }
    }

    /// # Panics
    /// When the refusal is a final one: these phones do nothing wrong. One of them may be told
    /// `elsewhere` all the same, by a connection that it gave up while its open still waited for
    /// the database: that open is accepted later, and fences the phone's own newer connection.
    fn note_refusal(&mut self, nack: &Value) {
        let by_itself = nack["code"] == "elsewhere";
        assert!(nack["retry_ms"].is_u64() || by_itself, "only for now: {nack}");
        self.hall.refusals.fetch_add(1, Ordering::Relaxed);
        // Those behind it may have been stored all the same.
        for save in &mut self.pending {
            save.refused_once = true;
        }
    }

    fn acknowledge(&mut self, up_to: u64) {
        let count = self.pending.iter().take_while(|save| save.n <= up_to).count();
        let saves: Vec<Save> = self.pending.drain(..count).collect();
        for save in &saves {
            self.responses.insert(save.slot, save.option);
        }
        self.hall.ledger.note(&self.attempt, saves);
    }

    async fn hand_in(&mut self) -> Result<(), ()> {
        let candidate = self.somewhere();
        let body = json!({ "device": candidate.device, "n": self.next_n, "events": [] });
        let path = format!("/attempts/{}/submit", self.attempt);
        let request = candidate.try_request(Method::POST, &path, Some(body));
        let (status, reply) = timeout(WORD_WITHIN, request).await.map_err(drop)?.map_err(drop)?;
        if status != StatusCode::OK {
            return Err(());
        }
        assert_eq!(reply["receipt"]["answered"], self.responses.len(), "{reply}");
        Ok(())
    }

    async fn start_anew(&mut self) -> Result<(), ()> {
        let candidate = self.somewhere();
        let body = json!({ "notice_version": "1", "accepted": true });
        let path = format!("/exams/{}/attempts", self.hall.exam);
        let request = candidate.try_request(Method::POST, &path, Some(body));
        let (status, reply) = timeout(WORD_WITHIN, request).await.map_err(drop)?.map_err(drop)?;
        if !status.is_success() {
            return Err(());
        }
        reply["attempt_id"].as_str().expect("an id").clone_into(&mut self.attempt);
        self.next_n = 1;
        self.opens = 0;
        self.responses.clear();
        Ok(())
    }
}

/// A save as a message; the time the phone claims makes its frame easy to find in a trace.
fn message(save: Save) -> Value {
    let response = [save.option];
    let Save { n, slot, mark, .. } = save;
    json!({ "t": "save", "n": n, "slot": slot, "response": response, "client_at_ms": mark })
}

fn text(message: &Value) -> Message {
    Message::text(message.to_string())
}

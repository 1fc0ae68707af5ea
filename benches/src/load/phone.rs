//! A candidate's phone: what is pending is kept until it is acknowledged or finally refused, sent
//! again in order after every reconnect, and sent over HTTP where the socket does not come back.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::http::Http;
use crate::wire::Wire;

/// How long a phone goes on trying before that counts as an error: a restart of the server, with
/// everybody coming back at once, takes a tenth of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long one reply on the socket may take before the phone connects again.
const REPLY_WITHIN: Duration = Duration::from_secs(15);

/// The longest pause before a reconnect; the pause is drawn, so that not all come back at once.
const JITTER_MS: u32 = 500;

/// Something sent that is not acknowledged yet.
#[derive(Clone, Debug)]
struct Pending {
    n: u64,
    message: Value,
}

/// A phone of one attempt.
pub(super) struct Phone {
    server: SocketAddr,
    source: Ipv4Addr,
    token: String,
    attempt: String,
    device: String,
    next_n: u64,
    pending: VecDeque<Pending>,
    wire: Option<Wire>,
    rng: ChaCha20Rng,
    /// Photographs that were asked for and not taken yet.
    pub(super) asked: Vec<String>,
    /// What the newest state said of the responses.
    pub(super) responses: Value,
    /// How often it had to connect again.
    pub(super) reconnects: u64,
    /// How often the server asked for patience.
    pub(super) busy: u64,
}

/// How a message ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// It is durable.
    Acknowledged,
    /// It will not be taken, with the code.
    Refused(String),
    /// The attempt is closed: receipt and result.
    Closed(Value),
}

fn fresh_device(rng: &mut ChaCha20Rng) -> String {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

impl Phone {
    pub(super) fn new(
        server: SocketAddr,
        source: Ipv4Addr,
        token: String,
        attempt: String,
        mut rng: ChaCha20Rng,
    ) -> Self {
        Self {
            server,
            source,
            token,
            attempt,
            device: fresh_device(&mut rng),
            next_n: 1,
            pending: VecDeque::new(),
            wire: None,
            rng,
            asked: Vec::new(),
            responses: Value::Null,
            reconnects: 0,
            busy: 0,
        }
    }

    /// Connects and opens, taking over where that was asked for.
    pub(super) async fn open(&mut self, take_over: bool) -> anyhow::Result<()> {
        let path = format!("/api/v1/attempts/{}/connection", self.attempt);
        let mut wire = Wire::connect(self.server, self.source, &path, Some(&self.token)).await?;
        let open = json!({ "t": "open", "device": self.device, "take_over": take_over });
        wire.send(open.to_string()).await?;
        let state = timeout(REPLY_WITHIN, wire.receive_start(r#"{"t":"state""#)).await??;
        let mut state: Value = serde_json::from_str(&state)?;
        self.next_n = self.next_n.max(state["acked"][&self.device].as_u64().unwrap_or(0) + 1);
        self.responses = state["responses"].take();
        for pending in &self.pending {
            wire.send(pending.message.to_string()).await?;
        }
        self.wire = Some(wire);
        Ok(())
    }

    /// Where the photograph of a request goes.
    pub(super) fn photo_path(&self, request: &str) -> String {
        format!("/attempts/{}/snapshots/{request}", self.attempt)
    }

    /// Loses the network.
    pub(super) fn drop_network(&mut self) {
        self.wire = None;
    }

    /// Another phone of the same candidate takes the session over; the old connection must be told.
    pub(super) async fn change_phone(&mut self) -> anyhow::Result<()> {
        let old = self.wire.take();
        self.device = fresh_device(&mut self.rng);
        self.next_n = 1;
        self.open(true).await?;
        if let Some(mut old) = old {
            let code =
                timeout(REPLY_WITHIN, old.ended()).await.context("not told of a takeover")?;
            anyhow::ensure!(matches!(code, Some(4409) | None), "a takeover ended with {code:?}");
        }
        Ok(())
    }

    /// Sends a message, once; what becomes of it is for [`Self::settle`] to find out.
    pub(super) async fn send(&mut self, mut message: Value) -> u64 {
        let n = self.next_n;
        self.next_n += 1;
        message["n"] = n.into();
        let text = message.to_string();
        self.pending.push_back(Pending { n, message });
        if let Some(wire) = &mut self.wire
            && wire.send(text).await.is_err()
        {
            self.wire = None;
        }
        n
    }

    /// Hands in, and waits for the close through as many connections as that takes.
    pub(super) async fn hand_in(&mut self) -> anyhow::Result<Value> {
        let n = self.send(json!({ "t": "submit" })).await;
        // The close is the answer; an acknowledgement that comes before it is none.
        match self.settle_until(n, true).await? {
            Outcome::Closed(closed) => Ok(closed),
            other => anyhow::bail!("hand-in: {other:?}"),
        }
    }

    /// Waits until message `n` has ended, through as many connections as that takes.
    pub(super) async fn settle(&mut self, n: u64) -> anyhow::Result<Outcome> {
        self.settle_until(n, false).await
    }

    async fn settle_until(&mut self, n: u64, closed: bool) -> anyhow::Result<Outcome> {
        let began = Instant::now();
        loop {
            let outcome = match self.wire {
                Some(_) => {
                    timeout(REPLY_WITHIN, self.listen(n, closed)).await.context("no reply")?
                }
                None => Err(anyhow::anyhow!("no connection")),
            };
            match outcome {
                Ok(outcome) => return Ok(outcome),
                Err(error) if began.elapsed() > PATIENCE => return Err(error),
                Err(_) => {}
            }
            self.wire = None;
            self.reconnects += 1;
            sleep(Duration::from_millis(u64::from(self.rng.next_u32() % JITTER_MS))).await;
            if let Err(error) = self.open(false).await
                && let Some(closed) = self.closed_meanwhile(&error).await
            {
                return Ok(Outcome::Closed(closed));
            }
        }
    }

    /// Reads until message `n` has ended, or the attempt is closed.
    async fn listen(&mut self, n: u64, closed: bool) -> anyhow::Result<Outcome> {
        loop {
            let wire = self.wire.as_mut().expect("there is a connection");
            let reply: Value = serde_json::from_str(&wire.receive().await?)?;
            match reply["t"].as_str() {
                Some("ack") => {
                    let up_to = reply["n"].as_u64().unwrap_or(0);
                    self.pending.retain(|pending| pending.n > up_to);
                    if up_to >= n && !closed {
                        return Ok(Outcome::Acknowledged);
                    }
                }
                Some("nack") => {
                    if let Some(code) = self.nacked(&reply, n).await? {
                        return Ok(Outcome::Refused(code));
                    }
                }
                Some("snapshot") => {
                    self.asked.extend(reply["request_id"].as_str().map(str::to_owned));
                }
                Some("closed") => return Ok(Outcome::Closed(reply)),
                _ => {}
            }
        }
    }

    /// Sends a message again that the server had no time for; its code where it is final for `n`.
    async fn nacked(&mut self, nack: &Value, n: u64) -> anyhow::Result<Option<String>> {
        let number = nack["n"].as_u64().unwrap_or(0);
        let Some(retry_ms) = nack["retry_ms"].as_u64() else {
            self.pending.retain(|pending| pending.n != number);
            let code = nack["code"].as_str().unwrap_or_default().to_owned();
            return Ok((number == n).then_some(code));
        };
        self.busy += 1;
        sleep(Duration::from_millis(retry_ms)).await;
        if let Some(pending) = self.pending.iter_mut().find(|pending| pending.n == number) {
            pending.message["arrived"] = nack["arrived"].clone();
            let text = pending.message.to_string();
            self.wire.as_mut().context("no connection")?.send(text).await?;
        }
        Ok(None)
    }

    /// A phone that cannot open because the attempt has been closed asks for the result.
    async fn closed_meanwhile(&self, error: &anyhow::Error) -> Option<Value> {
        if !format!("{error:#}").contains("closed") {
            return None;
        }
        let mut http = Http::new(self.server, self.source, Some(self.token.clone()));
        let reply = http.get(&format!("/attempts/{}/result", self.attempt)).await.ok()?;
        let result = reply.json();
        reply.status.is_success().then(|| json!({ "receipt": result["receipt"], "result": result }))
    }

    /// Sends what is pending over HTTP, and ends it there.
    pub(super) async fn settle_over_http(&mut self, http: &mut Http) -> anyhow::Result<Outcome> {
        let began = Instant::now();
        let path = format!("/attempts/{}/events", self.attempt);
        loop {
            let events: Vec<&Value> = self.pending.iter().map(|pending| &pending.message).collect();
            let body = json!({ "device": self.device, "events": events });
            let reply = http.post(&path, &body).await;
            if let Ok(reply) = &reply
                && reply.status.is_success()
            {
                let said = reply.json();
                let nacks = said["nacks"].as_array().cloned().unwrap_or_default();
                let waits = nacks.iter().filter_map(|nack| nack["retry_ms"].as_u64()).max();
                let refused = nacks.iter().find(|nack| nack["retry_ms"].is_null());
                self.pending.retain(|pending| {
                    nacks.iter().any(|n| n["n"] == pending.n && !n["retry_ms"].is_null())
                });
                if let Some(refused) = refused {
                    let code = refused["code"].as_str().unwrap_or_default();
                    return Ok(Outcome::Refused(code.to_owned()));
                }
                let Some(wait) = waits else { return Ok(Outcome::Acknowledged) };
                self.busy += 1;
                sleep(Duration::from_millis(wait)).await;
            } else {
                let wait = reply.as_ref().ok().and_then(crate::http::Reply::retry_after);
                anyhow::ensure!(
                    began.elapsed() < PATIENCE && (wait.is_some() || reply.is_err()),
                    "events: {reply:?}"
                );
                self.busy += 1;
                sleep(wait.unwrap_or(Duration::from_millis(500))).await;
            }
        }
    }
}

/// Compares what the phone knows with what a state said.
pub(super) fn differing(acknowledged: &BTreeMap<u64, Vec<String>>, responses: &Value) -> usize {
    let empty = Vec::new();
    let differs = |(slot, response): &(&u64, &Vec<String>)| {
        let found = responses[slot.to_string()].as_array().unwrap_or(&empty);
        found.len() != response.len() || found.iter().zip(response.iter()).any(|(a, b)| a != b)
    };
    acknowledged.iter().filter(differs).count()
}

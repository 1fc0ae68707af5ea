//! A phone that follows the protocol's rules for clients, and remembers what it was told.

use std::collections::VecDeque;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::link::{Inbox, Incoming, Order};

/// How long a phone waits before it connects again.
const RECONNECT_MS: i64 = 400;

/// How long it waits for the first word of a server before it tries another node.
const PATIENCE_MS: i64 = 15_000;

/// How long it waits before the same request again.
const RETRY_MS: i64 = 1_000;

/// What became of a message, as far as its phone knows.
#[derive(Clone, Debug)]
pub struct Told {
    pub device: String,
    pub n: u64,
    /// The message without number.
    pub content: Value,
    pub acked_at: Option<i64>,
    /// The code of a final nack, and when it came.
    pub refused: Option<(String, i64)>,
}

#[derive(Debug)]
struct Pending {
    n: u64,
    arrived: Option<Value>,
    /// It was sent on this connection, and an acknowledgement covers it after so many pongs.
    covered_after: Option<u64>,
    retry_at: Option<i64>,
}

/// One socket of the phone.
pub struct Link {
    pub orders: mpsc::UnboundedSender<Order>,
    pub inbox: Inbox,
    began_at: i64,
    opened: bool,
    pings: u64,
    pongs: u64,
}

/// One device of a candidate.
pub struct Phone {
    pub candidate: usize,
    pub device: String,
    pub node: usize,
    pub attempt: String,
    pub token: String,
    pub link: Option<Link>,
    /// Connections that it forgot and did not close.
    pub forgotten: Vec<Link>,
    pub requests: Inbox,
    pub told: Vec<Told>,
    pending: VecDeque<Pending>,
    next_n: u64,
    pub epoch: Option<u64>,
    pub take_over: bool,
    /// Another device has the session.
    pub fenced: bool,
    /// The receipt of the closed attempt.
    pub receipt: Option<Value>,
    pub deadline_ms: Option<i64>,
    reconnect_at: i64,
    /// What it sends is under way until then, and what is sent to it is lost until then.
    pub out_until: i64,
    pub deaf_until: i64,
    out: VecDeque<String>,
    request_at: Option<i64>,
    pub lose_answer: bool,
}

/// What a phone wants from the network.
pub enum Wish {
    Connect,
    Post { path: String, body: Value, brought: Vec<u64> },
}

impl Phone {
    pub fn new(candidate: usize, number: usize, node: usize, attempt: &str, token: &str) -> Self {
        Self {
            candidate,
            device: format!("00000000-0000-4000-8000-{:012x}", candidate * 256 + number + 1),
            node,
            attempt: attempt.to_owned(),
            token: token.to_owned(),
            link: None,
            forgotten: Vec::new(),
            requests: Inbox::default(),
            told: Vec::new(),
            pending: VecDeque::new(),
            next_n: 1,
            epoch: None,
            take_over: number > 0,
            fenced: false,
            receipt: None,
            deadline_ms: None,
            reconnect_at: 0,
            out_until: 0,
            deaf_until: 0,
            out: VecDeque::new(),
            request_at: None,
            lose_answer: false,
        }
    }

    pub fn is_done(&self) -> bool {
        self.receipt.is_some() || self.fenced
    }

    /// The candidate does something.
    pub fn act(&mut self, contents: &[Value], swapped: bool) {
        if self.is_done() {
            return;
        }
        let first = self.pending.len();
        for content in contents {
            let n = self.next_n;
            self.next_n += 1;
            let device = self.device.clone();
            let content = content.clone();
            self.told.push(Told { device, n, content, acked_at: None, refused: None });
            let fresh = Pending { n, arrived: None, covered_after: None, retry_at: None };
            self.pending.push_back(fresh);
        }
        let mut places: Vec<usize> = (first..self.pending.len()).collect();
        if swapped {
            places.reverse();
        }
        if self.link.as_ref().is_some_and(|link| link.opened) {
            for place in places {
                self.send(place);
            }
        }
    }

    fn body(&self, pending: &Pending) -> Value {
        let told = self.told.iter().find(|told| told.n == pending.n).expect("it was noted");
        let mut body = told.content.clone();
        body["n"] = json!(pending.n);
        if let Some(arrived) = &pending.arrived {
            body["arrived"] = arrived.clone();
        }
        body
    }

    fn send(&mut self, place: usize) {
        let body = self.body(&self.pending[place]);
        let Some(link) = &mut self.link else { return };
        self.out.push_back(body.to_string());
        let pending = &mut self.pending[place];
        if pending.retry_at.take().is_some() {
            // An acknowledgement under way may be of a higher number that came before this retry;
            // one that comes after the pong is not.
            link.pings += 1;
            self.out.push_back(json!({ "t": "ping" }).to_string());
        }
        pending.covered_after = Some(link.pings);
    }

    /// Forgets the connection; with `silently` the server does not hear of it.
    pub fn hang_up(&mut self, now: i64, for_ms: i64, silently: bool) {
        if let Some(link) = self.link.take().filter(|_| silently) {
            let _ = link.orders.send(Order::GoSilent);
            self.forgotten.push(link);
        }
        self.out.clear();
        self.reconnect_at = now + for_ms;
        for pending in &mut self.pending {
            (pending.covered_after, pending.retry_at) = (None, None);
        }
    }

    pub fn connected(&mut self, orders: mpsc::UnboundedSender<Order>, inbox: Inbox, now: i64) {
        let open = json!({ "t": "open", "device": self.device, "take_over": self.take_over });
        self.out.clear();
        self.out.push_back(open.to_string());
        let link = Link { orders, inbox, began_at: now, opened: false, pings: 0, pongs: 0 };
        self.link = Some(link);
    }

    /// Sends everything pending over HTTP.
    pub fn wish_request(&mut self, now: i64) {
        self.request_at = Some(now);
    }

    /// Reads what came and does what is due.
    pub fn step(&mut self, now: i64, nodes: usize) -> (bool, Vec<Wish>) {
        let (mut moved, mut wishes) = (false, Vec::new());
        while let Some(incoming) = pop(&self.requests) {
            moved = true;
            if let Incoming::Answer { status, body, brought } = incoming
                && !std::mem::take(&mut self.lose_answer)
            {
                self.answered(now, status, &body, &brought);
            }
        }
        while let Some(incoming) = self.link.as_ref().and_then(|link| pop(&link.inbox)) {
            moved = true;
            if now >= self.deaf_until {
                self.heard(now, incoming);
            } else if matches!(incoming, Incoming::Ended(_)) {
                self.hang_up(now, RECONNECT_MS, false);
            }
        }
        if self.is_done() {
            self.link = None;
            return (moved, wishes);
        }
        if self.link.as_ref().is_some_and(|l| !l.opened && now - l.began_at > PATIENCE_MS) {
            self.node = (self.node + 1) % nodes;
            self.hang_up(now, 0, false);
        }
        let due = |p: &Pending| p.retry_at.is_some_and(|at| at <= now);
        let opened = self.link.as_ref().is_some_and(|link| link.opened);
        if opened {
            let places: Vec<usize> =
                (0..self.pending.len()).filter(|&place| due(&self.pending[place])).collect();
            places.into_iter().for_each(|place| self.send(place));
        }
        if let Some(link) = self.link.as_ref().filter(|_| now >= self.out_until) {
            for text in self.out.drain(..) {
                moved = true;
                let _ = link.orders.send(Order::Send(text));
            }
        }
        if self.link.is_none() && now >= self.reconnect_at {
            moved = true;
            wishes.push(Wish::Connect);
        }
        if self.request_at.is_some_and(|at| at <= now) {
            self.request_at = None;
            if !self.pending.is_empty() {
                moved = true;
                let events: Vec<Value> = self.pending.iter().map(|p| self.body(p)).collect();
                let brought = self.pending.iter().map(|p| p.n).collect();
                let path = format!("/attempts/{}/events", self.attempt);
                let body = json!({ "device": self.device, "events": events });
                wishes.push(Wish::Post { path, body, brought });
            }
        }
        (moved, wishes)
    }

    fn answered(&mut self, now: i64, status: u16, body: &Value, brought: &[u64]) {
        match status {
            200 => {
                let nacks = body["nacks"].as_array().cloned().unwrap_or_default();
                for &n in brought {
                    match nacks.iter().find(|nack| nack["n"] == n) {
                        Some(nack) => self.nacked(now, nack),
                        None => self.acked(now, |pending| pending.n == n),
                    }
                }
            }
            409 if body["code"] == "elsewhere" => self.fenced = true,
            _ => self.request_at = Some(now + RETRY_MS),
        }
    }

    fn heard(&mut self, now: i64, incoming: Incoming) {
        match incoming {
            Incoming::Answer { .. } => {}
            Incoming::Ended(frame) => match frame {
                Some((4409, reason)) if reason == "another device" => self.fenced = true,
                Some((4429, _)) => self.fenced = true, // The attempt's opens are used up.
                _ => self.hang_up(now, RECONNECT_MS, false),
            },
            Incoming::Message(message) => self.message(now, &message),
        }
    }

    fn message(&mut self, now: i64, message: &Value) {
        match message["t"].as_str().unwrap_or("") {
            "state" => {
                self.deadline_ms = message["deadline_ms"].as_i64().or(self.deadline_ms);
                let acked = message["acked"][&self.device].as_u64().unwrap_or(0);
                let Some(link) = &mut self.link else { return };
                if !std::mem::replace(&mut link.opened, true) {
                    self.epoch = message["epoch"].as_u64();
                    self.take_over = false;
                    self.next_n = self.next_n.max(acked + 1);
                    (0..self.pending.len()).for_each(|place| self.send(place));
                }
            }
            "elsewhere" => self.fenced = true,
            "ack" => {
                let n = message["n"].as_u64().expect("an ack has a number");
                let pongs = self.link.as_ref().map_or(0, |link| link.pongs);
                self.acked(now, |p| p.n <= n && p.covered_after.is_some_and(|at| at <= pongs));
            }
            "nack" => self.nacked(now, message),
            "pong" => {
                if let Some(link) = &mut self.link {
                    link.pongs += 1;
                }
            }
            "extended" | "resumed" => {
                self.deadline_ms = message["deadline_ms"].as_i64().or(self.deadline_ms);
                for pending in &mut self.pending {
                    pending.retry_at = pending.retry_at.map(|_| now);
                }
            }
            "closed" => self.receipt = Some(message["receipt"].clone()),
            _ => {}
        }
    }

    fn acked(&mut self, now: i64, covers: impl Fn(&Pending) -> bool) {
        let told = &mut self.told;
        self.pending.retain(|pending| {
            if !covers(pending) {
                return true;
            }
            let told = told.iter_mut().find(|told| told.n == pending.n).expect("it was noted");
            told.acked_at = Some(now);
            false
        });
    }

    fn nacked(&mut self, now: i64, nack: &Value) {
        let n = nack["n"].as_u64().expect("a nack has a number");
        if let Some(retry_ms) = nack["retry_ms"].as_i64() {
            if let Some(pending) = self.pending.iter_mut().find(|pending| pending.n == n) {
                pending.covered_after = None;
                pending.retry_at = Some(now + retry_ms);
                pending.arrived = nack.get("arrived").cloned();
            }
            if self.link.is_none() {
                self.request_at = Some(now + retry_ms);
            }
            return;
        }
        self.pending.retain(|pending| pending.n != n);
        let code = nack["code"].as_str().unwrap_or("").to_owned();
        if let Some(told) = self.told.iter_mut().find(|told| told.n == n) {
            told.refused = Some((code, now));
        }
    }
}

fn pop(inbox: &Inbox) -> Option<Incoming> {
    inbox.lock().expect("nobody panics with it").pop_front()
}

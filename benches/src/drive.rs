//! Many connections that send and wait for the answer, as fast as they can or at a pace.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::latency::Latencies;
use crate::recorder::{Recorder, Wait};
use crate::server::saved;
use crate::wire::Wire;

/// What is sent, and what answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Talk {
    /// A save of the protocol and its acknowledgement.
    Save,
    /// The same text to a bare echo.
    Echo,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Driven {
    /// From sending to the answer.
    pub latencies: Latencies,
    /// Answers.
    pub answers: u64,
    /// How long it ran.
    pub took: Duration,
    /// What went wrong, the first few.
    pub errors: Vec<String>,
    /// The connections, to go on with.
    pub wires: Vec<Wire>,
    /// The newest number that each has used.
    pub numbers: Vec<u64>,
}

impl Driven {
    /// Answers a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.answers as f64 / self.took.as_secs_f64()
    }
}

impl Talk {
    async fn exchange(self, wire: &mut Wire, number: u64) -> anyhow::Result<()> {
        let (slot, option) = saved(number);
        let text = format!(
            r#"{{"t":"save","n":{number},"slot":{slot},"response":["{option}"],"client_at_ms":1764000000000}}"#
        );
        wire.send(text).await?;
        match self {
            Self::Save => drop(wire.receive_start(r#"{"t":"ack""#).await?),
            Self::Echo => drop(wire.receive().await?),
        }
        Ok(())
    }
}

/// Lets every connection talk for `length`: with a pace each sends once in that time, beginning at
/// a place of its own in it; without, as soon as it has its answer.
pub async fn drive(
    wires: Vec<Wire>,
    numbers: Vec<u64>,
    talk: Talk,
    pace: Option<Duration>,
    length: Duration,
) -> Driven {
    let (count, stop) = (wires.len(), Arc::new(AtomicBool::new(false)));
    let recorder = Arc::new(Recorder::default());
    let began = Instant::now();
    let mut talking = JoinSet::new();
    for (place, (mut wire, mut number)) in wires.into_iter().zip(numbers).enumerate() {
        let (stop, recorder) = (Arc::clone(&stop), Arc::clone(&recorder));
        talking.spawn(async move {
            let mut next = began
                + pace.map_or(Duration::ZERO, |pace| pace.mul_f64(place as f64 / count as f64));
            let mut error = None;
            while !stop.load(Ordering::Relaxed) && began.elapsed() < length {
                if let Some(pace) = pace {
                    sleep_until(next).await;
                    next += pace;
                }
                let sent = Instant::now();
                number += 1;
                if let Err(what) = talk.exchange(&mut wire, number).await {
                    error = Some(what.to_string());
                    break;
                }
                recorder.note(place, Wait::Ack, sent.elapsed());
            }
            (place, wire, number, error)
        });
    }
    if pace.is_none() {
        sleep(length).await;
        stop.store(true, Ordering::Relaxed);
    }
    let mut driven = Driven::default();
    let mut back = Vec::with_capacity(count);
    while let Some(one) = talking.join_next().await {
        let (place, wire, number, error) = one.expect("a connection does not panic");
        match error {
            Some(error) if driven.errors.len() < 10 => driven.errors.push(error),
            Some(_) => {}
            None => back.push((place, wire, number)),
        }
    }
    driven.took = began.elapsed();
    driven.latencies = recorder.all(Wait::Ack);
    driven.answers = driven.latencies.summary().count as u64;
    back.sort_by_key(|(place, ..)| *place);
    (driven.wires, driven.numbers) =
        back.into_iter().map(|(_, wire, number)| (wire, number)).unzip();
    driven
}

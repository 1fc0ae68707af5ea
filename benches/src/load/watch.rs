//! Watches the server's process beside the load: what it costs, second by second.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::recorder::Recorder;
use crate::usage::{Usage, resident_kib};

/// One second of a run.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Second {
    /// Since the run began.
    pub at_s: f64,
    /// Acknowledgements in it.
    pub acks: usize,
    /// Their 99th percentile, in milliseconds.
    pub ack_p99_ms: f64,
    /// Cores that the server used.
    pub cores: f64,
    /// Its resident memory, in MiB.
    pub resident_mib: f64,
}

/// The process that listens on a loopback address, found as the system's own tools find it: by the
/// socket's inode. `None` where it is another user's.
#[must_use]
pub fn process_at(address: SocketAddr) -> Option<u32> {
    let SocketAddr::V4(v4) = address else { return None };
    let octets = v4.ip().octets();
    let local = format!("{:08X}:{:04X}", u32::from_le_bytes(octets), v4.port());
    let table = std::fs::read_to_string("/proc/net/tcp").ok()?;
    let any = format!("00000000:{:04X}", v4.port());
    let inode = table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens = fields.get(3) == Some(&"0A");
        let here = fields.get(1) == Some(&local.as_str()) || fields.get(1) == Some(&any.as_str());
        (listens && here).then(|| fields.get(9).map(|inode| format!("socket:[{inode}]")))?
    })?;
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .find(|pid| has_open(*pid, &inode))
}

fn has_open(pid: u32, inode: &str) -> bool {
    let files = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    files
        .filter_map(|file| std::fs::read_link(file.path()).ok())
        .any(|target| target.to_str() == Some(inode))
}

/// Notes every second until it is aborted; what was noted is in `seconds`.
pub(super) async fn watch(
    pid: Option<u32>,
    recorder: Arc<Recorder>,
    seconds: Arc<std::sync::Mutex<Vec<Second>>>,
) {
    let began = Instant::now();
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let usage = || pid.map(Usage::of).unwrap_or_default();
    let (mut before, mut before_at) = (usage(), Instant::now());
    loop {
        let at = ticks.tick().await;
        let used = usage();
        let recent = recorder.recent_acks();
        let took = at.duration_since(before_at).as_secs_f64().max(0.001);
        seconds.lock().expect("no holder panics").push(Second {
            at_s: began.elapsed().as_secs_f64(),
            acks: recent.count,
            ack_p99_ms: recent.p99_ms,
            cores: (used - before).cpu.as_secs_f64() / took,
            resident_mib: pid.map_or(0, resident_kib) as f64 / 1_024.0,
        });
        (before, before_at) = (used, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_that_listens_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it has one");
        assert_eq!(process_at(address), Some(std::process::id()));
        drop(listener);
        assert_eq!(process_at(address), None);
    }
}

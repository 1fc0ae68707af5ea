//! What a process costs, read from the system while it runs.

use std::ops::{Add, Sub};
use std::time::Duration;

/// Clock ticks a second of `/proc/PID/stat`; the same on every Linux that this runs on.
const TICKS_PER_SECOND: u64 = 100;

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Time on a core, in the kernel too.
    pub cpu: Duration,
    /// Bytes given to the disk.
    pub written: u64,
}

impl Usage {
    /// Of one process; zero where there is none.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name in brackets may hold anything; fields count from behind it.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks =
            fields.split_whitespace().skip(11).take(2).filter_map(|f| f.parse::<u64>().ok());
        let io = std::fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
        let written = io.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok());
        Self {
            cpu: Duration::from_millis(ticks.sum::<u64>() * 1_000 / TICKS_PER_SECOND),
            written: written.unwrap_or(0),
        }
    }

    /// Of every process whose program has this name, such as all of a PostgreSQL.
    #[must_use]
    pub fn of_all(name: &str) -> Self {
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let named = |pid: &u32| {
            std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|c| c.trim() == name)
        };
        pids.filter(named).map(Self::of).fold(Self::default(), Add::add)
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { cpu: self.cpu + other.cpu, written: self.written + other.written }
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(earlier.cpu),
            written: self.written.saturating_sub(earlier.written),
        }
    }
}

/// Resident memory of a process in KiB; zero where there is none.
#[must_use]
pub fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_time_and_memory() {
        let own = std::process::id();
        let before = Usage::of(own);
        let mut sum = 0_u64;
        while (Usage::of(own) - before).cpu < Duration::from_millis(30) {
            sum = (0..100_000).fold(sum, u64::wrapping_add);
        }
        assert!(resident_kib(own) > 1_000, "{sum}");
        assert_eq!(Usage::of(u32::MAX), Usage::default());
    }
}

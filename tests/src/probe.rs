//! What the disk can do at this moment: it swings forty-fold within an hour, so every figure of
//! durability stands beside a probe. And what this process has used of the cores.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes of one write: a page of the log.
const PAGE: usize = 4_096;

/// Pages of the file that is written over and over.
const PAGES: u64 = 256;

/// How long writes of 4 KiB take, each with its fdatasync, into a file in `folder` that is as long
/// before as after; as many as fit into `length`, at least one, the shortest first.
///
/// # Errors
/// When the folder cannot be written.
#[expect(clippy::disallowed_methods, reason = "a probe measures, and waits for the disk")]
pub fn sync_times(folder: &Path, length: Duration) -> std::io::Result<Vec<Duration>> {
    let mut file = tempfile::tempfile_in(folder)?;
    for _ in 0..PAGES {
        file.write_all(&[0; PAGE])?;
    }
    file.sync_all()?;
    let (mut times, began) = (Vec::new(), Instant::now());
    for page in (0..PAGES).cycle() {
        let start = Instant::now();
        file.seek(SeekFrom::Start(page * PAGE as u64))?;
        file.write_all(&[1; PAGE])?;
        file.sync_data()?;
        times.push(start.elapsed());
        if began.elapsed() >= length {
            break;
        }
    }
    times.sort_unstable();
    Ok(times)
}

/// The value below which `hundredths` of the sorted `times` lie.
///
/// # Panics
/// When there are none.
#[must_use]
pub fn quantile(times: &[Duration], hundredths: usize) -> Duration {
    times[(times.len() * hundredths / 100).min(times.len() - 1)]
}

/// The time that this process has used of all cores.
///
/// # Panics
/// Where there is no `/proc`.
#[must_use]
pub fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux says it");
    let (_, after_name) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks = after_name.split_whitespace().skip(11).take(2);
    let ticks = ticks.map(|ticks| ticks.parse::<u64>().expect("a number"));
    Duration::from_millis(ticks.sum::<u64>() * 10) // Linux counts hundredths.
}

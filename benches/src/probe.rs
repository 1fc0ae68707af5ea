//! What the disk can do at this moment: it swings forty-fold within an hour, so every figure of
//! durability stands beside a probe.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::latency::{Latencies, Summary};

/// Bytes of one write: a page of the log.
const PAGE: usize = 4_096;

/// Writes of 4 KiB, each followed by fdatasync, into a file that is there already, for `length`.
///
/// # Errors
/// When the folder cannot be written.
#[expect(clippy::disallowed_methods, reason = "a probe measures, and waits for the disk")]
pub fn fsync(folder: &Path, length: Duration) -> std::io::Result<Summary> {
    let path = folder.join("probe");
    let mut file = File::create(&path)?;
    file.write_all(&vec![0; PAGE * 256])?;
    file.sync_all()?;
    let mut latencies = Latencies::default();
    let began = Instant::now();
    let mut place = 0;
    while began.elapsed() < length {
        let start = Instant::now();
        file.seek(SeekFrom::Start(place % (PAGE as u64 * 256)))?;
        file.write_all(&[1; PAGE])?;
        file.sync_data()?;
        latencies.add(start.elapsed());
        place += PAGE as u64;
    }
    std::fs::remove_file(path)?;
    Ok(latencies.summary())
}

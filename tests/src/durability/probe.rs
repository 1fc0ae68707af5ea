//! What the disk can do, beside every figure that depends on it.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

/// How long a write of one page and its sync take on the disk of `folder`: median and 99th
/// percentile of `rounds`.
///
/// # Panics
/// When the folder cannot be written.
#[must_use]
pub fn sync_probe(folder: &Path, rounds: usize) -> (Duration, Duration) {
    let mut file = tempfile::NamedTempFile::new_in(folder).expect("a file");
    let mut took: Vec<Duration> = (0..rounds.max(1))
        .map(|_| {
            let began = Instant::now();
            file.write_all(&[7; 4096]).expect("it can be written");
            file.as_file().sync_data().expect("it can be synced");
            began.elapsed()
        })
        .collect();
    took.sort_unstable();
    (took[took.len() / 2], took[(took.len() * 99 / 100).min(took.len() - 1)])
}

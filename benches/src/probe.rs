//! The probe of the disk, summed up as the figures beside it.

use std::path::Path;
use std::time::Duration;

use crate::latency::{Latencies, Summary};

/// Writes of 4 KiB, each followed by fdatasync, for `length`.
///
/// # Errors
/// When the folder cannot be written.
pub fn fsync(folder: &Path, length: Duration) -> std::io::Result<Summary> {
    let mut latencies = Latencies::default();
    for took in exam_tests::probe::sync_times(folder, length)? {
        latencies.add(took);
    }
    Ok(latencies.summary())
}

//! The checksum beside a backup.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};

use super::Refused;

/// Bytes that are read at once.
const PART: usize = 1 << 20;

/// Writes the checksum of `part`, which is about to get the name `file`, beside `file`.
///
/// # Errors
/// When a file cannot be read or written.
pub(super) fn write(part: &Path, file: &Path) -> anyhow::Result<()> {
    let name = file.file_name().and_then(|name| name.to_str());
    let line = format!("{}  {}\n", of(part)?, name.context("the file's name is not UTF-8")?);
    let beside = beside(file);
    std::fs::write(&beside, line).with_context(|| format!("{}", beside.display()))?;
    std::fs::File::open(&beside)?.sync_all()?;
    Ok(())
}

/// Compares a backup with its checksum; one that came without is checked only by being rebuilt.
///
/// # Errors
/// [`Refused`] when the backup does not have it.
pub(super) fn compare(file: &Path) -> anyhow::Result<()> {
    let beside = beside(file);
    let Ok(line) = std::fs::read_to_string(&beside) else {
        eprintln!("there is no {}: not every damage shows", beside.display());
        return Ok(());
    };
    if line.split_whitespace().next() == Some(of(file)?.as_str()) {
        return Ok(());
    }
    let reason = format!("{} is damaged: it does not have its checksum", file.display());
    Err(Refused::because(reason).into())
}

fn beside(file: &Path) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(".sha256");
    path.into()
}

fn of(file: &Path) -> anyhow::Result<String> {
    let mut bytes = std::fs::File::open(file).with_context(|| format!("{}", file.display()))?;
    let (mut digest, mut part) = (Sha256::new(), vec![0; PART]);
    loop {
        match bytes.read(&mut part)? {
            0 => return Ok(hex::encode(digest.finalize())),
            length => digest.update(&part[..length]),
        }
    }
}

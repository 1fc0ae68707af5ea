//! Archives (zip) of any kind, opened with care: what their directory claims is checked before
//! anything of them is unpacked.

use std::io::Cursor;

use memchr::memmem;
use zip::ZipArchive;
use zip::result::ZipError;

/// How an entry of an archive's directory begins.
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";

/// Why an archive is not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotAnArchive {
    /// It is no archive, or its parts lie over each other; in words.
    Damaged(String),
    /// It wants a password.
    Password,
    /// It has more parts than it may.
    TooManyParts,
    /// This part's name leads out of the archive.
    Name(String),
}

/// An archive in memory.
pub(crate) type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Whether this begins as an archive does.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Opens an archive of at most `parts_max` parts.
///
/// # Errors
/// [`NotAnArchive`], for the first of its reasons in the order of the directory.
pub(crate) fn open(bytes: &[u8], parts_max: usize) -> Result<Archive<'_>, NotAnArchive> {
    // Before the directory is read, which costs memory for each entry.
    if memmem::find_iter(bytes, DIRECTORY_ENTRY).count() > parts_max {
        return Err(NotAnArchive::TooManyParts);
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if archive.len() > parts_max {
        return Err(NotAnArchive::TooManyParts);
    }
    if archive.has_overlapping_entries().map_err(damaged)? {
        return Err(NotAnArchive::Damaged("部件互相重叠".to_owned()));
    }
    for index in 0..archive.len() {
        let part = match archive.by_index_raw(index) {
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                return Err(NotAnArchive::Password);
            }
            part => part.map_err(damaged)?,
        };
        if part.encrypted() {
            return Err(NotAnArchive::Password);
        }
        let name = part.name().map_err(damaged)?;
        if part.enclosed_name().is_none() || name.starts_with('/') {
            return Err(NotAnArchive::Name(name.chars().take(100).collect()));
        }
    }
    Ok(archive)
}

/// The names of its parts, in the order of the directory.
pub(crate) fn names(archive: &Archive<'_>) -> Vec<String> {
    archive.file_names().flatten().map(|name| name.to_string()).collect()
}

fn damaged(error: ZipError) -> NotAnArchive {
    NotAnArchive::Damaged(error.to_string())
}

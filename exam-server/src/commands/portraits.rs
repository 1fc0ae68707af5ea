//! The photographs that the registry has of candidates, from a folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use proctor::photo::{self, BYTES_MAX, NotAPhoto, Photo};
use serde::Serialize;

use super::progress::Progress;
use super::{Desk, Refused};
use crate::snapshots::{Photos, portrait_name};
use crate::store::NewPortrait;

/// What became of a folder of photographs.
#[derive(Debug, Default, Serialize)]
pub struct Portraits {
    /// Photographs that are kept.
    pub kept: usize,
    /// Files whose names are of nobody in the roster.
    pub unmatched: Vec<String>,
    /// Files that are no photographs.
    pub problems: Vec<PortraitProblem>,
}

/// A file that is no photograph.
#[derive(Debug, Serialize)]
pub struct PortraitProblem {
    /// Its name.
    pub file: String,
    /// What is wrong, for programs.
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
}

/// Keeps the photographs of `folder`, each named by the ID number or the practice certificate number
/// of whom it shows, such as `110101199003074512.jpg`. `people` are candidates by these names. The same
/// file again changes nothing; another one takes its place.
///
/// # Errors
/// [`Refused`] for a folder that cannot be read; trouble with the database or the photo store. Bad
/// files are no error: they stand in the answer.
pub async fn keep(
    desk: &Desk,
    photos: &Photos,
    people: &HashMap<String, i64>,
    folder: &Path,
    quiet: bool,
) -> anyhow::Result<Portraits> {
    let files = files_of(folder)?;
    let mut progress = Progress::begin("photographs", files.len(), quiet);
    let mut outcome = Portraits::default();
    for (done, path) in files.iter().enumerate() {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().trim().to_uppercase();
        match people.get(&stem) {
            None => outcome.unmatched.push(file),
            Some(number) => match keep_one(desk, photos, *number, path).await? {
                Ok(()) => outcome.kept += 1,
                Err(reason) => outcome.problems.push(PortraitProblem {
                    file,
                    code: reason.code(),
                    message: reason.to_string(),
                }),
            },
        }
        progress.done(done + 1);
    }
    progress.finish();
    Ok(outcome)
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, Refused> {
    let failed = |error: std::io::Error| Refused::because(format!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file() && !name.starts_with('.') {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

async fn keep_one(
    desk: &Desk,
    photos: &Photos,
    candidate_no: i64,
    path: &Path,
) -> anyhow::Result<Result<(), NotAPhoto>> {
    let length = std::fs::metadata(path)?.len();
    if length > BYTES_MAX as u64 {
        return Ok(Err(NotAPhoto::TooBig));
    }
    let bytes = std::fs::read(path)?;
    let written = tokio::task::spawn_blocking(move || {
        photo::look(&bytes)?;
        Ok(Photo::decode(&bytes)?.keep())
    });
    let kept = match written.await? {
        Ok(kept) => kept,
        Err(reason) => return Ok(Err(reason)),
    };
    let person = desk.store.candidate_shown(candidate_no).await?;
    let person = person.ok_or_else(|| Refused::because("the candidate is gone"))?;
    let id = person.candidate_id.parse()?;
    let sha256 = photo::digest(&kept.bytes);
    if person.portrait.as_deref() == Some(&sha256[..]) {
        return Ok(Ok(()));
    }
    photos.keep(&portrait_name(id, &sha256), desk.keys.seal(&kept.bytes)).await?;
    let new = NewPortrait {
        candidate_no,
        sha256,
        width: kept.width.into(),
        height: kept.height.into(),
        at: desk.now(),
    };
    desk.store.portrait_put(&new).await?;
    if let Some(before) = &person.portrait {
        photos.delete(&portrait_name(id, before)).await?;
    }
    Ok(Ok(()))
}

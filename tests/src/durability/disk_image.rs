//! What a disk may hold after a power cut, given what was written and what was synced.
//!
//! The unit is the sector of 512 bytes: a disk writes one whole or not at all, and in any order.
//! After a cut each sector holds any of the contents that the page cache had for it since the last
//! sync that ended well, independently of all others; so does the length of a file. The entry of a
//! new file is there for certain only once its folder was synced.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rand_chacha::ChaCha20Rng;

use super::below;
use super::trace::{Call, What};

const SECTOR: usize = 512;
const PAGE: usize = 4096;

/// How the un-synced writes fare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Luck {
    /// None of them reached the disk.
    Nothing,
    /// All of them did, as after a mere kill.
    Everything,
    /// Those before some moment did: a disk that writes in order.
    InOrder,
    /// Each page of 4 KiB fares for itself.
    Pages,
    /// Each sector fares for itself: torn pages.
    Sectors,
}

impl Luck {
    /// Draws one, the torn ones more often.
    pub fn draw(rng: &mut ChaCha20Rng) -> Self {
        match below(rng, 8) {
            0 => Self::Nothing,
            1 => Self::Everything,
            2 => Self::InOrder,
            3 | 4 => Self::Pages,
            _ => Self::Sectors,
        }
    }
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

#[derive(Clone, Debug)]
struct Pending {
    change: Change,
    /// The call it belongs to.
    call: usize,
    ended: bool,
    /// The sync that began after it had ended.
    covered_by: Option<usize>,
}

#[derive(Clone, Debug, Default)]
struct File {
    synced: Vec<u8>,
    pending: Vec<Pending>,
    /// Whether the folder was synced since the file was made.
    entered: bool,
}

/// The files of a database, with what of them is certain to be on disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    files: HashMap<PathBuf, File>,
    /// Removed files whose folder was not synced since: they may come back.
    removed: HashMap<PathBuf, File>,
}

impl Disk {
    /// A disk that holds one file for certain.
    #[must_use]
    pub fn holding(path: &Path, bytes: Vec<u8>) -> Self {
        let file = File { synced: bytes, pending: Vec::new(), entered: true };
        Self { files: HashMap::from([(path.to_path_buf(), file)]), removed: HashMap::new() }
    }

    /// A call begins; `number` tells it from others. `is_kept` says which files matter.
    pub fn begin(&mut self, number: usize, call: &Call, is_kept: impl Fn(&Path) -> bool) {
        match &call.what {
            What::Create(path) if is_kept(path) => {
                self.files.entry(path.clone()).or_default();
            }
            What::Write(path, offset, bytes) if is_kept(path) => {
                let offset = usize::try_from(*offset).expect("files of a test are small");
                self.change(path, number, Change::Write(offset, bytes.clone()));
            }
            What::Truncate(path, length) if is_kept(path) => {
                let length = usize::try_from(*length).expect("files of a test are small");
                self.change(path, number, Change::Length(length));
            }
            What::Sync(path) => {
                if let Some(file) = self.files.get_mut(path) {
                    for pending in file.pending.iter_mut().filter(|pending| pending.ended) {
                        pending.covered_by.get_or_insert(number);
                    }
                }
            }
            _ => {}
        }
    }

    /// The call ends well.
    pub fn end(&mut self, number: usize, call: &Call) {
        match &call.what {
            What::Write(path, ..) | What::Truncate(path, _) => {
                if let Some(file) = self.files.get_mut(path) {
                    for pending in file.pending.iter_mut().filter(|p| p.call == number) {
                        pending.ended = true;
                    }
                }
            }
            What::Sync(path) => match self.files.get_mut(path) {
                Some(file) => file.settle(number),
                None => {
                    for (_, file) in self.files.iter_mut().filter(|(p, _)| p.parent() == Some(path))
                    {
                        file.entered = true;
                    }
                    self.removed.retain(|removed, _| removed.parent() != Some(path));
                }
            },
            What::Remove(path) => {
                if let Some(file) = self.files.remove(path) {
                    self.removed.insert(path.clone(), file);
                }
            }
            _ => {}
        }
    }

    fn change(&mut self, path: &Path, call: usize, change: Change) {
        let file = self.files.entry(path.to_path_buf()).or_default();
        file.pending.push(Pending { change, call, ended: false, covered_by: None });
    }

    /// How many writes are not certain to be on disk.
    #[must_use]
    pub fn unsynced(&self) -> usize {
        self.files.values().map(|file| file.pending.len()).sum()
    }

    /// The files after a power cut now.
    pub fn after_cut(&self, luck: Luck, rng: &mut ChaCha20Rng) -> Vec<(PathBuf, Vec<u8>)> {
        let mut left = Vec::new();
        for (path, file) in &self.files {
            let is_there = match luck {
                _ if file.entered => true,
                Luck::Nothing => false,
                Luck::Everything => true,
                _ => below(rng, 2) == 0,
            };
            if is_there {
                left.push((path.clone(), file.after_cut(luck, rng)));
            }
        }
        for (path, file) in &self.removed {
            let comes_back = match luck {
                Luck::Nothing => true,
                Luck::Everything => false,
                _ => below(rng, 2) == 0,
            };
            if comes_back && file.entered && left.iter().all(|(other, _)| other != path) {
                left.push((path.clone(), file.after_cut(luck, rng)));
            }
        }
        left
    }
}

impl File {
    fn settle(&mut self, sync: usize) {
        for pending in std::mem::take(&mut self.pending) {
            if pending.covered_by == Some(sync) {
                match &pending.change {
                    Change::Write(offset, bytes) => put(&mut self.synced, *offset, bytes),
                    Change::Length(length) => self.synced.resize(*length, 0),
                }
            } else {
                self.pending.push(pending);
            }
        }
    }

    fn after_cut(&self, luck: Luck, rng: &mut ChaCha20Rng) -> Vec<u8> {
        let count = self.pending.len() as u64;
        let common = match luck {
            Luck::Nothing => Some(0),
            Luck::Everything => Some(count),
            Luck::InOrder => Some(below(rng, count + 1)),
            Luck::Pages | Luck::Sectors => None,
        };
        let unit = if luck == Luck::Pages { PAGE } else { SECTOR };
        // Up to which change each unit of the file was written back.
        let mut reached: HashMap<usize, u64> = HashMap::new();
        let mut reaches = |at: usize, change: u64, rng: &mut ChaCha20Rng| {
            let limit = common.unwrap_or_else(|| {
                *reached.entry(at / unit).or_insert_with(|| below(rng, count + 1))
            });
            change < limit
        };
        let mut bytes = self.synced.clone();
        let mut length = bytes.len();
        let length_reached = common.unwrap_or_else(|| below(rng, count + 1));
        for (change, pending) in (0..).zip(&self.pending) {
            match &pending.change {
                Change::Write(offset, written) => {
                    let mut at = *offset;
                    while at < offset + written.len() {
                        let end = (at / SECTOR * SECTOR + SECTOR).min(offset + written.len());
                        if reaches(at, change, rng) {
                            put(&mut bytes, at, &written[at - offset..end - offset]);
                        }
                        at = end;
                    }
                    if change < length_reached {
                        length = length.max(offset + written.len());
                    }
                }
                Change::Length(to) => {
                    // What is beyond the new end is gone, sector by sector.
                    let mut at = *to;
                    while at < bytes.len() {
                        let end = (at / SECTOR * SECTOR + SECTOR).min(bytes.len());
                        if reaches(at, change, rng) {
                            bytes[at..end].fill(0);
                        }
                        at = end;
                    }
                    if change < length_reached {
                        length = *to;
                    }
                }
            }
        }
        bytes.resize(length, 0);
        bytes
    }
}

fn put(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if file.len() < offset + bytes.len() {
        file.resize(offset + bytes.len(), 0);
    }
    file[offset..offset + bytes.len()].copy_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::durability::rng;

    fn play(disk: &mut Disk, number: usize, what: What) {
        let call = Call { began: number, ended: Some(number), what };
        disk.begin(number, &call, |_| true);
        disk.end(number, &call);
    }

    fn only(files: Vec<(PathBuf, Vec<u8>)>) -> Vec<u8> {
        let [(_, bytes)] = <[_; 1]>::try_from(files).expect("one file");
        bytes
    }

    #[test]
    fn what_was_synced_survives_and_the_rest_may_be_torn() {
        let path = PathBuf::from("/d/f");
        let mut disk = Disk::holding(&path, vec![0; 1024]);
        play(&mut disk, 1, What::Write(path.clone(), 0, vec![1; 1024]));
        play(&mut disk, 2, What::Sync(path.clone()));
        play(&mut disk, 3, What::Write(path.clone(), 0, vec![2; 1024]));
        let mut rng = rng(1);
        assert_eq!(only(disk.after_cut(Luck::Nothing, &mut rng)), vec![1; 1024]);
        assert_eq!(only(disk.after_cut(Luck::Everything, &mut rng)), vec![2; 1024]);
        let mut seen = std::collections::HashSet::new();
        for _ in 0..100 {
            let bytes = only(disk.after_cut(Luck::Sectors, &mut rng));
            assert!(bytes[..512].iter().all(|byte| *byte == bytes[0]), "a sector is whole");
            seen.insert((bytes[0], bytes[512]));
        }
        assert_eq!(seen.len(), 4, "each sector fares for itself");
    }

    #[test]
    fn a_new_file_may_be_missing_until_its_folder_is_synced() {
        let (folder, path) = (PathBuf::from("/d"), PathBuf::from("/d/f-wal"));
        let mut disk = Disk::default();
        play(&mut disk, 1, What::Create(path.clone()));
        play(&mut disk, 2, What::Write(path.clone(), 0, vec![1; 8]));
        play(&mut disk, 3, What::Sync(path.clone()));
        assert!(disk.after_cut(Luck::Nothing, &mut rng(1)).is_empty());
        play(&mut disk, 4, What::Sync(folder));
        assert_eq!(only(disk.after_cut(Luck::Nothing, &mut rng(1))), vec![1; 8]);
    }
}

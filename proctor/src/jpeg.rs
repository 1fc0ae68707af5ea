//! Where a JPEG begins and ends, told from its markers before anything is decoded.

/// Why bytes are no whole JPEG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It does not begin as one.
    NotJpeg,
    /// It stops before its end.
    Truncated,
    /// Something follows behind its end.
    Trailing,
    /// Its markers make no sense.
    Damaged,
}

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
/// Begins a picture that comes coarsely first, and finer with each scan.
const PROGRESSIVE: u8 = 0xc2;

/// What is known of a whole one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Whether all of it has to be held until the last scan.
    pub(crate) is_progressive: bool,
}

/// Checks that `bytes` are one JPEG from the first to the last; zeroes behind it are nothing.
pub(crate) fn whole(bytes: &[u8]) -> Result<Shape, Broken> {
    let mut shape = Shape::default();
    if !bytes.starts_with(&[0xff, START]) {
        return Err(Broken::NotJpeg);
    }
    let mut at = 2;
    loop {
        let marker = marker_at(bytes, &mut at)?;
        match marker {
            END => break,
            START => return Err(Broken::Damaged),
            0x01 | 0xd0..=0xd7 => {}
            0x00 => return Err(Broken::Damaged),
            _ => {
                let length = bytes.get(at..at + 2).ok_or(Broken::Truncated)?;
                let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                if length < 2 {
                    return Err(Broken::Damaged);
                }
                at += length;
                shape.is_progressive |= marker == PROGRESSIVE;
                if marker == SCAN {
                    at = behind_scan(bytes, at)?;
                }
            }
        }
    }
    let is_nothing = |rest: &[u8]| rest.iter().all(|byte| *byte == 0);
    bytes.get(at..).is_none_or(is_nothing).then_some(shape).ok_or(Broken::Trailing)
}

/// Reads the marker at `at`, which may be filled up with 0xff.
fn marker_at(bytes: &[u8], at: &mut usize) -> Result<u8, Broken> {
    if *bytes.get(*at).ok_or(Broken::Truncated)? != 0xff {
        return Err(Broken::Damaged);
    }
    while let Some(0xff) = bytes.get(*at) {
        *at += 1;
    }
    let marker = *bytes.get(*at).ok_or(Broken::Truncated)?;
    *at += 1;
    Ok(marker)
}

/// Where the next marker stands behind the data of a scan.
fn behind_scan(bytes: &[u8], from: usize) -> Result<usize, Broken> {
    let mut at = from;
    loop {
        let rest = bytes.get(at..).ok_or(Broken::Truncated)?;
        at += memchr::memchr(0xff, rest).ok_or(Broken::Truncated)?;
        match bytes.get(at + 1) {
            Some(0x00 | 0xd0..=0xd7) => at += 2,
            Some(0xff) => at += 1,
            Some(_) => return Ok(at),
            None => return Err(Broken::Truncated),
        }
    }
}

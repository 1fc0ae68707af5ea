//! What a photograph shows, in words that a machine may use: what it found, never what that means.

use serde::{Deserialize, Serialize};

use crate::faces::Face;
use crate::looks::{Hash, Looks, Sketch};
use crate::severity::Severity;

/// Below this mean brightness nobody can be told from anybody.
const DARK: f32 = 30.0;

/// Below this standard deviation a photograph shows one colour: a finger, a sticker, a wall.
const COVERED: f32 = 9.0;

/// Below this share of edges in what there is to see, it is blurred.
const BLURRED: f32 = 0.006;

/// A face narrower than this share of the photograph is far away.
const SMALL: f32 = 0.14;

/// Where more than this share of a face lies beyond the edge, it is cut off.
const CUT_OFF: f32 = 0.12;

/// Where the nose stands this far from between the eyes, in distances of the eyes, somebody looks
/// aside.
const TURNED: f32 = 0.35;

/// Photographs whose hashes differ in more places are not compared any further.
const NEAR: u32 = 12;

/// Sketches that differ less are of one frame: nobody sits that still, and no hand is that steady.
const SAME: f32 = 1.0;

/// One thing that a photograph shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// No face was found.
    NoFace,
    /// More than one face was found.
    SeveralFaces,
    /// The face is small.
    SmallFace,
    /// A part of the face is outside.
    CutOff,
    /// The face is turned away.
    TurnedAway,
    /// It is dark.
    Dark,
    /// It is blurred.
    Blurred,
    /// It shows one colour.
    Covered,
    /// An earlier one of this attempt has the same bytes.
    SameFile,
    /// An earlier one of this attempt looks the same.
    SameFrame,
    /// It was kept, and cannot be read any more.
    Unreadable,
    /// It is not like the registry's photograph.
    Unlike,
}

impl Finding {
    /// Its name in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoFace => "no_face",
            Self::SeveralFaces => "several_faces",
            Self::SmallFace => "small_face",
            Self::CutOff => "cut_off",
            Self::TurnedAway => "turned_away",
            Self::Dark => "dark",
            Self::Blurred => "blurred",
            Self::Covered => "covered",
            Self::SameFile => "same_file",
            Self::SameFrame => "same_frame",
            Self::Unreadable => "unreadable",
            Self::Unlike => "unlike",
        }
    }

    /// How soon somebody should look.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::SmallFace | Self::CutOff | Self::TurnedAway | Self::Dark | Self::Blurred => {
                Severity::Note
            }
            Self::NoFace | Self::Covered | Self::Unreadable | Self::Unlike => Severity::Look,
            Self::SeveralFaces | Self::SameFile | Self::SameFrame => Severity::First,
        }
    }
}

/// What is remembered of an earlier photograph of the same attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// SHA-256 of the file as it came.
    pub digest: [u8; 32],
    /// How it looks, told quickly.
    pub hash: Hash,
    /// And with more care.
    pub sketch: Sketch,
}

/// What a photograph shows beside the earlier ones.
#[must_use]
pub fn findings(
    looks: &Looks,
    faces: &[Face],
    digest: [u8; 32],
    earlier: &[Earlier],
) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut note = |is: bool, finding| found.extend(is.then_some(finding));
    // In the dark a lens that is covered and a room without light are one.
    let is_dark = looks.brightness < DARK;
    let is_covered = !is_dark && looks.contrast < COVERED;
    note(is_dark, Finding::Dark);
    note(is_covered, Finding::Covered);
    let edges = looks.sharpness / looks.contrast.powi(2).max(1.0);
    note(!is_dark && !is_covered && edges < BLURRED, Finding::Blurred);
    match faces {
        [] => note(true, Finding::NoFace),
        [face] => {
            note(face.width < SMALL, Finding::SmallFace);
            note(face.outside() > CUT_OFF, Finding::CutOff);
            note(face.turn() > TURNED, Finding::TurnedAway);
        }
        _ => note(true, Finding::SeveralFaces),
    }
    let is_same = earlier.iter().any(|one| one.digest == digest);
    note(is_same, Finding::SameFile);
    // One colour looks like any other, and so does the dark.
    let shows = !is_dark && !is_covered;
    let is_near = |one: &Earlier| {
        one.hash.distance(looks.hash) <= NEAR && one.sketch.distance(&looks.sketch) < SAME
    };
    note(!is_same && shows && earlier.iter().any(is_near), Finding::SameFrame);
    found
}

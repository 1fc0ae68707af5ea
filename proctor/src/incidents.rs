//! What signals and photographs amount to. Rules only point: an incident has no way to change an
//! attempt, and what it means is decided by a person who sees the evidence.

mod rules;

#[cfg(test)]
mod tests;

use exam_core::session::SignalKind;
use exam_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::findings::Finding;
use crate::severity::Severity;

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its time is not over.
    Waiting,
    /// It fell into a pause or a lock, and was not made.
    Excused,
    /// No photograph came.
    Missing,
    /// One came.
    Taken {
        /// How much after its time.
        late: Span,
        /// What it shows; nothing while nobody has looked.
        findings: Vec<Finding>,
        /// Whether it was chosen as a file.
        by_hand: bool,
        /// What the camera called itself; a hint, because it is easily made up.
        camera: String,
    },
}

/// A request and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: Outcome,
}

/// Something a journal tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// The page of the holder noticed something.
    Signal(SignalKind),
    /// A device took the session; true for another one than before.
    Opened(bool),
}

/// Whether photographs were agreed to; without that none is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// They were.
    Given,
    /// They were not.
    Refused,
    /// They were, and that was taken back.
    Withdrawn(Timestamp),
}

/// What is known of an attempt.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// When it began.
    pub from: Timestamp,
    /// When it ended, or now.
    pub until: Timestamp,
    /// In order.
    pub asked: &'a [Asked],
    /// In order.
    pub noticed: &'a [(Timestamp, Noticed)],
    /// Whether photographs were agreed to.
    pub consent: Consent,
    /// Whether the phone said at the start that it has no camera for the page.
    pub no_camera: bool,
}

/// What an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A photograph shows something.
    Photograph(Finding),
    /// A photograph did not come.
    SnapshotMissing,
    /// More than half of them did not come.
    SnapshotsMostlyMissing,
    /// A photograph came late.
    SnapshotLate,
    /// The candidate did not agree to photographs.
    NoConsent,
    /// The candidate took the consent back.
    ConsentWithdrawn,
    /// The phone had no camera for the page.
    NoCamera,
    /// A photograph was chosen as a file.
    ChosenFile,
    /// The camera has the name of a program that plays pictures as one.
    VirtualCamera,
    /// The camera's name changed.
    OtherCamera,
    /// The page was left.
    Away,
    /// The page was left for long, all times together.
    AwayOften,
    /// There was a call.
    Call,
    /// The camera was gone.
    CameraGone,
    /// Another device took the session.
    OtherDevice,
    /// Devices took it from each other.
    DevicesOften,
}

impl Kind {
    /// Its name in the API: what a photograph shows, or what else it is.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Photograph(finding) => finding.code(),
            Self::SnapshotMissing => "snapshot_missing",
            Self::SnapshotsMostlyMissing => "snapshots_mostly_missing",
            Self::SnapshotLate => "snapshot_late",
            Self::NoConsent => "no_consent",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::NoCamera => "no_camera",
            Self::ChosenFile => "chosen_file",
            Self::VirtualCamera => "virtual_camera",
            Self::OtherCamera => "other_camera",
            Self::Away => "away",
            Self::AwayOften => "away_often",
            Self::Call => "call",
            Self::CameraGone => "camera_gone",
            Self::OtherDevice => "other_device",
            Self::DevicesOften => "devices_often",
        }
    }
}

/// Something that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// What it is.
    pub kind: Kind,
    /// How soon.
    pub severity: Severity,
    /// When it began.
    #[serde(rename = "at_ms")]
    pub at: Timestamp,
    /// How long it took, where that says something.
    #[serde(rename = "length_ms", skip_serializing_if = "Option::is_none")]
    pub length: Option<Span>,
    /// How often, where that says something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<usize>,
}

impl Incident {
    const fn new(kind: Kind, severity: Severity, at: Timestamp) -> Self {
        Self { kind, severity, at, length: None, times: None }
    }

    const fn lasting(self, length: Span) -> Self {
        Self { length: Some(length), ..self }
    }

    const fn counted(self, times: usize) -> Self {
        Self { times: Some(times), ..self }
    }
}

/// All incidents of an attempt, in their order.
#[must_use]
pub fn incidents(evidence: &Evidence<'_>) -> Vec<Incident> {
    let mut found = Vec::new();
    rules::of_consent(evidence, &mut found);
    if evidence.consent != Consent::Refused {
        rules::of_photographs(evidence, &mut found);
        rules::of_cameras(evidence, &mut found);
        rules::of_lost_cameras(evidence, &mut found);
    }
    rules::of_absence(evidence, &mut found);
    rules::of_devices(evidence, &mut found);
    found.sort_by_key(|incident| incident.at);
    found
}

/// The gravest severity among them.
#[must_use]
pub fn gravest(incidents: &[Incident]) -> Option<Severity> {
    incidents.iter().map(|incident| incident.severity).max()
}

//! The devices a session has seen, and what was heard of each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::decide::OPENS_MAX;
use crate::ids::DeviceId;

/// Every device that ever opened the session, in order of first opening.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Devices(Vec<Device>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Device {
    id: DeviceId,
    last_n: u64,
    signals: Window,
}

/// The numbers seen of the last 64, so that a signal sent twice counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Window {
    highest: u64,
    /// Bit `i` stands for `highest - i`.
    seen: u64,
}

impl Window {
    const SIZE: u64 = 64;

    fn has(self, n: u64) -> bool {
        match self.highest.checked_sub(n) {
            None => false,
            Some(back) if back < Self::SIZE => self.seen & 1 << back != 0,
            Some(_) => self.highest != 0, // Too old to tell: a repeat harms less than a duplicate.
        }
    }

    fn note(&mut self, n: u64) {
        if n > self.highest {
            let forward = n - self.highest;
            self.seen = if forward < Self::SIZE { self.seen << forward | 1 } else { 1 };
            self.highest = n;
        } else if self.highest - n < Self::SIZE {
            self.seen |= 1 << (self.highest - n);
        }
    }
}

impl Devices {
    pub(super) fn index_of(&self, id: DeviceId) -> Option<u8> {
        self.0.iter().position(|device| device.id == id).and_then(|index| u8::try_from(index).ok())
    }

    pub(super) fn index_of_or_add(&mut self, id: DeviceId) -> Option<u8> {
        // OPENS_MAX bounds the list, so an index fits a byte.
        if self.index_of(id).is_none() && self.0.len() < OPENS_MAX as usize {
            self.0.push(Device { id, last_n: 0, signals: Window::default() });
        }
        self.index_of(id)
    }

    pub(super) fn id(&self, index: u8) -> DeviceId {
        self.0[usize::from(index)].id
    }

    pub(super) fn last_n(&self, index: u8) -> u64 {
        self.0[usize::from(index)].last_n
    }

    pub(super) fn note(&mut self, index: u8, n: u64) {
        let device = &mut self.0[usize::from(index)];
        device.last_n = device.last_n.max(n);
    }

    pub(super) fn has_signal(&self, index: u8, n: u64) -> bool {
        self.0[usize::from(index)].signals.has(n)
    }

    pub(super) fn note_signal(&mut self, index: u8, n: u64) {
        self.0[usize::from(index)].signals.note(n);
    }

    pub(super) fn acked(&self) -> BTreeMap<DeviceId, u64> {
        self.0.iter().map(|device| (device.id, device.last_n)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_known_again_within_the_window() {
        let mut window = Window::default();
        assert!(!window.has(3));
        window.note(3);
        assert!(window.has(3));
        assert!(!window.has(2));
        window.note(2);
        assert!(window.has(2));
        window.note(66);
        assert!(window.has(3));
        assert!(!window.has(65));
    }

    #[test]
    fn a_number_older_than_the_window_counts_as_seen() {
        let mut window = Window::default();
        window.note(100);
        assert!(window.has(36));
        assert!(!window.has(37));
    }
}

//! References, many to a message: each is told by how far it is from the one before.

use serde::{Deserialize, Serialize};

use crate::trace::{Address, Reference};

/// References behind the first that a message has room for.
const MORE: usize = 31;

/// Some references of a scan, in the order of where they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct References {
    /// The first one.
    pub first: Reference,
    /// Those behind it.
    pub more: heapless::Vec<Step, MORE>,
}

/// The way from one reference to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Bytes from where the one before is to where this one is.
    pub at: u32,
    /// The same from what the one before holds to what this one holds: up or down, modulo 2 to the 64.
    pub to: i64,
}

impl References {
    /// Begins with one reference.
    pub fn of(first: Reference) -> Self {
        Self {
            first,
            more: heapless::Vec::new(),
        }
    }

    /// Appends the reference that comes after `last`, the last one so far; returns whether it has room for it.
    pub fn push(&mut self, last: Reference, next: Reference) -> bool {
        let ahead = next.at.0.checked_sub(last.at.0);
        let Some(at) = ahead.and_then(|ahead| u32::try_from(ahead).ok()) else {
            return false;
        };
        let to = next.to.0.wrapping_sub(last.to.0) as i64;
        self.more.push(Step { at, to }).is_ok()
    }

    /// Returns all of them.
    pub fn iter(&self) -> impl Iterator<Item = Reference> + '_ {
        let behind = self.more.iter().scan(self.first, |last, step| {
            let at = Address(last.at.0.wrapping_add(step.at.into()));
            let to = Address(last.to.0.wrapping_add(step.to as u64));
            *last = Reference { at, to };
            Some(*last)
        });
        core::iter::once(self.first).chain(behind)
    }
}

//! Values by a number.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Values by id, in the order in which they came.
///
/// The tree only says where each value is, so that its code, which is large, is compiled once for all of them. A list in the order of
/// the ids would take less, and a stream whose ids fall would take it for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ById<T> {
    places: BTreeMap<u32, usize>,
    values: Vec<(u32, T)>,
}

impl<T> Default for ById<T> {
    fn default() -> Self {
        Self {
            places: BTreeMap::new(),
            values: Vec::new(),
        }
    }
}

impl<T> ById<T> {
    /// Returns the value of an id.
    pub(crate) fn get(&self, id: u32) -> Option<&T> {
        let place = self.places.get(&id)?;
        self.values.get(*place).map(|(_, value)| value)
    }

    /// Returns the value of an id, made now if there is none.
    pub(crate) fn entry(&mut self, id: u32, make: impl FnOnce() -> T) -> &mut T {
        let known = self.places.get(&id).copied();
        let place = known.unwrap_or_else(|| {
            let place = self.values.len();
            self.places.insert(id, place);
            self.values.push((id, make()));
            place
        });
        &mut self.values[place].1
    }

    /// Returns each with its id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(u32, T)> {
        self.values.iter()
    }

    /// Returns all values.
    pub(crate) fn into_values(self) -> impl Iterator<Item = T> {
        self.values.into_iter().map(|(_, value)| value)
    }
}

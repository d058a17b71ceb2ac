//! What is said of each site's growth, remembered from answer to answer.

use alloc::collections::BTreeMap;

use super::leak::{Known, Moment, Suspect};

/// Sites that are remembered.
const MOST: usize = 4096;

/// The sites that were looked at, by key.
#[derive(Clone, Debug)]
pub(super) struct Suspects<K> {
    by_key: BTreeMap<K, Suspect>,
}

impl<K> Default for Suspects<K> {
    fn default() -> Self {
        Self {
            by_key: BTreeMap::new(),
        }
    }
}

impl<K: Ord + Clone> Suspects<K> {
    /// Looks at a site again.
    pub(super) fn look(&mut self, key: &K, history: &[Moment], known: &Known) -> Suspect {
        if let Some(suspect) = self.by_key.get_mut(key) {
            suspect.look(history, known);
            return *suspect;
        }
        if self.by_key.len() >= MOST {
            self.by_key.clear();
        }
        let mut suspect = Suspect::default();
        suspect.look(history, known);
        self.by_key.insert(key.clone(), suspect);
        suspect
    }
}

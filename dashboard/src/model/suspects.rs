//! What is said of each site's growth, remembered from answer to answer.

use std::collections::HashMap;

use heapbeacon_shared::analysis::{Known, Moment, Suspect};

/// Sites that are remembered.
const MOST: usize = 4096;

/// The sites that were looked at, by key.
#[derive(Clone, Debug, Default)]
pub(super) struct Suspects {
    by_key: HashMap<String, Suspect>,
}

impl Suspects {
    /// Looks at a site again.
    pub(super) fn look(&mut self, key: &str, history: &[Moment], known: &Known) -> Suspect {
        if !self.by_key.contains_key(key) {
            if self.by_key.len() >= MOST {
                self.by_key.clear();
            }
            self.by_key.insert(key.to_owned(), Suspect::default());
        }
        let Some(suspect) = self.by_key.get_mut(key) else {
            return Suspect::default();
        };
        suspect.look(history, known);
        *suspect
    }
}

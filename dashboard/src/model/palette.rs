//! One colour per call site.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Colours in the style sheet: `c1` and so on, told apart with any colour vision. `c0` is neutral.
pub const CLASSES: [&str; 9] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"];

/// Remembers which call site has which colour.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    colours: HashMap<String, usize>,
}

impl Palette {
    /// Gives the largest call sites a colour each; `keys` are in order of size.
    ///
    /// A site keeps its colour for as long as it is among the largest, whatever its place there. The same one is wanted at
    /// every visit; only where a larger site has it already, it is the next that is free.
    pub fn assign<'k>(&mut self, keys: impl Iterator<Item = &'k str>) {
        let largest: Vec<&str> = keys.take(CLASSES.len() - 1).collect();
        self.colours
            .retain(|key, _| largest.contains(&key.as_str()));
        for key in largest {
            if !self.colours.contains_key(key) {
                let taken = |colour: &usize| self.colours.values().any(|other| other == colour);
                let wanted = wanted(key);
                let mut colours = (wanted..CLASSES.len()).chain(1..wanted);
                let free = colours.find(|colour| !taken(colour));
                self.colours.insert(key.to_owned(), free.unwrap_or(0));
            }
        }
    }

    /// Returns the class that colours a call site.
    pub fn class(&self, key: &str) -> &'static str {
        CLASSES[self.colours.get(key).copied().unwrap_or(0)]
    }
}

/// Returns the colour that a call site has where it may choose.
fn wanted(key: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    1 + (hasher.finish() % (CLASSES.len() as u64 - 1)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_keeps_its_colour_when_it_changes_its_place() {
        let mut palette = Palette::default();
        palette.assign(["a", "b"].into_iter());
        let before = ["a", "b"].map(|key| palette.class(key));
        palette.assign(["b", "c", "a"].into_iter());
        assert_eq!(["a", "b"].map(|key| palette.class(key)), before);
    }

    #[test]
    fn a_site_has_its_colour_at_every_visit_unless_a_larger_one_has_it() {
        let visit = |keys: &[&str], key: &str| {
            let mut palette = Palette::default();
            palette.assign(keys.iter().copied());
            palette.class(key)
        };
        let alone = visit(&["a"], "a");
        let others = (0..100).map(|n| n.to_string());
        let (rivals, neighbours): (Vec<_>, Vec<_>) =
            others.partition(|other| wanted(other) == wanted("a"));
        assert_eq!(visit(&[&neighbours[0], "a"], "a"), alone);
        assert_eq!(visit(&["a", &rivals[0]], "a"), alone);
        assert_ne!(visit(&[&rivals[0], "a"], "a"), alone);
    }

    #[test]
    fn no_two_sites_share_a_colour_and_small_ones_are_neutral() {
        let mut palette = Palette::default();
        let names: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        palette.assign(names.iter().map(String::as_str));
        palette.assign(names.iter().rev().map(String::as_str));
        let mut used: Vec<_> = names.iter().map(|name| palette.class(name)).collect();
        used.retain(|class| *class != "c0");
        used.sort_unstable();
        assert_eq!(used, CLASSES[1..]);
    }
}

//! One colour per call site.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Colours in the style sheet: `c1` and so on, told apart with any colour vision. `c0` is neutral.
pub const CLASSES: [&str; 9] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"];

/// Call sites whose last colour is remembered, those with one now included.
const REMEMBERED: usize = 256;

/// Remembers which call site has which colour, and which one others had last.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    colours: HashMap<String, usize>,
    /// Digests of keys with the colour that each had last, the latest at the end.
    had: Vec<(u32, usize)>,
}

impl Palette {
    /// Gives the largest call sites a colour each; `keys` are in order of size. Returns whether one of them had none.
    ///
    /// A site keeps its colour for as long as it is among the largest, whatever its place there, and gets it back when it
    /// returns; only where another of the largest has it meanwhile, it is the next that is free.
    pub fn assign<'k>(&mut self, keys: impl Iterator<Item = &'k str>) -> bool {
        let largest: Vec<&str> = keys.take(CLASSES.len() - 1).collect();
        self.colours
            .retain(|key, _| largest.contains(&key.as_str()));
        let without = largest.iter().copied();
        let without = without.filter(|key| !self.colours.contains_key(*key));
        // Those that had one go first: nobody takes it who would as soon have another.
        let (known, new): (Vec<_>, Vec<_>) =
            without.partition(|key| self.last(digest(key)).is_some());
        let is_new = !(known.is_empty() && new.is_empty());
        known.into_iter().chain(new).for_each(|key| self.give(key));
        if is_new {
            largest.iter().rev().for_each(|key| self.remember(key));
        }
        is_new
    }

    /// Returns the class that colours a call site.
    pub fn class(&self, key: &str) -> &'static str {
        CLASSES[self.colours.get(key).copied().unwrap_or(0)]
    }

    /// Takes over what another palette has [remembered](Self::remembered). What is no such text is left out.
    pub fn recall(&mut self, text: &str) {
        let entry = |word: &str| {
            let (digest, colour) = word.split_once('-')?;
            let colour: usize = colour.parse().ok()?;
            let is_known = (1..CLASSES.len()).contains(&colour);
            is_known.then_some((digest.parse().ok()?, colour))
        };
        self.had = text.split(' ').filter_map(entry).collect();
    }

    /// Returns which colours call sites had last, for a later visit.
    pub fn remembered(&self) -> String {
        let words = self
            .had
            .iter()
            .map(|(key, colour)| format!("{key}-{colour}"));
        words.collect::<Vec<_>>().join(" ")
    }

    fn give(&mut self, key: &str) {
        let digest = digest(key);
        let wanted = self.last(digest).unwrap_or_else(|| first(digest));
        let taken = |colour: &usize| self.colours.values().any(|other| other == colour);
        let mut colours = (wanted..CLASSES.len()).chain(1..wanted);
        let colour = colours.find(|colour| !taken(colour)).unwrap_or(0);
        self.colours.insert(key.to_owned(), colour);
    }

    /// Notes the colour of a site as the latest.
    fn remember(&mut self, key: &str) {
        let Some(colour) = self.colours.get(key) else {
            return;
        };
        let digest = digest(key);
        self.had.retain(|(known, _)| *known != digest);
        self.had.push((digest, *colour));
        let surplus = self.had.len().saturating_sub(REMEMBERED);
        self.had.drain(..surplus);
    }

    /// Returns the colour that a site had last.
    fn last(&self, digest: u32) -> Option<usize> {
        let known = self.had.iter().find(|(known, _)| *known == digest);
        known.map(|(_, colour)| *colour)
    }
}

fn digest(key: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish() as u32
}

/// Returns the colour that a call site has where it may choose.
fn first(digest: u32) -> usize {
    1 + digest as usize % (CLASSES.len() - 1)
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
    fn a_site_has_its_colour_at_a_first_visit_unless_a_larger_one_has_it() {
        let visit = |keys: &[&str], key: &str| {
            let mut palette = Palette::default();
            palette.assign(keys.iter().copied());
            palette.class(key)
        };
        let alone = visit(&["a"], "a");
        let others = (0..100).map(|n| n.to_string());
        let (rivals, neighbours): (Vec<_>, Vec<_>) =
            others.partition(|other| first(digest(other)) == first(digest("a")));
        assert_eq!(visit(&[&neighbours[0], "a"], "a"), alone);
        assert_eq!(visit(&["a", &rivals[0]], "a"), alone);
        assert_ne!(visit(&[&rivals[0], "a"], "a"), alone);
    }

    #[test]
    fn a_site_has_its_colour_again_at_every_visit_whatever_is_larger_then() {
        let mut palette = Palette::default();
        let names: Vec<String> = (0..8).map(|n| n.to_string()).collect();
        let names = || names.iter().map(String::as_str);
        assert!(palette.assign(names()));
        assert!(!palette.assign(names().rev()));
        let mut later = Palette::default();
        later.recall(&palette.remembered());
        later.assign(names().rev());
        for name in names() {
            assert_eq!(later.class(name), palette.class(name));
        }
        // Those that were not seen for longest are forgotten, and of a text only words that are entries are taken.
        let others: Vec<String> = (0..REMEMBERED).map(|n| format!("other {n}")).collect();
        for other in &others {
            later.assign([other.as_str()].into_iter());
        }
        assert_eq!(later.had.len(), REMEMBERED);
        later.recall("1-9 2-0 x-1 3 4-8");
        assert_eq!(later.had, [(4, 8)]);
    }

    #[test]
    fn a_larger_newcomer_takes_no_colour_that_a_smaller_one_had() {
        let others = (0..100).map(|n| n.to_string());
        let rival = others
            .clone()
            .find(|other| first(digest(other)) == first(digest("a")));
        let rival = rival.expect("there are few colours");
        let mut palette = Palette::default();
        palette.assign(["a"].into_iter());
        let mut later = Palette::default();
        later.recall(&palette.remembered());
        later.assign([&*rival, "a"].into_iter());
        assert_eq!(later.class("a"), palette.class("a"));
    }

    #[test]
    fn a_site_that_stays_is_remembered_however_many_come_and_go_beside_it() {
        let mut palette = Palette::default();
        for n in 0..2 * REMEMBERED {
            palette.assign(["stays", &n.to_string()].into_iter());
        }
        let mut later = Palette::default();
        later.recall(&palette.remembered());
        assert_eq!(
            later.last(digest("stays")),
            palette.colours.get("stays").copied()
        );
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

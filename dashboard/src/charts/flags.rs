//! Where the words of flags stand above a chart: none over another one, none cut by an edge.

use super::geometry::shortened;

/// Lines of words above a chart.
pub(super) const LANES: usize = 2;
/// Width of a letter, and what is left free beside words, in pixels.
const LETTER: f64 = 6.5;
const GAP: f64 = 4.0;
/// Room of words that are cut short, in pixels.
const SHORT: f64 = 84.0;

/// What is to be written at a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'w> {
    /// Pixels from the left.
    pub(super) x: f64,
    pub(super) words: &'w str,
    /// Whoever weighs more has room first, and of those that weigh as much the one that is farther right.
    pub(super) weight: u8,
}

/// Words that have room.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    /// Which of the wanted ones it is.
    pub(super) index: usize,
    /// From the top.
    pub(super) lane: usize,
    pub(super) left: f64,
    right: f64,
    pub(super) words: String,
}

/// Finds room for words beside their places, between two edges: for all of them or their beginning, to the right or the left. Those
/// without room have no label.
pub(super) fn labels(wanted: &[Wanted<'_>], edges: [f64; 2]) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    let mut waiting: Vec<usize> = (0..wanted.len()).collect();
    while let Some(next) = heaviest(wanted, &waiting) {
        let index = waiting.remove(next);
        let Wanted { x, words, .. } = wanted[index];
        let words = [words.to_owned(), shortened(words, SHORT)];
        let tries = words.iter().filter(|words| !words.is_empty());
        let label = tries
            .flat_map(|words| places(index, x, words))
            .find(|label| label.fits(edges, &labels));
        labels.extend(label);
    }
    labels
}

fn heaviest(wanted: &[Wanted<'_>], waiting: &[usize]) -> Option<usize> {
    let order = |place: &usize| {
        let Wanted { weight, x, .. } = wanted[waiting[*place]];
        (weight, x as i64)
    };
    (0..waiting.len()).max_by_key(order)
}

/// Returns where words may stand, the best place first.
fn places(index: usize, x: f64, words: &str) -> impl Iterator<Item = Label> {
    let width = words.chars().count() as f64 * LETTER;
    let starts = [x + GAP, x - GAP - width];
    let places = starts
        .into_iter()
        .flat_map(|left| (0..LANES).map(move |lane| (left, lane)));
    places.map(move |(left, lane)| Label {
        index,
        lane,
        left,
        right: left + width,
        words: words.to_owned(),
    })
}

impl Label {
    fn fits(&self, edges: [f64; 2], others: &[Self]) -> bool {
        let is_inside = self.left >= edges[0] && self.right <= edges[1];
        let is_beside = |other: &Self| {
            other.lane != self.lane
                || other.right + GAP <= self.left
                || self.right + GAP <= other.left
        };
        is_inside && others.iter().all(is_beside)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const EDGES: [f64; 2] = [64.0, 384.0];

    fn wanted(x: f64, words: &str, weight: u8) -> Wanted<'_> {
        Wanted { x, words, weight }
    }

    fn told(wanted: &[Wanted<'_>]) -> Vec<(usize, usize, String)> {
        let labels = labels(wanted, EDGES).into_iter();
        labels
            .map(|label| (label.index, label.lane, label.words))
            .collect()
    }

    #[test]
    fn words_that_would_meet_stand_in_two_lines() {
        let flags = [
            wanted(100.0, "after login", 1),
            wanted(120.0, "connected", 1),
        ];
        let expected = [
            (1, 0, "connected".to_owned()),
            (0, 1, "after login".to_owned()),
        ];
        assert_eq!(told(&flags), expected);
    }

    #[test]
    fn at_the_right_edge_words_stand_to_the_left() {
        let labels = labels(&[wanted(380.0, "now", 1)], EDGES);
        assert!(labels[0].right < 380.0, "{labels:?}");
    }

    #[test]
    fn who_weighs_more_has_room_first_and_long_words_are_cut_before_they_are_left_out() {
        let long = "an allocation of four kibibytes";
        let flags = [
            wanted(90.0, long, 1),
            wanted(92.0, long, 2),
            wanted(94.0, long, 2),
        ];
        let told = told(&flags);
        assert_eq!(
            told[..2],
            [(2, 0, long.to_owned()), (1, 1, long.to_owned())]
        );
        assert_eq!(told.len(), 2);
        let flags = [wanted(220.0, long, 1)];
        assert_eq!(self::told(&flags)[0], (0, 0, "an allocati…".to_owned()));
    }

    proptest! {
        #[test]
        fn no_words_lie_over_others_or_an_edge(
            flags in vec((64.0_f64..384.0, "[a-z ]{0,40}", 0_u8..3), 0..40),
        ) {
            let wanted: Vec<_> = flags.iter().map(|(x, words, weight)| wanted(*x, words, *weight)).collect();
            let labels = labels(&wanted, EDGES);
            for (place, label) in labels.iter().enumerate() {
                prop_assert!(label.fits(EDGES, &labels[..place]), "{labels:?}");
            }
        }
    }
}

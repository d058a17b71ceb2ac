//! Which rows of a long list are in sight.

use core::ops::Range;

/// Rows drawn beyond either edge, so that a fast hand sees no gaps.
const MARGIN: usize = 12;

/// The part of a list that is drawn, and the room for what is not.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Window {
    /// Rows to draw.
    pub(super) rows: Range<usize>,
    /// Pixels of the rows above them.
    pub(super) above: f64,
    /// Pixels of the rows below them.
    pub(super) below: f64,
}

impl Window {
    /// Finds the rows of `len` that are in sight.
    pub(super) fn new(len: usize, row_height: f64, scrolled: f64, height: f64) -> Self {
        let first = (scrolled.max(0.0) / row_height) as usize;
        let in_sight = (height / row_height) as usize + 1;
        let start = first.saturating_sub(MARGIN).min(len);
        let end = first.saturating_add(in_sight + MARGIN).min(len);
        Self {
            rows: start..end.max(start),
            above: start as f64 * row_height,
            below: (len - end.max(start)) as f64 * row_height,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_are_drawn_of_many() {
        let window = Window::new(10_000, 34.0, 170_000.0, 600.0);
        assert!(window.rows.contains(&5_000) && window.rows.contains(&5_017));
        assert!(window.rows.len() < 60);
        let height = window.above + window.below + window.rows.len() as f64 * 34.0;
        assert_eq!(height, 340_000.0);
    }

    #[test]
    fn a_list_that_became_shorter_than_where_it_was_scrolled_to_is_empty_not_wrong() {
        let window = Window::new(3, 34.0, 9_000.0, 600.0);
        assert_eq!((window.rows.len(), window.above), (0, 102.0));
    }

    #[test]
    fn an_empty_list_has_no_rows() {
        assert_eq!(Window::new(0, 34.0, 0.0, 600.0).rows, 0..0);
    }
}

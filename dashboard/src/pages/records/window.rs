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
    /// Finds the rows of `len` that are in sight. Below the row of an index that is `opened` there are so many pixels more.
    pub(super) fn new(
        len: usize,
        row_height: f64,
        scrolled: f64,
        height: f64,
        opened: Option<(usize, f64)>,
    ) -> Self {
        let (place, more) = opened.unwrap_or((len, 0.0));
        let below_opened = (place as f64 + 1.0) * row_height;
        let scrolled = match scrolled > below_opened {
            true => (scrolled - more).max(below_opened),
            false => scrolled,
        };
        let first = (scrolled.max(0.0) / row_height) as usize;
        let in_sight = (height / row_height) as usize + 1;
        let start = first.saturating_sub(MARGIN).min(len);
        let end = first.saturating_add(in_sight + MARGIN).min(len);
        let end = end.max(start);
        let more_if = |is_there: bool| if is_there { more } else { 0.0 };
        Self {
            rows: start..end,
            above: start as f64 * row_height + more_if(place < start),
            below: (len - end) as f64 * row_height + more_if(place >= end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_are_drawn_of_many() {
        let window = Window::new(10_000, 34.0, 170_000.0, 600.0, None);
        assert!(window.rows.contains(&5_000) && window.rows.contains(&5_017));
        assert!(window.rows.len() < 60);
        let height = window.above + window.below + window.rows.len() as f64 * 34.0;
        assert_eq!(height, 340_000.0);
    }

    #[test]
    fn what_is_open_has_its_room_wherever_it_is() {
        let window = |scrolled| Window::new(1_000, 34.0, scrolled, 600.0, Some((100, 300.0)));
        let height = |window: &Window, has_opened: bool| {
            let opened = if has_opened { 300.0 } else { 0.0 };
            window.above + window.below + window.rows.len() as f64 * 34.0 + opened
        };
        for (scrolled, has_opened) in [
            (0.0, false),
            (3_400.0, true),
            (3_500.0, true),
            (3_734.0, true),
            (20_000.0, false),
        ] {
            let window = window(scrolled);
            assert_eq!(window.rows.contains(&100), has_opened, "{scrolled}");
            assert_eq!(height(&window, has_opened), 34_300.0, "{scrolled}");
            let top = window.above;
            assert!(top <= scrolled, "a gap above at {scrolled}");
        }
        // Behind it, rows are where they are by that much later.
        assert_eq!(
            window(20_000.0).rows.start,
            (19_700.0 / 34.0) as usize - MARGIN
        );
    }

    #[test]
    fn a_list_that_became_shorter_than_where_it_was_scrolled_to_is_empty_not_wrong() {
        let window = Window::new(3, 34.0, 9_000.0, 600.0, None);
        assert_eq!((window.rows.len(), window.above), (0, 102.0));
    }

    #[test]
    fn an_empty_list_has_no_rows() {
        assert_eq!(Window::new(0, 34.0, 0.0, 600.0, None).rows, 0..0);
    }
}

//! Named moments, of which the latest are kept.
//!
//! They belong to the boot: a start of a trace leaves them. When there is no room for another, the oldest gives way to the
//! one behind it, and is counted.

use core::cell::RefCell;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::trace::{Mark, Name};
use heapless::Deque;

/// Marks that are kept.
pub const MARKS: usize = 32;

/// The latest marks. Every hold of its lock takes or copies one.
///
/// ```
/// use embassy_sync::blocking_mutex::raw::NoopRawMutex;
/// use heapbeacon::marks::Marks;
///
/// let marks = Marks::<NoopRawMutex>::new();
/// let mark = marks.add("after login", 1_000, 1);
/// assert_eq!(marks.after(0), Some(mark));
/// ```
pub struct Marks<M: RawMutex> {
    kept: Mutex<M, RefCell<Kept>>,
}

/// Marks of consecutive ids, oldest first.
struct Kept {
    marks: Deque<Mark, MARKS>,
    last_id: u32,
    merged: u32,
}

impl<M: RawMutex> Marks<M> {
    /// Makes a list without marks.
    pub const fn new() -> Self {
        Self {
            kept: Mutex::new(RefCell::new(Kept::new())),
        }
    }

    /// Forgets all marks and their ids: for a board that simulates boots, of which each has marks of its own.
    #[doc(hidden)]
    pub fn end_boot(&self) {
        self.kept.lock(|kept| kept.replace(Kept::new()));
    }

    /// Adds a mark, and returns it.
    ///
    /// The name is cut where it is longer than 32 bytes, between two characters; a control character becomes a blank, and
    /// no name at all `mark`.
    pub fn add(&self, name: &str, time_us: u64, trace_id: u32) -> Mark {
        let mark = Mark {
            time_us,
            name: clean(name),
            id: 0,
            trace_id,
        };
        self.kept.lock(|kept| kept.borrow_mut().add(mark))
    }

    /// Returns the oldest mark with a larger id.
    pub fn after(&self, id: u32) -> Option<Mark> {
        self.kept.lock(|kept| {
            let kept = kept.borrow();
            let oldest = kept.oldest_id();
            kept.get(id.saturating_add(1).max(oldest))
        })
    }

    /// Returns the newest mark that is wanted.
    pub fn newest(&self, is_wanted: impl Fn(&Mark) -> bool) -> Option<Mark> {
        let mut id = self.kept.lock(|kept| kept.borrow().last_id);
        loop {
            let mark = self.kept.lock(|kept| kept.borrow().get(id))?;
            if is_wanted(&mark) {
                return Some(mark);
            }
            id -= 1;
        }
    }

    /// Returns how many marks gave way to the next one since boot.
    pub fn merged(&self) -> u32 {
        self.kept.lock(|kept| kept.borrow().merged)
    }
}

impl<M: RawMutex> Default for Marks<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl Kept {
    const fn new() -> Self {
        Self {
            marks: Deque::new(),
            last_id: 0,
            merged: 0,
        }
    }

    fn add(&mut self, mark: Mark) -> Mark {
        if self.marks.is_full() {
            self.marks.pop_front();
            self.merged = self.merged.saturating_add(1);
        }
        // Without an id left, there are no further marks to tell apart.
        self.last_id = self.last_id.saturating_add(1);
        let mark = Mark {
            id: self.last_id,
            ..mark
        };
        // There is room: one was given up.
        let _ = self.marks.push_back(mark.clone());
        mark
    }

    fn oldest_id(&self) -> u32 {
        self.marks.front().map_or(0, |mark| mark.id)
    }

    fn get(&self, id: u32) -> Option<Mark> {
        let place = id.checked_sub(self.oldest_id())?;
        self.marks.iter().nth(place as usize).cloned()
    }
}

/// Returns a name as it is kept.
fn clean(text: &str) -> Name {
    let mut name = Name::new();
    let mut characters = text.chars();
    let _ = characters.try_for_each(|c| name.push(if Mark::may_hold(c) { c } else { ' ' }));
    if name.trim().is_empty() {
        name = heapbeacon_shared::trace::name("mark");
    }
    name
}

#[cfg(test)]
mod tests {
    use std::string::ToString;
    use std::vec::Vec;

    use embassy_sync::blocking_mutex::raw::NoopRawMutex;

    use super::*;

    fn marks_named(names: impl IntoIterator<Item = u32>) -> Marks<NoopRawMutex> {
        let marks = Marks::new();
        for number in names {
            marks.add(&number.to_string(), number.into(), 1);
        }
        marks
    }

    fn all(marks: &Marks<NoopRawMutex>) -> Vec<Mark> {
        let mut last = 0;
        core::iter::from_fn(|| {
            let mark = marks.after(last)?;
            last = mark.id;
            Some(mark)
        })
        .collect()
    }

    #[test]
    fn marks_are_read_in_their_order() {
        let marks = marks_named([7, 8, 9]);
        let read: Vec<_> = all(&marks)
            .iter()
            .map(|mark| (mark.id, mark.time_us, mark.trace_id))
            .collect();
        assert_eq!(read, [(1, 7, 1), (2, 8, 1), (3, 9, 1)]);
        assert_eq!(marks.merged(), 0);
        assert!(all(&Marks::new()).is_empty());
    }

    #[test]
    fn the_oldest_gives_way_and_is_counted() {
        let marks = marks_named(1..=40);
        let kept: Vec<_> = all(&marks).iter().map(|mark| mark.id).collect();
        assert!(kept.iter().copied().eq(9..=40), "{kept:?}");
        assert_eq!(marks.merged(), 8);
    }

    #[test]
    fn a_reader_goes_on_behind_marks_that_have_gone() {
        let marks = marks_named(1..=3);
        let first = marks.after(0).map(|mark| mark.id);
        for number in 0..60 {
            marks.add("later", number, 2);
        }
        let next = first.and_then(|id| marks.after(id));
        assert_eq!(next.map(|mark| mark.id), Some(32));
    }

    #[test]
    fn the_newest_of_a_name_is_found() {
        let marks = Marks::<NoopRawMutex>::new();
        for (name, time_us) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            marks.add(name, time_us, 1);
        }
        let time_of = |name| marks.newest(|mark| mark.name == name).map(|m| m.time_us);
        assert_eq!(time_of("a"), Some(3));
        assert_eq!(time_of("b"), Some(2));
        assert_eq!(time_of("d"), None);
        assert_eq!(Marks::<NoopRawMutex>::new().newest(|_| true), None);
    }

    #[test]
    fn a_name_is_cut_between_characters_and_has_no_control_characters() {
        for (given, kept) in [
            ("after login", "after login"),
            ("a\tb\n\0", "a b  "),
            ("", "mark"),
            (" \r", "mark"),
        ] {
            assert_eq!(clean(given), kept);
        }
        assert_eq!(clean(&"x".repeat(1000)), "x".repeat(32).as_str());
        assert_eq!(clean(&"\u{20ac}".repeat(11)).chars().count(), 10);
    }
}

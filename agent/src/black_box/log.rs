//! The last lines that the firmware has logged, in memory that outlives a reset.

use core::sync::atomic::AtomicU32;

use heapbeacon_shared::trace::{LogLine, MAX_LOG_LINE};

use super::area::{Area, Content, Found, HEAD};

/// How many lines are kept.
pub(super) const LINES: usize = 6;
/// Words of a line.
const LINE: usize = HEAD + MAX_LOG_LINE.div_ceil(size_of::<u32>());
/// Words of all.
pub(super) const LOG: usize = LINES * LINE;

/// A line in each of some places, which have numbers that rise: a reset in the middle of one leaves the others.
pub(super) struct Log<'m>(pub(super) &'m [AtomicU32]);

impl<'m> Log<'m> {
    /// Writes the line of a number in the place of the one that is the oldest.
    pub(super) fn write(&self, number: u32, line: &str) {
        let place = self.place(number as usize % LINES);
        place.open();
        place.write(0, line.as_bytes());
        place.seal(Content {
            number,
            bytes: line.len(),
            messages: 0,
        });
    }

    /// Returns the lines that are whole, oldest first.
    pub(super) fn lines(&self) -> impl Iterator<Item = LogLine> {
        let newest = (0..LINES)
            .filter_map(|index| self.read(index))
            .map(|(number, _)| number);
        let newest = newest.max().unwrap_or(0);
        let numbers = newest.saturating_sub(LINES as u32 - 1)..=newest;
        numbers.filter_map(|number| {
            let (found, line) = self.read(number as usize % LINES)?;
            (found == number).then_some(line)
        })
    }

    fn read(&self, index: usize) -> Option<(u32, LogLine)> {
        let place = self.place(index);
        let Found::Content(content) = place.find() else {
            return None;
        };
        let mut bytes = [0; MAX_LOG_LINE];
        let bytes = bytes.get_mut(..content.bytes)?;
        place.read(0, bytes);
        let line = LogLine::try_from(str::from_utf8(bytes).ok()?).ok()?;
        Some((content.number, line))
    }

    /// Forgets all lines.
    pub(super) fn clear(&self) {
        for index in 0..LINES {
            self.place(index).open();
        }
    }

    fn place(&self, index: usize) -> Area<'m> {
        Area(&self.0[index * LINE..(index + 1) * LINE])
    }
}

#[cfg(test)]
mod tests {
    use std::string::{String, ToString};
    use std::vec::Vec;

    use super::*;

    fn lines(memory: &[AtomicU32]) -> Vec<String> {
        Log(memory).lines().map(|line| line.to_string()).collect()
    }

    #[test]
    fn the_last_lines_are_there_in_their_order() {
        let memory = [const { AtomicU32::new(0xdead_beef) }; LOG];
        assert!(lines(&memory).is_empty());
        for number in 1..=LINES as u32 + 2 {
            Log(&memory).write(number, &std::format!("line {number}"));
        }
        let last = 3..=LINES + 2;
        assert_eq!(
            lines(&memory),
            last.map(|number| std::format!("line {number}"))
                .collect::<Vec<_>>()
        );
        Log(&memory).clear();
        assert!(lines(&memory).is_empty());
    }

    #[test]
    fn a_line_that_a_reset_has_cut_is_left_out() {
        let memory = [const { AtomicU32::new(0) }; LOG];
        for number in 1..=3 {
            Log(&memory).write(number, &std::format!("line {number}"));
        }
        Log(&memory).place(2).open();
        assert_eq!(lines(&memory), ["line 1", "line 3"]);
    }
}

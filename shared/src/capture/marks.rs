//! The marks of a capture.

use alloc::vec::Vec;

use crate::trace::Mark;

/// Marks that are taken of a capture: twice as many as a device keeps.
const MOST_MARKS: usize = 64;

/// Puts a mark behind those from before, and gives up the oldest where there are more than a device keeps.
pub(crate) fn insert_mark(marks: &mut Vec<Mark>, mark: Mark) {
    let place = marks.partition_point(|other| other.time_us <= mark.time_us);
    marks.insert(place, mark);
    if marks.len() > MOST_MARKS {
        marks.remove(0);
    }
}

//! Allocations that fail, as the hook tells of them.

use super::board::{Board, set_clock};
use crate::hooks;
use crate::platform::Platform;

#[test]
fn each_says_what_was_left_and_the_first_of_a_row_what_was_left_in_one_piece() {
    Board::trace();
    for now_us in [1_000_000, 1_000_500, 1_010_400, 1_020_400] {
        set_clock(now_us);
        hooks::allocated::<Board>(0, 4096, 0);
    }
    let tracer = Board::tracer();
    let failures = tracer.failures(tracer.trace()).expect("it goes on");
    let left = failures
        .iter()
        .map(|failure| failure.left.expect("the board says it"));
    let left: std::vec::Vec<_> = left
        .map(|left| (left.free, left.largest_free_block))
        .collect();
    assert_eq!(
        left,
        [(700, Some(600)), (700, None), (700, None), (700, Some(600))]
    );
}

//! Call stacks as they are walked, before they are in any table.

use heapbeacon_shared::trace::MAX_FRAMES;

use super::*;

/// Makes a call stack whose address at `place` is off, and the one before it as well, so that the sum is the same.
fn altered(depth: usize, place: usize) -> CallStack {
    let address = |frame: usize| match frame {
        frame if frame == place => spread().wrapping_add(0x100),
        frame if frame + 1 == place => 0x0ff,
        _ => 0x100,
    };
    (0..depth).map(address).collect()
}

/// Returns what an address counts for in the sum when another one follows.
fn spread() -> usize {
    CallStack::from_iter([1, 0]).sum()
}

#[test]
fn call_stacks_of_every_depth_are_equal_to_themselves_only() {
    for depth in 0..=MAX_FRAMES {
        let stack = altered(depth, usize::MAX);
        assert!(stack.is(&{ stack }), "{depth} frames");
        assert_eq!(stack.as_slice(), [0x100; MAX_FRAMES].get(..depth).unwrap());
        for place in 1..depth {
            let other = altered(depth, place);
            assert_eq!(stack.sum(), other.sum());
            assert!(!stack.is(&other), "frame {place} of {depth}");
        }
    }
}

#[test]
fn call_stacks_of_different_depth_differ_where_the_sum_does_not() {
    let (one, two) = ([spread().wrapping_mul(0x100)], [0x100, 0]);
    let (one, two) = (CallStack::from_iter(one), CallStack::from_iter(two));
    assert_eq!(one.sum(), two.sum());
    assert!(!one.is(&two));
    assert!(!CallStack::new().is(&CallStack::NO_MATCH));
}

/// Counts the sums of eight to the power of three call stacks.
fn sums(frames: impl Fn([usize; 3]) -> Vec<usize>) -> usize {
    let digits = |number: usize| [number >> 6, number >> 3 & 7, number & 7];
    let stacks = (0..1 << 9).map(|number| frames(digits(number)).into_iter().collect());
    let mut sums: Vec<usize> = stacks.map(|stack: CallStack| stack.sum()).collect();
    sums.sort_unstable();
    sums.dedup();
    sums.len()
}

#[test]
fn the_same_frames_in_another_order_have_another_sum() {
    let bits = |digit: usize| [digit >> 2, digit >> 1 & 1, digit & 1];
    let frames = |digits: [usize; 3]| {
        let bits = digits.into_iter().flat_map(bits);
        bits.map(|bit| 0x4200_1000 + 0x35e * bit).collect()
    };
    assert_eq!(sums(frames), 1 << 9);
}

#[test]
fn calls_at_even_distances_have_sums_of_their_own() {
    let all = [2, 4, 8, 12, 16, 64];
    for distance in all.into_iter().take(if cfg!(miri) { 1 } else { all.len() }) {
        let frames = |digits: [usize; 3]| {
            let caller = |digit: usize| 0x4200_1000 + distance * digit;
            digits
                .into_iter()
                .map(caller)
                .chain([0x4200_8000])
                .collect()
        };
        assert_eq!(sums(frames), 1 << 9, "{distance} bytes");
    }
}

#[test]
fn a_call_stack_that_is_filled_again_forgets_what_it_held() {
    let mut stack: CallStack = (1..=MAX_FRAMES).collect();
    let mut once = Some(7);
    stack.fill(|| once.take());
    assert_eq!(stack.as_slice(), [7]);
    assert!(stack.is(&CallStack::from_iter([7])));
}

//! Call stacks as they are walked, before they are in any table.

use heapbeacon_shared::MAX_FRAMES;

use super::*;

/// Makes a call stack whose address at `place` is off, and the one before it as well, so that the sum is the same.
fn altered(depth: usize, place: usize) -> CallStack {
    let address = |frame: usize| match frame {
        frame if frame == place => 0x102,
        frame if frame + 1 == place => 0x0ff,
        _ => 0x100,
    };
    (0..depth).map(address).collect()
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
    let (one, two) = ([0x400], [0x100, 0x200]);
    let (one, two) = (CallStack::from_iter(one), CallStack::from_iter(two));
    assert_eq!(one.sum(), two.sum());
    assert!(!one.is(&two));
    assert!(!CallStack::new().is(&CallStack::NOBODYS));
}

#[test]
fn the_same_frames_in_another_order_have_another_sum() {
    let bit = |order: u32, frame: u32| usize::from(order >> frame & 1 == 1);
    let sums = (0..1u32 << 8).map(|order| {
        let frames = (0..8).map(|frame| 0x4200_1000 + 0x35e * bit(order, frame));
        frames.collect::<CallStack>().sum()
    });
    let mut sums: Vec<_> = sums.collect();
    sums.sort_unstable();
    sums.dedup();
    assert_eq!(sums.len(), 1 << 8);
}

#[test]
fn a_call_stack_that_is_filled_again_forgets_what_it_held() {
    let mut stack: CallStack = (1..=MAX_FRAMES).collect();
    let mut once = Some(7);
    stack.fill(|| once.take());
    assert_eq!(stack.as_slice(), [7]);
    assert!(stack.is(&CallStack::from_iter([7])));
}

//! What a site held, put together from its call stacks.

use super::*;

fn held(stack: u32, bytes: u64, count: u64, evicted: u64) -> Held {
    Held {
        stack,
        bytes,
        count,
        evicted,
    }
}

fn point(time_us: u64, bytes: u64, count: u64) -> Point {
    Point {
        time_us,
        bytes,
        count,
    }
}

#[test]
fn a_site_holds_what_its_call_stacks_hold_and_evicted_blocks_are_of_their_mean_size() {
    let now = [
        (1, held(7, 60, 2, 5)),
        (0, held(8, 50, 1, 0)),
        (1, held(9, 0, 0, 4)),
    ];
    let moment = |time_us, held| Snapshot {
        time_us,
        held,
        evicted_size: 11,
        ..Snapshot::default()
    };
    let snapshots = [
        moment(100, [held(7, 90, 3, 2), held(8, 10, 1, 0)].to_vec()),
        moment(
            200,
            [held(9, 20, 4, 1), held(7, 30, 1, 3), held(5, 999, 9, 9)].to_vec(),
        ),
        moment(300, now.iter().map(|(_, held)| *held).collect()),
    ];
    let histories = History::of_each(2, &now, &snapshots);
    let [first, second] = &histories[..] else {
        panic!("there are two sites");
    };
    assert_eq!(
        first.points(),
        [point(100, 10, 1), point(200, 0, 0), point(300, 50, 1)]
    );
    assert_eq!(first.with_evicted(), first.points());
    assert_eq!((first.in_doubt(), first.stacks()), (0, &[8][..]));
    assert_eq!(
        second.points(),
        [point(100, 90, 3), point(200, 50, 5), point(300, 60, 2)]
    );
    // Since it was first listed, the one has lost a record and then three of 30 bytes, the other three of 11 bytes.
    let with_evicted = [
        point(100, 90, 3),
        point(200, 80, 6),
        point(300, 60 + 90 + 33, 8),
    ];
    assert_eq!(second.with_evicted(), with_evicted);
    assert_eq!((second.in_doubt(), second.stacks()), (6, &[7, 9][..]));
}

//! Heap profiles of what some seconds have changed.

use super::*;

/// Makes a profile of what changes in some seconds, with something done behind its first half.
fn difference_with(meanwhile: impl Fn()) -> Read {
    let mut first = Profile::new::<Board>(Shown::InUse, Some(7));
    let mut bytes = written(&mut first, || {});
    let half = first.half().expect("its first half is told");
    assert_eq!(half.seconds, 7);
    meanwhile();
    let mut second = Profile::behind::<Board>(&half);
    bytes.extend(written(&mut second, || {}));
    assert!(second.half().is_none());
    Read::of(&bytes)
}

/// Returns what a call stack adds up to, whatever its labels are.
fn sum_of(read: &Read, block: usize) -> [i64; 4] {
    let frame = format!("{:#x}", CODE + block * 16 - 1);
    let of = read.samples.iter();
    let of = of.filter(|sample| sample.frames[0] == frame);
    of.fold([0; 4], |sum, sample| {
        [0, 1, 2, 3].map(|place| sum[place] + sample.values[place])
    })
}

#[test]
fn a_difference_is_what_was_allocated_and_what_has_become_of_what_was_there() {
    Board::trace();
    (1..=40).for_each(|block| allocate(block, 10, 0));
    let before = counted();
    let read = difference_with(|| {
        (1..=10).for_each(free);
        (31..=50).for_each(|block| allocate(block + 0x1000, 7, 0));
        allocate(40, 30, 0);
    });
    let after = counted();
    assert_eq!(
        read.sum(),
        [0, 1, 2, 3].map(|place| after[place] - before[place])
    );
    assert_eq!(sum_of(&read, 1), [0, 0, -1, -10], "it was freed");
    assert_eq!(sum_of(&read, 20), [0; 4], "nothing has changed");
    assert_eq!(sum_of(&read, 40), [1, 30, 0, 20], "one for another");
    assert_eq!(sum_of(&read, 0x1000 + 31), [1, 7, 1, 7], "it is new");
    assert_eq!(
        read.top[&10], 7_000_000_000,
        "how long it was, in nanoseconds"
    );
}

#[test]
fn a_difference_with_a_full_table_adds_up() {
    Board::trace();
    let some = |blocks: core::ops::Range<usize>| {
        for block in blocks {
            allocate(block, 10, 0);
            free(block);
        }
    };
    some(1..2000);
    let before = counted();
    let read = difference_with(|| some(2000..5000));
    let after = counted();
    assert_eq!(
        read.sum(),
        [0, 1, 2, 3].map(|place| after[place] - before[place])
    );
}

#[test]
fn a_difference_of_two_traces_is_none_and_says_why() {
    let early = |other: &dyn Fn()| {
        let mut first = Profile::new::<Board>(Shown::InUse, Some(7));
        let bytes = written(&mut first, other);
        assert!(first.half().is_none(), "nobody has to wait for that");
        Read::of(&bytes)
    };
    let late = |other: &dyn Fn()| difference_with(other);
    Board::trace();
    for read in [&early as &dyn Fn(&dyn Fn()) -> Read, &late] {
        start(Mode::Leaks);
        (1..=100).for_each(|block| allocate(block, 10, 0));
        let read = read(&|| {
            start(Mode::All);
            (1..=100).for_each(|block| allocate(0x1000 + block, 99, 0));
        });
        assert_eq!(read.sum(), [0; 4]);
        let ended = read.named("[the trace ended while it was read]");
        assert!(ended.expect("it is told").values[0] > 0);
        assert_eq!(sum_of(&read, 0x1001), [0; 4], "it is of another trace");
    }
}

#[test]
fn a_difference_to_nothing_is_all_that_has_come_since() {
    let other = || {
        start(Mode::All);
        (1..=50).for_each(|block| allocate(0x1000 + block, 99, 0));
    };
    Board::trace();
    Board::tracer().stop().expect("it runs");
    let read = difference_with(other);
    assert_eq!((read.sum(), read.samples.len()), (counted(), 50));
    assert!(read.named("[the trace ended while it was read]").is_none());
}

/// A device makes few answers at a time.
#[test]
fn while_one_waits_for_a_difference_others_are_answered() {
    Board::trace();
    let agent = crowd::agent::<4, 1>(Guard::default(), &[]);
    let difference = Peer::that_leaves(get("/debug/pprof/heap?seconds=5"));
    let peers = [
        (1_000, Peer::that_leaves(get("/metrics"))),
        (2_000, Peer::that_leaves(get("/debug/pprof/allocs"))),
        (5_500, Peer::that_leaves(get("/metrics"))),
    ];
    let told = crowd::serve_on::<4>(agent, [(0, difference)].into_iter().chain(peers));
    for (answer, _) in &told {
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("0\r\n\r\n"),
            "{answer}"
        );
    }
    let (_, took) = told[0];
    assert!((5_000..5_200).contains(&took), "{took} ms");
    assert!(told[1..].iter().all(|(_, took)| *took < 100));
}

/// And it has few connections.
#[test]
fn who_waits_for_a_difference_gives_way_behind_who_was_answered_and_before_all_others() {
    Board::trace();
    let agent = || crowd::agent::<3, 1>(Guard::default(), &[]);
    let difference = || Peer::that_leaves(get("/debug/pprof/heap?seconds=5"));
    let is_whole = |(answer, _): &(std::string::String, u64)| answer.ends_with("0\r\n\r\n");
    // One that is answered, and stays.
    let idle = Peer::that_stays(get("/metrics"));
    let asks = || Peer::that_leaves(get("/metrics"));
    let last = || (6_000, asks());
    let peers = [(0, difference()), (1_000, idle), (1_200, asks()), last()];
    let told = crowd::serve_on::<3>(agent(), peers);
    assert!(told.iter().all(is_whole), "{}", told[0].0);
    // One that has not said all.
    let slow = Peer::that_stays("GET ").then(1_000, &get("/metrics")[4..]);
    let peers = [(0, difference()), (1_000, slow), (1_100, asks()), last()];
    let told = crowd::serve_on::<3>(agent(), peers);
    assert!(
        !is_whole(&told[0]) && told[1..].iter().all(is_whole),
        "{}",
        told[0].0
    );
}

#[test]
fn a_difference_is_given_up_soon_after_its_client_has_gone() {
    let asks = || Peer::that_stays(get("/debug/pprof/heap?seconds=60"));
    let (_, took) = talk(asks().that_goes(500));
    assert!((500..2_000).contains(&took), "{took} ms");
    let (answer, took) = talk(asks().that_goes(59_500));
    assert!(took >= 59_500, "{took} ms: {answer}");
}

#[test]
fn a_difference_of_too_many_seconds_is_refused_and_one_of_the_head_does_not_wait() {
    for path in ["heap?seconds=61", "allocs?seconds=1.5", "heap?seconds="] {
        let (answer, _) = talk(Peer::that_leaves(get(&format!("/debug/pprof/{path}"))));
        assert!(
            answer.starts_with("HTTP/1.1 422") && answer.contains("from 0 to 60"),
            "{answer}"
        );
    }
    let head = get("/debug/pprof/heap?seconds=5").replace("GET", "HEAD");
    let (answer, took) = talk(Peer::that_leaves(head));
    assert!(
        answer.starts_with("HTTP/1.1 200") && took < 100,
        "{took} ms"
    );
}

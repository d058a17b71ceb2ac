//! What hosts are told of, and the ring that keeps it.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const FRAMES: [&[usize]; 3] = [&[0x10], &[0x20, 0x21], &[0x30]];

fn event(number: u64) -> Event {
    Event {
        seq: number << 20,
        core: number as u8,
        task: 7,
        kind: EventKind::Freed {
            address: number as usize,
            size: 3,
            stack: number.is_multiple_of(2).then_some(9),
        },
    }
}

/// A tracer that tells of what happens, and where that is read.
fn to_host(has_buffer: bool, mode: Mode) -> (Fixture, &'static Ring, EventCursor) {
    let fixture = match has_buffer {
        false => Fixture::uninitialised(),
        true => Fixture::with_records(4),
    };
    fixture.tracer.init_tohost(ring()).unwrap();
    fixture.tracer.start(mode, 0).unwrap();
    let host = fixture.tracer.attach().unwrap();
    assert_eq!(host.trace, fixture.tracer.trace());
    (fixture, host.ring, host.cursor)
}

/// Lets one of each kind happen.
fn let_all_happen(fixture: &Fixture) {
    fixture.allocate_from(64, 10, FRAMES[0]);
    fixture.free_from(64, FRAMES[1]);
    fixture.free(0);
    fixture.fail(33);
    fixture.allocate_from(128, 11, FRAMES[2]);
    fixture.free(999);
}

fn frames(fixture: &Fixture, stack: u32) -> Vec<u64> {
    fixture.stack(stack).unwrap().frames.to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn each_reader_of_a_ring_reads_what_a_queue_would_hold_or_is_overtaken(
        steps in vec((0..3usize, 0..12u64), 0..60)
    ) {
        let ring = EventRing::<8>::new();
        let ring: &Ring = &ring;
        let mut written = 0;
        let mut readers = [(ring.end(), 0), (ring.end(), 0)];
        for (who, count) in steps {
            let Some((cursor, read)) = readers.get_mut(who) else {
                for _ in 0..count {
                    ring.push(&event(written).pack());
                    written += 1;
                }
                continue;
            };
            for _ in 0..count {
                let behind = written - *read;
                prop_assert_eq!(u64::from(ring.end().since(*cursor)), behind);
                match ring.read(cursor) {
                    Ok(None) => prop_assert_eq!(behind, 0),
                    Ok(Some(next)) => {
                        prop_assert!(behind <= 8);
                        prop_assert_eq!(next, event(*read));
                        *read += 1;
                    }
                    Err(Overtaken) => {
                        prop_assert!(behind > 8);
                        (*cursor, *read) = (ring.end(), written);
                    }
                }
            }
        }
    }

    #[test]
    fn an_event_is_read_as_it_was_written(
        seq in 0..1u64 << 48, core: u8, task: u16, kind in 0..6u8, address: usize, size: usize, stack: u32
    ) {
        let kind = match kind {
            0 => EventKind::Allocated { address, size, stack },
            1 => EventKind::Freed { address, size, stack: Some(stack) },
            2 => EventKind::Freed { address, size, stack: None },
            3 => EventKind::FreedUnknown { address, size },
            4 => EventKind::Failed { size, stack },
            _ => EventKind::Began(Trace { id: stack, tables: task.into() }),
        };
        let event = Event { seq, core, task, kind };
        let ring = EventRing::<1>::new();
        let ring: &Ring = &ring;
        let mut cursor = ring.end();
        ring.push(&event.pack());
        prop_assert_eq!(ring.read(&mut cursor), Ok(Some(event)));
    }
}

#[test]
fn a_ring_goes_on_where_its_numbers_begin_again() {
    let ring = EventRing::<4>::new();
    let ring: &Ring = &ring;
    ring.push_as(u32::MAX - 1, &event(0).pack());
    let mut cursor = ring.end();
    for number in 0..4 {
        ring.push(&event(number).pack());
    }
    assert_eq!(read_events(ring, &mut cursor), [0, 1, 2, 3].map(event));
    (0..5).for_each(|number| ring.push(&event(number).pack()));
    assert_eq!(ring.read(&mut cursor), Err(Overtaken));
    assert_eq!(ring.end().since(cursor), 5);
}

#[test]
fn hosts_are_told_what_happened_in_order() {
    for (has_buffer, mode) in [
        (false, Mode::Leaks),
        (false, Mode::All),
        (true, Mode::Leaks),
        (true, Mode::All),
    ] {
        let (fixture, ring, mut cursor) = to_host(has_buffer, mode);
        let_all_happen(&fixture);
        let events = read_events(ring, &mut cursor);
        assert!(events.is_sorted_by(|a, b| a.seq <= b.seq));
        let [allocated, freed, failed, other, unknown] = events[..] else {
            panic!("{events:?}");
        };
        let kinds = [allocated.kind, other.kind];
        for (kind, block, frames_of_it) in [
            (kinds[0], (64, 10), FRAMES[0]),
            (kinds[1], (128, 11), FRAMES[2]),
        ] {
            let EventKind::Allocated {
                address,
                size,
                stack,
            } = kind
            else {
                panic!("{kind:?}");
            };
            assert_eq!((address, size), block);
            if has_buffer {
                assert!(
                    frames(&fixture, stack).iter().eq(frames_of_it
                        .iter()
                        .map(|f| *f as u64)
                        .collect::<Vec<_>>()
                        .iter())
                );
            }
        }
        let (address, size) = (64, 10);
        let stack = match freed.kind {
            EventKind::Freed { stack, .. } => stack,
            _ => None,
        };
        match has_buffer {
            true => assert_eq!(
                freed.kind,
                EventKind::Freed {
                    address,
                    size,
                    stack
                }
            ),
            false => assert!(
                matches!(freed.kind, EventKind::FreedUnknown { address: 64, .. }),
                "{freed:?}"
            ),
        }
        let freed_by = stack.map(|stack| frames(&fixture, stack));
        let expected = (has_buffer && mode == Mode::All).then(|| std::vec![0x20, 0x21]);
        assert_eq!(freed_by, expected);
        assert!(matches!(failed.kind, EventKind::Failed { size: 33, .. }));
        assert!(matches!(
            unknown.kind,
            EventKind::FreedUnknown { address: 999, .. }
        ));
        assert_eq!((allocated.core, allocated.task), (1, 3));
        assert_eq!(freed.task, if has_buffer { 3 } else { 0 }, "who allocated");
        let summary = fixture.tracer.summary();
        let evicted = if has_buffer { 0 } else { 2 };
        assert_eq!(summary.evicted, evicted);
        let evicted_bytes = if has_buffer { 0 } else { 21 };
        assert_eq!(summary.evicted_live_bytes, evicted_bytes);
        let frees = (summary.matched_frees, summary.unmatched_frees);
        assert_eq!(frees, if has_buffer { (1, 1) } else { (0, 2) });
        fixture.assert_accounts();
    }
}

#[test]
fn a_free_in_leaks_mode_is_told_by_the_quick_way_too() {
    let (fixture, ring, mut cursor) = to_host(true, Mode::Leaks);
    fixture.allocate(64, 10);
    assert!(fixture.tracer.freed_unnamed(64, 10).is_none());
    assert!(fixture.tracer.freed_unnamed(64, 10).is_some());
    // While that one waits to be explained, frees take the long way.
    fixture.allocate(128, 11);
    assert!(fixture.tracer.freed_unnamed(128, 11).is_none());
    let kinds: Vec<_> = read_events(ring, &mut cursor)
        .iter()
        .map(|event| event.kind)
        .collect();
    let freed = |address, size| EventKind::Freed {
        address,
        size,
        stack: None,
    };
    let (address, size) = (64, 10);
    assert_eq!(kinds.len(), 5);
    assert_eq!(kinds[1], freed(64, 10));
    assert_eq!(kinds[2], EventKind::FreedUnknown { address, size });
    assert_eq!(kinds[4], freed(128, 11));
}

#[test]
fn hosts_are_told_where_another_trace_begins_or_its_records_go() {
    let (fixture, ring, mut cursor) = to_host(true, Mode::Leaks);
    fixture.allocate(64, 10);
    fixture.tracer.start(Mode::All, 0).unwrap();
    let second = fixture.tracer.trace();
    fixture.allocate(64, 10);
    fixture.tracer.stop().unwrap();
    free(raw(fixture.tracer.release().unwrap()));
    let last = fixture.tracer.trace();
    let began: Vec<_> = read_events(ring, &mut cursor)
        .iter()
        .map(|event| match event.kind {
            EventKind::Began(trace) => Some(trace),
            _ => None,
        })
        .collect();
    assert_eq!(began, [None, Some(second), None, Some(last)]);
    assert!(second.id() < last.id());
}

#[test]
fn who_traces_for_no_host_attaches_none() {
    let fixture = Fixture::started(4, Mode::Leaks);
    assert!(fixture.tracer.attach().is_none());
    assert!(Fixture::uninitialised().tracer.attach().is_none());
}

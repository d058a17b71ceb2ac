//! Sizes, times and addresses at the ends of their types: no sum in a hook overflows, in no profile, and the accounts stay right.

use proptest::prelude::*;

use super::*;

fn size() -> impl Strategy<Value = usize> {
    let edges = [
        0,
        1,
        records::MAX_SIZE - 1,
        records::MAX_SIZE,
        records::MAX_SIZE + 1,
        isize::MAX as usize,
        usize::MAX,
    ];
    prop_oneof![prop::sample::select(edges.to_vec()), any::<usize>()]
}

fn time() -> impl Strategy<Value = u64> {
    let (most, last) = (records::MAX_TIME, records::MAX_SEQ);
    let edges = [0, 1, most, most + 1, last, last + 1, u64::MAX];
    prop_oneof![prop::sample::select(edges.to_vec()), any::<u64>()]
}

fn address() -> impl Strategy<Value = usize> {
    let top = usize::MAX;
    prop::sample::select(vec![1, 8, 64, top / 2, top - 64, top - 1, top])
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Allocate(usize, usize, u64),
    Free(usize, usize, u64),
    Fail(usize, u64),
    Gap,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (address(), size(), time()).prop_map(|(at, size, time)| Step::Allocate(at, size, time)),
        6 => (address(), size(), time()).prop_map(|(at, size, time)| Step::Free(at, size, time)),
        2 => (size(), time()).prop_map(|(size, time)| Step::Fail(size, time)),
        1 => Just(Step::Gap),
    ]
}

fn apply(tracer: &Tracer<Strict>, step: Step) {
    let stack = &CallStack::from_iter([usize::MAX, 0, usize::MAX]);
    match step {
        Step::Allocate(address, size, time_us) => tracer.allocated(&Allocation {
            address: NonZeroUsize::new(address).expect("none is null"),
            size,
            time_us,
            core: u8::MAX,
            task: u16::MAX,
            stack,
        }),
        Step::Free(address, size, time_us) => {
            let event = Free {
                address,
                size,
                time_us,
                core: u8::MAX,
                task: u16::MAX,
                stack: &CallStack::new(),
            };
            let unnamed = match tracer.wants_free_caller() {
                true => tracer.freed(&event),
                false => tracer.freed_unnamed(address, size),
            };
            if let Some(free) = unnamed {
                tracer.name_free(free, time_us, u16::MAX, stack);
            }
        }
        Step::Fail(size, time_us) => tracer.failed(&FailedAllocation {
            size,
            time_us,
            core: u8::MAX,
            task: u16::MAX,
            stack,
            gave_reserve: false,
            left: None,
        }),
        Step::Gap => {
            tracer.stop().expect("it records");
            tracer.resume().expect("it is stopped");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 2 } else { 128 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_event_is_too_much(
        is_leaks in any::<bool>(),
        capacity in 1_u32..6,
        steps in proptest::collection::vec(step(), 1..if cfg!(miri) { 16 } else { 60 }),
    ) {
        let fixture = Fixture::with_records(capacity);
        let mode = if is_leaks { Mode::Leaks } else { Mode::All };
        fixture.tracer.start(mode, u64::MAX).unwrap();
        for step in steps {
            let before = fixture.tracer.now_us(0);
            apply(&fixture.tracer, step);
            prop_assert!(fixture.tracer.now_us(0) >= before);
            fixture.assert_accounts();
        }
        fixture.wrong_frees();
        let mut cursor = LeakCursor::before(fixture.tracer.trace(), u64::MAX);
        let mut leaks = heapless::Vec::<Sums, 4>::new();
        prop_assert!(fixture.tracer.leaks(&mut cursor, &mut leaks).is_ok());
    }
}

#[test]
fn failed_bytes_stay_at_the_most_there_can_be() {
    let fixture = Fixture::started(8, Mode::Leaks);
    for _ in 0..3 {
        fixture.fail(isize::MAX as usize);
    }
    let counters = fixture.tracer.summary();
    assert_eq!(
        (counters.failed_allocations, counters.failed_bytes),
        (3, u64::MAX)
    );
}

#[test]
fn bytes_of_unmatched_frees_stay_at_the_most_there_can_be() {
    let fixture = Fixture::started(8, Mode::Leaks);
    for _ in 0..3 {
        apply(&fixture.tracer, Step::Free(64, usize::MAX, 0));
    }
    let counters = fixture.tracer.summary();
    assert_eq!(counters.unmatched_freed_bytes, u64::MAX);
}

#[test]
fn a_size_beyond_what_a_record_holds_counts_as_that_everywhere() {
    for mode in [Mode::Leaks, Mode::All] {
        let fixture = Fixture::started(8, mode);
        for address in [64, 128, 192] {
            fixture.allocate(address, isize::MAX as usize);
        }
        let most = records::MAX_SIZE as u64;
        assert_eq!(fixture.tracer.summary().live_bytes, 3 * most);
        assert_eq!(fixture.records()[0].size, records::MAX_SIZE as u64);
        assert_eq!(fixture.stacks()[1].live_bytes, 3 * most);
        for address in [64, 128, 192] {
            fixture.free(address);
        }
        assert_eq!(fixture.tracer.summary().live_bytes, 0);
        let stack = &fixture.stacks()[1];
        assert_eq!((stack.live_bytes, stack.peak_live_bytes), (0, 3 * most));
        fixture.assert_accounts();
    }
}

#[test]
fn a_clock_that_once_told_of_the_last_time_of_all_leaves_numbers_for_later_records() {
    let fixture = Fixture::started(8, Mode::Leaks);
    apply(&fixture.tracer, Step::Allocate(64, 8, u64::MAX));
    apply(&fixture.tracer, Step::Allocate(128, 8, 1_000));
    apply(&fixture.tracer, Step::Allocate(192, 8, u64::MAX));
    let records = fixture.records();
    assert_eq!(records.len(), 3);
    assert!(records.is_sorted_by(|a, b| a.seq < b.seq));
    assert!(records[2].seq <= records::MAX_SEQ);
}

#[test]
fn a_block_that_lived_for_as_long_as_time_lasts_was_freed_late() {
    let fixture = Fixture::started(8, Mode::All);
    fixture.allocate_from(64, 8, &[1]);
    fixture.tracer.freed(&Free {
        address: 64,
        size: 8,
        time_us: u64::MAX,
        core: 0,
        task: 0,
        stack: &CallStack::from_iter([2]),
    });
    let freed = fixture.records()[0].freed.expect("it was freed");
    assert!(freed.time_us >= 1 << 46, "{}", freed.time_us);
}

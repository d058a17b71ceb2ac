//! Every call in every state, against the table in the design.

use super::*;

#[derive(Clone, Copy, Debug)]
enum Call {
    InitStandalone,
    InitEmpty,
    InitTooSmall,
    Release,
    InitToHost,
    StartAll,
    StartLeaks,
    Stop,
    Pause,
    Resume,
    Get,
}

const CALLS: [Call; 11] = [
    Call::InitStandalone,
    Call::InitEmpty,
    Call::InitTooSmall,
    Call::Release,
    Call::InitToHost,
    Call::StartAll,
    Call::StartLeaks,
    Call::Stop,
    Call::Pause,
    Call::Resume,
    Call::Get,
];

/// Makes a call; returns its error, if any, and frees whatever buffer came back.
fn make(fixture: &Fixture, call: Call) -> Result<(), Error> {
    let tracer = &fixture.tracer;
    let init = |bytes: usize| match tracer.init_standalone(buffer(bytes), None) {
        Ok(old) => {
            free(raw(old));
            Ok(())
        }
        Err(Refused { error, buffer }) => {
            free(raw(Some(buffer)));
            Err(error)
        }
    };
    match call {
        Call::InitStandalone => init(buffer_bytes(8, 4)),
        Call::InitEmpty => init(0),
        Call::InitTooSmall => init(16),
        Call::Release => tracer.release().map(raw).map(free),
        Call::InitToHost => tracer.init_tohost(ring()),
        Call::StartAll => tracer.start(Mode::All, 5).map(drop),
        Call::StartLeaks => tracer.start(Mode::Leaks, 5).map(drop),
        Call::Stop => tracer.stop(),
        Call::Pause => tracer.alloc_pause(),
        Call::Resume => tracer.resume(),
        Call::Get => tracer.get(0).map(drop),
    }
}

/// What the design says: the error, or the state that follows.
fn expected(state: State, call: Call) -> Result<State, Error> {
    use State::{Paused, Recording, Stopped, Uninitialised};
    let running = matches!(state, Recording | Paused);
    match call {
        Call::InitStandalone | Call::InitToHost if state == Recording => Err(Error::InvalidState),
        Call::InitEmpty | Call::Release | Call::InitTooSmall if state == Recording => {
            Err(Error::InvalidState)
        }
        Call::InitStandalone | Call::InitToHost => Ok(Stopped),
        Call::InitEmpty | Call::Release => Ok(Uninitialised),
        Call::InitTooSmall => Err(Error::InvalidArg),
        Call::StartAll | Call::StartLeaks if state == Uninitialised => Err(Error::InvalidState),
        Call::StartAll | Call::StartLeaks => Ok(Recording),
        Call::Stop if running => Ok(Stopped),
        Call::Pause if state == Recording => Ok(Paused),
        Call::Resume if matches!(state, Stopped | Paused) => Ok(Recording),
        Call::Stop | Call::Pause | Call::Resume => Err(Error::InvalidState),
        Call::Get if state == Uninitialised => Err(Error::InvalidState),
        Call::Get => Err(Error::InvalidArg),
    }
}

/// A fixture in the wanted state, without records.
fn in_state(state: State) -> Fixture {
    let fixture = Fixture::uninitialised();
    let way: &[Call] = match state {
        State::Uninitialised => &[],
        State::Stopped => &[Call::InitStandalone],
        State::Recording => &[Call::InitStandalone, Call::StartLeaks],
        State::Paused => &[Call::InitStandalone, Call::StartLeaks, Call::Pause],
    };
    for call in way {
        make(&fixture, *call).unwrap();
    }
    assert_eq!(fixture.tracer.summary().state, state);
    fixture
}

#[test]
fn every_call_in_every_state_does_what_the_design_says() {
    for state in [
        State::Uninitialised,
        State::Stopped,
        State::Recording,
        State::Paused,
    ] {
        for call in CALLS {
            let fixture = in_state(state);
            let before = fixture.tracer.summary();
            let answer = make(&fixture, call);
            let after = fixture.tracer.summary();
            match expected(state, call) {
                Ok(next) => {
                    assert_eq!(answer, Ok(()), "{call:?} while {state:?}");
                    assert_eq!(after.state, next, "{call:?} while {state:?}");
                }
                Err(error) => {
                    assert_eq!(answer, Err(error), "{call:?} while {state:?}");
                    assert_eq!(
                        after, before,
                        "{call:?} while {state:?} was refused but changed something"
                    );
                }
            }
        }
    }
}

#[test]
fn start_clears_everything_and_counts_traces() {
    for from in [State::Stopped, State::Recording, State::Paused] {
        let fixture = in_state(State::Recording);
        for address in 1..=20 {
            fixture.allocate(address * 64, 10);
        }
        fixture.free(64 * 20);
        fixture.free(7);
        fixture.fail(99);
        match from {
            State::Stopped => fixture.tracer.stop().unwrap(),
            State::Paused => fixture.tracer.alloc_pause().unwrap(),
            _ => {}
        }
        let trace = fixture.tracer.start(Mode::All, 7_000).unwrap();
        let summary = fixture.tracer.summary();
        assert_eq!(trace, 2);
        assert_eq!(
            (fixture.tracer.trace().id(), summary.started_us),
            (2, 7_000)
        );
        assert_eq!(
            (summary.count, summary.high_water_mark, summary.stack_count),
            (0, 0, 0)
        );
        assert_eq!(counted(summary), Summary::default());
        assert_eq!(summary.mode, Some(Mode::All));
        assert!(fixture.records().is_empty());
        assert!(fixture.failures().is_empty());
        assert!(fixture.wrong_frees().is_empty());
    }
}

#[test]
fn the_trace_id_rises_whenever_records_are_discarded_and_only_then() {
    let fixture = Fixture::uninitialised();
    let id = || fixture.tracer.status().trace.id();
    let init = || make(&fixture, Call::InitStandalone).unwrap();
    init();
    init();
    assert_eq!(id(), 0, "nothing was traced yet");
    assert_eq!(fixture.tracer.start(Mode::Leaks, 0), Ok(1));
    fixture.tracer.stop().unwrap();
    init();
    assert_eq!(id(), 1, "there was nothing to discard");
    for discard in [Call::InitStandalone, Call::InitEmpty, Call::Release] {
        init();
        let before = fixture.tracer.start(Mode::Leaks, 0).unwrap();
        fixture.allocate(64, 10);
        fixture.tracer.stop().unwrap();
        assert_eq!(id(), before);
        make(&fixture, discard).unwrap();
        assert_eq!(id(), before + 1, "{discard:?}");
    }
    init();
    make(&fixture, Call::Resume).unwrap();
    fixture.allocate(64, 10);
    let before = id();
    make(&fixture, Call::Pause).unwrap();
    make(&fixture, Call::InitToHost).unwrap();
    assert_eq!(id(), before, "the buffer stays, as the resync table");
    make(&fixture, Call::Release).unwrap();
    assert_eq!(id(), before + 1);
}

#[test]
fn resume_goes_on_with_everything_as_it_was() {
    let fixture = Fixture::started(8, Mode::Leaks);
    fixture.allocate(64, 10);
    fixture.tracer.stop().unwrap();
    fixture.allocate(128, 10);
    fixture.tracer.resume().unwrap();
    fixture.allocate(192, 10);
    let addresses: Vec<_> = fixture
        .records()
        .iter()
        .map(|record| record.address)
        .collect();
    assert_eq!(addresses, [Address(64), Address(192)]);
    assert_eq!(fixture.tracer.summary().mode, Some(Mode::Leaks));
}

#[test]
fn gaps_are_counted_and_blocks_from_before_a_stop_are_told_from_those_behind_it() {
    let fixture = Fixture::started(8, Mode::Leaks);
    let gaps = || {
        let summary = fixture.tracer.summary();
        (summary.gaps, summary.doubtful_until_us)
    };
    fixture.tracer.stop().unwrap();
    fixture.tracer.resume().unwrap();
    assert_eq!(gaps(), (1, 0), "there is no block from before");
    fixture.allocate(64, 10);
    fixture.tracer.alloc_pause().unwrap();
    fixture.tracer.resume().unwrap();
    assert_eq!(gaps(), (2, 0), "a pause sees frees");

    fixture.tracer.stop().unwrap();
    assert_eq!(gaps(), (2, 0), "the stop may be for good");
    fixture.tracer.resume().unwrap();
    fixture.allocate(128, 10);
    let seqs: Vec<_> = fixture.records().iter().map(|record| record.seq).collect();
    let (3, doubtful_until_us) = gaps() else {
        panic!("not three: {:?}", gaps());
    };
    assert!(
        seqs[0] <= doubtful_until_us && doubtful_until_us < seqs[1],
        "{seqs:?}"
    );

    fixture.tracer.start(Mode::Leaks, 0).unwrap();
    assert_eq!(gaps(), (0, 0));
}

#[test]
fn a_list_of_leaks_is_of_the_time_since_the_start_without_pauses_and_stops() {
    let fixture = Fixture::with_records(8);
    let tracer = &fixture.tracer;
    tracer.start(Mode::Leaks, 1_000).unwrap();
    fixture.allocate(64, 10);
    tracer.pass(2_000);
    tracer.alloc_pause().unwrap();
    tracer.pass(3_000);
    tracer.resume().unwrap();
    tracer.pass(4_000);
    tracer.stop().unwrap();
    tracer.pass(5_000);
    tracer.resume().unwrap();
    tracer.pass(6_000);
    tracer.alloc_pause().unwrap();
    let period = tracer.period(tracer.trace(), 7_000).unwrap();
    let unrecorded = period.unrecorded.iter();
    let unrecorded: Vec<_> = unrecorded.map(|gap| (gap.from_us, gap.until_us)).collect();
    assert_eq!((period.started_us, period.time_us), (1_000, 7_000));
    // To resume takes a sequence number, behind all from before.
    assert_eq!(period.doubtful_until_us, 5_001);
    let gaps = [(2_000, Some(3_000)), (4_000, Some(5_000)), (6_000, None)];
    assert_eq!(unrecorded, gaps);
    assert_eq!(
        (period.known_us(), period.recorded_until_us()),
        (999, 6_000)
    );
}

#[test]
fn resume_without_a_start_records_in_all_mode() {
    let fixture = Fixture::with_records(8);
    assert_eq!(fixture.tracer.summary().mode, None);
    fixture.tracer.resume().unwrap();
    fixture.allocate(64, 10);
    fixture.free(64);
    assert_eq!(fixture.tracer.summary().mode, Some(Mode::All));
    assert!(fixture.records()[0].freed.is_some());
}

#[test]
fn a_pause_keeps_recording_frees() {
    let fixture = Fixture::started(8, Mode::Leaks);
    fixture.allocate(64, 10);
    fixture.allocate(128, 20);
    fixture.tracer.alloc_pause().unwrap();
    fixture.allocate(192, 30);
    fixture.free(64);
    fixture.free(192);
    let summary = fixture.tracer.summary();
    assert_eq!((summary.live_count, summary.live_bytes), (1, 20));
    assert_eq!((summary.matched_frees, summary.unmatched_frees), (1, 1));
}

#[test]
fn a_buffer_that_comes_back_is_the_one_that_was_lent() {
    let tracer = Tracer::<Strict>::new();
    let lent = buffer(buffer_bytes(8, 4));
    let (start, len) = (lent.as_ptr(), lent.len());
    assert!(tracer.init_standalone(lent, Some(8)).unwrap().is_none());
    let back = tracer.release().unwrap().unwrap();
    assert_eq!((back.as_ptr(), back.len()), (start, len));
    free(raw(Some(back)));
    assert!(tracer.release().unwrap().is_none());
}

#[test]
fn more_records_than_fit_are_refused_and_fewer_leave_room_for_stacks() {
    let bytes = buffer_bytes(100, 1);
    let fixture = Fixture::uninitialised();
    let refused = fixture
        .tracer
        .init_standalone(buffer(bytes), Some(101))
        .unwrap_err();
    assert_eq!(refused.error, Error::InvalidArg);
    free(raw(fixture
        .tracer
        .init_standalone(refused.buffer, Some(100))
        .unwrap()));
    let summary = fixture.tracer.summary();
    assert_eq!((summary.capacity, summary.stack_capacity), (100, 1));
    let buffer = fixture.tracer.release().unwrap().unwrap();
    fixture.tracer.init_standalone(buffer, Some(10)).unwrap();
    let summary = fixture.tracer.summary();
    assert_eq!(summary.capacity, 10);
    assert!(summary.stack_capacity > 1);
    let split = fixture.tracer.status().split;
    // Each table has an entry of its own.
    assert_eq!(split.record_bytes, 11 * size_of::<records::Slot>());
    let stacks = summary.stack_capacity as usize + 1;
    assert_eq!(split.stack_bytes, stacks * size_of::<stacks::Entry>());
    assert!(split.record_bytes + split.stack_bytes <= split.total_bytes);
}

/// Returns records and call stacks of a buffer that gets so many records.
fn split(bytes: usize, records: Option<u32>) -> (u32, u32) {
    let fixture = Fixture::uninitialised();
    let taken = fixture.tracer.init_standalone(buffer(bytes), records);
    assert!(taken.is_ok(), "{records:?} records in {bytes} bytes");
    let summary = fixture.tracer.summary();
    (summary.capacity, summary.stack_capacity)
}

#[test]
fn the_most_records_leave_a_call_stack_for_every_sixteen_and_sixteen_at_least() {
    let all = [8, 16, 32, 64, 256, 512];
    // Miri fills a buffer slowly.
    for kib in all.into_iter().take(if cfg!(miri) { 3 } else { all.len() }) {
        let bytes = kib * 1024;
        let most = Tracer::<Strict>::max_records(bytes);
        let (records, stacks) = split(bytes, Some(most));
        assert_eq!(records, most);
        assert!(
            stacks >= 16.max(most / 16),
            "{stacks} beside {most} in {kib} KiB"
        );
        let (_, fewer) = split(bytes, Some(most + 16));
        assert!(
            fewer < 16.max(most / 16 + 1),
            "more would do, too: {most} in {kib} KiB"
        );
    }
}

#[test]
fn a_buffer_too_small_for_sixteen_call_stacks_may_be_split_as_it_is_by_itself() {
    let bytes = buffer_bytes(8, 2);
    let (records, _) = split(bytes, None);
    assert_eq!(Tracer::<Strict>::max_records(bytes), records);
}

#[test]
fn what_hosts_are_told_of_and_miss_is_counted_and_the_buffer_stays() {
    let fixture = Fixture::with_records(8);
    fixture.tracer.init_tohost(ring()).unwrap();
    fixture.tracer.start(Mode::Leaks, 0).unwrap();
    let trace = fixture.tracer.trace();
    fixture.allocate(64, 10);
    fixture.allocate(128, 10);
    fixture.free(64);
    fixture.tracer.note_told(trace, 2, 1);
    let summary = fixture.tracer.summary();
    assert_eq!(summary.destination, Some(Destination::ToHost));
    assert_eq!((summary.sent, summary.dropped), (2, 1));
    assert_eq!(fixture.records().len(), 1, "the buffer is the resync table");
    fixture.tracer.start(Mode::Leaks, 0).unwrap();
    fixture.tracer.note_told(trace, 2, 1);
    let summary = fixture.tracer.summary();
    assert_eq!((summary.sent, summary.dropped), (0, 0), "of another trace");
}

#[test]
fn to_host_works_without_a_buffer() {
    let fixture = Fixture::uninitialised();
    fixture.tracer.init_tohost(ring()).unwrap();
    fixture.tracer.start(Mode::Leaks, 0).unwrap();
    let host = fixture.tracer.attach().unwrap();
    for address in [64, 128, 192] {
        fixture.allocate_from(address, 10, &[0x10, 0x20]);
    }
    let summary = fixture.tracer.summary();
    assert_eq!((summary.total_allocations, summary.count), (3, 0));
    assert_eq!((summary.evicted_live, summary.live_count), (3, 0));
    assert!(!summary.has_overflowed(), "there is no buffer to overflow");
    fixture.assert_accounts();
    let mut cursor = host.cursor;
    let events = read_events(host.ring, &mut cursor);
    assert_eq!(events.len(), 3);
    assert!(events.is_sorted_by(|a, b| a.seq < b.seq));
    assert_eq!(
        events[0].kind,
        EventKind::Allocated {
            address: 64,
            size: 10,
            stack: 0
        }
    );
    assert_eq!(fixture.tracer.get(0), Err(Error::InvalidArg));
}

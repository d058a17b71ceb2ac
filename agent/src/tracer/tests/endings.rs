//! Traces that end while somebody reads them: between any two holds of a reader, the trace is started anew, the
//! buffer is taken back and freed, or another one takes its place.

use core::mem;
use core::sync::atomic::AtomicUsize;
use std::sync::Arc;

use super::*;
use crate::tests::board::{Interruptible, interrupt_before_hold, was_interrupted};

type Readable = Tracer<Interruptible>;

/// Where the code of each trace lies: in an answer, every call stack, size and address tells whose it is.
const OLD: usize = 0x1_0000;
const NEW: usize = 0x2_0000;
/// Blocks of the old trace, each with a call stack of its own.
const BLOCKS: usize = if cfg!(miri) { 18 } else { 40 };

/// How many of them are allocated: also none, for then nothing is given up, and the trace's number stays.
const FILLINGS: &[usize] = if cfg!(miri) { &[BLOCKS] } else { &[0, BLOCKS] };

/// What ends a trace.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Restart,
    Release,
    Smaller,
    Larger,
}

/// Miri looks at those that leave nothing, or less, where a reader was.
const ENDINGS: &[Ending] = if cfg!(miri) {
    &[Ending::Release, Ending::Smaller]
} else {
    &[
        Ending::Restart,
        Ending::Release,
        Ending::Smaller,
        Ending::Larger,
    ]
};

/// A way to read; returns the addresses of code that it was told of.
type Reader = fn(&Readable) -> Result<Vec<usize>, TraceEnded>;

const READERS: [(&str, Reader); 8] = [
    ("records", records),
    ("get", get),
    ("stacks", stacks),
    ("stack", stack),
    ("leaks", leaks),
    ("failures", failures),
    ("wrong frees", wrong_frees),
    ("dump", dump),
];

fn records(tracer: &Readable) -> Result<Vec<usize>, TraceEnded> {
    let mut cursor = RecordCursor::after(tracer.trace(), 0);
    let mut batch = [Record::default(); 3];
    let mut codes = Vec::new();
    loop {
        let read = tracer.read_records(&mut cursor, &mut batch)?;
        codes.extend(batch[..read].iter().map(|record| record.size as usize));
        if read < batch.len() {
            return Ok(codes);
        }
    }
}

/// It goes on with the next trace by itself.
fn get(tracer: &Readable) -> Result<Vec<usize>, TraceEnded> {
    let record = tracer.get(BLOCKS as u32 - 2);
    Ok(record.iter().map(|record| record.size as usize).collect())
}

fn stacks(tracer: &Readable) -> Result<Vec<usize>, TraceEnded> {
    let mut cursor = StackCursor::after(tracer.trace(), Some(0));
    let mut one = [Stack::default()];
    let mut codes = Vec::new();
    while tracer.read_stacks(&mut cursor, &mut one)? > 0 {
        codes.extend(one[0].frames.iter().map(|frame| *frame as usize));
    }
    Ok(codes)
}

fn stack(tracer: &Readable) -> Result<Vec<usize>, TraceEnded> {
    let stack = tracer.stack(tracer.trace(), BLOCKS as u32 / 2)?;
    let frames = stack.into_iter().flat_map(|stack| stack.frames);
    Ok(frames.map(|frame| frame as usize).collect())
}

fn leaks(tracer: &Readable) -> Result<Vec<usize>, TraceEnded> {
    let mut cursor = LeakCursor::before(tracer.trace(), u64::MAX);
    let mut leaks = heapless::Vec::<_, 16>::new();
    let mut codes = Vec::new();
    loop {
        let answer = tracer.leaks(&mut cursor, &mut leaks);
        if answer.is_err() {
            assert_eq!(leaks, [], "there is no answer of a trace that has ended");
        }
        // A dump may be asking, too: there is one such query at a time.
        if answer?.is_none() {
            return Ok(Vec::new());
        }
        if leaks.is_empty() {
            return Ok(codes);
        }
        // Call stacks without room share one.
        codes.extend(
            leaks
                .iter()
                .map(|leak| leak.bytes as usize / leak.count as usize),
        );
    }
}

fn failures(tracer: &Readable) -> Result<Vec<usize>, TraceEnded> {
    let failures = tracer.failures(tracer.trace())?;
    Ok(failures
        .iter()
        .map(|failure| failure.size as usize)
        .collect())
}

fn wrong_frees(tracer: &Readable) -> Result<Vec<usize>, TraceEnded> {
    let wrong = tracer.wrong_frees(tracer.trace())?;
    Ok(wrong
        .iter()
        .map(|wrong| (wrong.block.0 >> 8) as usize)
        .collect())
}

fn dump(tracer: &Readable) -> Result<Vec<usize>, TraceEnded> {
    let mut text = std::string::String::new();
    crate::read::dump::dump(tracer, 0, &mut text).expect("a string takes all");
    if text.contains("incomplete") {
        return Err(TraceEnded);
    }
    let callers = text.split("caller 0x").skip(1);
    let code = |caller: &str| usize::from_str_radix(caller.lines().next()?, 16).ok();
    Ok(callers.filter_map(code).collect())
}

/// Records blocks, a failure and frees inside of blocks, all of them with what tells the code that did it.
fn record(tracer: &Readable, code: usize, blocks: usize) {
    for block in code..code + blocks {
        let stack = CallStack::from_iter([block]);
        tracer.allocated(&Allocation {
            address: NonZeroUsize::new(block << 8).expect("null is no block"),
            size: block,
            time_us: 0,
            core: 0,
            task: 0,
            stack: &stack,
        });
        if block % 4 == 0 {
            tracer.freed(&Free {
                address: (block << 8) + 1,
                size: 0,
                time_us: 0,
                core: 0,
                task: 0,
                stack: &stack,
            });
            tracer.failed(&FailedAllocation {
                size: block,
                time_us: 0,
                core: 0,
                task: 0,
                stack: &stack,
                gave_reserve: false,
                left: None,
            });
        }
    }
}

fn end(tracer: &Readable, ending: Ending, mode: Mode) {
    let (records, stacks) = match ending {
        Ending::Restart => return begin(tracer, mode),
        Ending::Release => (0, 0),
        Ending::Smaller => (2, 1),
        Ending::Larger => (3 * BLOCKS, 3 * BLOCKS),
    };
    tracer.stop().expect("it records");
    free(raw(tracer.release().expect("it is stopped")));
    if records > 0 {
        let buffer = buffer(buffer_bytes(records, stacks));
        let taken = tracer.init_standalone(buffer, Some(records as u32));
        assert!(matches!(taken, Ok(None)), "the buffer is large enough");
        begin(tracer, mode);
    }
}

fn begin(tracer: &Readable, mode: Mode) {
    tracer.start(mode, 0).expect("it was initialised");
    record(tracer, NEW, 8);
}

/// Reads while the trace ends between two holds, the later the more holds there are before; returns whether it did.
fn read_while_it_ends(
    (name, reader): (&str, Reader),
    (ending, mode): (Ending, Mode),
    blocks: usize,
    holds: usize,
) -> bool {
    let tracer = Arc::new(Readable::new());
    let old = buffer(buffer_bytes(BLOCKS, BLOCKS));
    let taken = tracer.init_standalone(old, Some(BLOCKS as u32));
    assert!(matches!(taken, Ok(None)), "the buffer is large enough");
    tracer.start(mode, 0).expect("it was initialised");
    record(&tracer, OLD, blocks);
    let ended = Arc::clone(&tracer);
    interrupt_before_hold(holds, move || end(&ended, ending, mode));
    let answer = reader(&tracer);
    let has_ended = was_interrupted();
    if let Ok(codes) = &answer {
        let is_of = |trace: usize| codes.iter().all(|code| code & !0xfff == trace);
        assert!(
            is_of(OLD) || is_of(NEW),
            "{name}, {ending:?}, {mode:?}, {holds} holds: {codes:x?}"
        );
    }
    if !has_ended {
        assert!(answer.is_ok(), "{name}: nothing has ended");
    }
    let _ = tracer.stop();
    free(raw(tracer.release().expect("it is stopped")));
    has_ended
}

#[test]
fn every_reader_ends_with_its_trace_between_any_two_holds() {
    let stride = if cfg!(miri) { 37 } else { 1 };
    for reader in READERS {
        for ending in ENDINGS {
            for mode in [Mode::Leaks, Mode::All] {
                for blocks in FILLINGS {
                    let way = (*ending, mode);
                    let has_ended =
                        |holds: &usize| read_while_it_ends(reader, way, *blocks, *holds);
                    let times = (0..).step_by(stride).take_while(has_ended).count();
                    assert!(times > 0, "{} is read without a hold", reader.0);
                }
            }
        }
    }
}

#[test]
fn a_reader_of_a_trace_that_has_ended_is_told_so() {
    let fixture = Fixture::started(8, Mode::Leaks);
    fixture.allocate(64, 8);
    let tracer = &fixture.tracer;
    let trace = tracer.trace();
    let mut records = RecordCursor::after(trace, 0);
    let mut stacks = StackCursor::after(trace, None);
    let mut leaks = LeakCursor::before(trace, u64::MAX);
    tracer.start(Mode::Leaks, 0).unwrap();
    fixture.allocate(128, 8);
    let mut record = [Record::default()];
    assert_eq!(
        tracer.read_records(&mut records, &mut record),
        Err(TraceEnded)
    );
    let mut stack = [Stack::default()];
    assert_eq!(tracer.read_stacks(&mut stacks, &mut stack), Err(TraceEnded));
    let mut list = heapless::Vec::<_, 4>::new();
    assert_eq!(tracer.leaks(&mut leaks, &mut list), Err(TraceEnded));
    assert_eq!(tracer.failures(trace).err(), Some(TraceEnded));
    assert_eq!(tracer.wrong_frees(trace).err(), Some(TraceEnded));
    assert_eq!(tracer.stack(trace, 1), Err(TraceEnded));
    assert_eq!(
        tracer.get(0).map(|record| record.address),
        Ok(Address(128)),
        "an index is of the trace that there is"
    );
}

#[test]
fn the_end_of_a_trace_ends_its_query() {
    let tracer = Arc::new(Readable::new());
    let taken = tracer.init_standalone(buffer(buffer_bytes(BLOCKS, BLOCKS)), None);
    assert!(matches!(taken, Ok(None)), "the buffer is large enough");
    begin(&tracer, Mode::Leaks);
    let ended = Arc::clone(&tracer);
    interrupt_before_hold(3, move || {
        let tracer = &*ended;
        let mut cursor = LeakCursor::before(tracer.trace(), u64::MAX);
        let mut list = heapless::Vec::<_, 4>::new();
        assert_eq!(tracer.leaks(&mut cursor, &mut list), Ok(None), "it is busy");
        end(tracer, Ending::Restart, Mode::Leaks);
        assert!(leaks(tracer).is_ok_and(|codes| codes.len() == 8));
    });
    assert_eq!(leaks(&tracer), Err(TraceEnded));
    assert!(was_interrupted());
    end(&tracer, Ending::Release, Mode::Leaks);
}

#[test]
fn threads_read_in_every_way_while_traces_end() {
    let rounds = if cfg!(miri) { 3 } else { 300 };
    let tracer = &Readable::new();
    let done = AtomicBool::new(false);
    // Readers that were answered: on a busy machine all rounds may be over before a thread begins.
    let answered = AtomicUsize::new(0);
    thread::scope(|scope| {
        let readers: Vec<_> = READERS
            .iter()
            .map(|(name, reader)| {
                let (done, answered) = (&done, &answered);
                scope.spawn(move || {
                    let mut is_first = true;
                    while !done.load(Ordering::Acquire) {
                        let codes = reader(tracer).unwrap_or_default();
                        let is_old = |code: &usize| code & !0xfff != NEW;
                        let old = codes.into_iter().find(is_old);
                        if mem::take(&mut is_first) {
                            answered.fetch_add(1, Ordering::AcqRel);
                        }
                        assert_eq!(old, None, "{name}");
                    }
                })
            })
            .collect();
        for round in 0.. {
            let all_answered = answered.load(Ordering::Acquire) == READERS.len();
            let has_failed = || readers.iter().any(|reader| reader.is_finished());
            if round >= rounds && (all_answered || has_failed()) {
                break;
            }
            let mode = [Mode::Leaks, Mode::All][round % 2];
            let (records, stacks) = [(2, 1), (40, 40), (9, 3)][round % 3];
            let taken = tracer.init_standalone(buffer(buffer_bytes(records, stacks)), None);
            assert!(matches!(taken, Ok(None)), "the buffer is large enough");
            begin(tracer, mode);
            begin(tracer, mode);
            tracer.stop().expect("it records");
            free(raw(tracer.release().expect("it is stopped")));
        }
        done.store(true, Ordering::Release);
        for reader in readers {
            reader.join().expect("a reader does not panic");
        }
    });
}

//! What a host makes of what it is told, whatever happens between any two steps.

use core::cell::RefCell;
use core::num::NonZeroUsize;
use std::boxed::Box;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::vec::Vec;

use heapbeacon_shared::capture::LiveBlocks;
use heapbeacon_shared::trace::{Address, Mode, Record, Region};
use heapbeacon_shared::wire::{Decoder, Message};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Feed, Filter};
use crate::mark::mark;
use crate::platform::{Device, Platform};
use crate::read::stream::Out;
use crate::tests::board::{Board, interrupt_before_hold, was_interrupted};
use crate::tracer::{Allocation, CallStack, EventRing, FailedAllocation, Free, RecordCursor, Ring};

/// Events that the ring keeps: few, so that hosts are overtaken.
const RING: usize = 32;
/// Places for blocks: few, so that addresses come again.
const PLACES: usize = 48;
/// Bytes of a frame.
const FRAME: usize = 1408;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Some places are touched: a block is allocated there, or freed.
    Touch(usize, usize),
    Fail,
    Mark,
    /// A frame is filled, and meanwhile, before some hold of the lock, places are touched.
    Fill(usize, usize),
    /// The connection is cut, and the next one begins.
    Cut,
    Start(bool),
    Pause,
    Stop,
    Resume,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        20 => (0..PLACES, 1..30usize).prop_map(|(first, count)| Step::Touch(first, count)),
        20 => (0..40usize, 0..12usize).prop_map(|(holds, count)| Step::Fill(holds, count)),
        2 => Just(Step::Fail),
        2 => Just(Step::Mark),
        1 => Just(Step::Cut),
        1 => any::<bool>().prop_map(Step::Start),
        1 => Just(Step::Pause),
        1 => Just(Step::Stop),
        3 => Just(Step::Resume),
    ];
    vec(step, 1..120)
}

/// A heap.
struct World {
    now: u64,
    is_taken: [bool; PLACES],
    touched: usize,
}

/// Room for one frame.
struct Room {
    bytes: [u8; FRAME],
    len: usize,
}

/// A host, and what tells it.
struct Host {
    feed: Box<Feed>,
    decoder: Decoder,
    live: LiveBlocks,
    heard: Vec<Message>,
}

impl Out for Room {
    fn has_room(&self) -> bool {
        true
    }

    fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.len..]
    }

    fn take(&mut self, bytes: usize) {
        self.len += bytes;
    }
}

impl World {
    /// Begins a trace for hosts, on a ring of its own.
    fn begin() -> Rc<RefCell<Self>> {
        let tracer = Board::tracer();
        let _ = tracer.stop();
        Board::trace();
        tracer.stop().expect("it has just begun");
        let ring: &'static Ring = Box::leak(Box::new(EventRing::<RING>::new()));
        tracer.init_tohost(ring).expect("it does not record");
        tracer.start(Mode::Leaks, 0).expect("it was initialised");
        Rc::new(RefCell::new(Self {
            now: 0,
            is_taken: [false; PLACES],
            touched: 0,
        }))
    }

    /// Allocates where there is nothing, and frees what there is.
    fn touch(&mut self, place: usize) {
        self.now += 3;
        self.touched += 1;
        let place = place % PLACES;
        let address = 0x2000_0000 + place * 64;
        let stack: CallStack = [0x100 + self.touched % 5].into_iter().collect();
        let (time_us, task) = (self.now, 0);
        let was_taken = self.is_taken[place];
        self.is_taken[place] = !was_taken;
        if was_taken {
            let size = place;
            Board::tracer().freed(&Free {
                address,
                size,
                time_us,
                core: 0,
                task,
                stack: &stack,
            });
        } else {
            Board::tracer().allocated(&Allocation {
                address: NonZeroUsize::new(address).expect("it is not null"),
                size: place,
                time_us,
                core: place.is_multiple_of(7).into(),
                task,
                stack: &stack,
            });
        }
    }

    fn touch_all(&mut self, first: usize, count: usize) {
        (first..first + count).for_each(|place| self.touch(place * 5));
    }
}

impl Host {
    fn new(filter: Filter) -> Self {
        let mut feed = Box::new(Feed::new());
        feed.begin::<Board>(filter);
        Self {
            feed,
            decoder: Decoder::new(),
            live: LiveBlocks::new(),
            heard: Vec::new(),
        }
    }

    /// Fills a frame and hears it; returns whether there is more.
    fn hear(&mut self) -> bool {
        let mut room = Room {
            bytes: [0; FRAME],
            len: 0,
        };
        let is_more = self.feed.fill::<Board>(&mut room);
        self.decoder.push(&room.bytes[..room.len]);
        for message in self.decoder.by_ref() {
            let message = message.expect("it is whole");
            self.live.take(&message, |_| ());
            self.heard.push(message);
        }
        is_more
    }

    fn hear_all(&mut self) {
        while self.hear() {}
    }

    fn blocks(&self) -> BTreeMap<Address, Record> {
        let blocks = self.live.iter();
        blocks.map(|record| (record.address, *record)).collect()
    }
}

/// Returns the live blocks that the tracer has, as they are told.
fn records() -> BTreeMap<Address, Record> {
    let tracer = Board::tracer();
    let mut cursor = RecordCursor::after(tracer.trace(), 0);
    let mut batch = [Record::default(); PLACES * 40];
    let read = tracer.read_records(&mut cursor, &mut batch);
    let read = read.expect("no trace begins meanwhile");
    let live = batch[..read].iter().filter(|record| record.freed.is_none());
    live.map(|record| (record.address, Record { task: 0, ..*record }))
        .collect()
}

fn fail() {
    Board::tracer().failed(&FailedAllocation {
        size: 77,
        time_us: 0,
        core: 0,
        task: 0,
        stack: &CallStack::from_iter([0x900]),
        gave_reserve: false,
        left: None,
    });
}

fn take_step(step: Step, world: &Rc<RefCell<World>>, host: &mut Host) {
    let tracer = Board::tracer();
    let now = world.borrow().now;
    match step {
        Step::Touch(first, count) => world.borrow_mut().touch_all(first, count),
        Step::Fail => fail(),
        Step::Mark => drop(mark::<Board>("a")),
        Step::Fill(holds, count) => {
            let others = Rc::clone(world);
            interrupt_before_hold(holds, move || others.borrow_mut().touch_all(holds, count));
            host.hear();
            was_interrupted();
        }
        Step::Cut => *host = Host::new(Filter::ALL),
        Step::Start(is_all) => {
            let mode = if is_all { Mode::All } else { Mode::Leaks };
            tracer.start(mode, now).expect("it was initialised");
        }
        // Where it is not the time for one of these, it is refused.
        Step::Pause => drop(tracer.alloc_pause()),
        Step::Stop => drop(tracer.stop()),
        Step::Resume => drop(tracer.resume()),
    }
}

proptest! {
    #[test]
    fn a_host_ends_with_the_blocks_of_the_tracer_whatever_it_missed(steps in steps()) {
        let world = World::begin();
        let mut host = Host::new(Filter::ALL);
        for step in steps {
            take_step(step, &world, &mut host);
        }
        host.hear_all();
        prop_assert!(host.live.is_complete());
        prop_assert_eq!(host.live.damaged(), 0);
        prop_assert_eq!(host.blocks(), records());
    }
}

#[test]
fn who_is_in_time_misses_nothing_and_who_is_not_is_told_how_much() {
    let world = World::begin();
    let mut host = Host::new(Filter::ALL);
    host.hear_all();
    for _ in 0..20 {
        world.borrow_mut().touch_all(0, RING);
        host.hear_all();
    }
    assert_eq!(host.live.dropped(), 0);
    let told = Board::tracer().summary();
    assert_eq!((told.sent, told.dropped), (20 * RING as u64, 0));
    world.borrow_mut().touch_all(0, RING + 5);
    host.hear_all();
    assert_eq!(host.live.dropped(), RING as u64 + 5);
    assert_eq!(Board::tracer().summary().dropped, RING as u64 + 5);
    let place = |is_it: fn(&Message) -> bool| host.heard.iter().rposition(is_it);
    let dropped = place(|message| matches!(message, Message::Dropped(_)));
    let snapshot = place(|message| matches!(message, Message::Snapshot(_)));
    assert_eq!(dropped.map(|place| place + 1), snapshot, "its place");
    assert!(host.live.is_complete());
    assert_eq!(host.blocks(), records());
}

#[test]
fn a_call_stack_is_told_before_it_is_referred_to_and_once() {
    let world = World::begin();
    let mut host = Host::new(Filter::ALL);
    for round in 0..30 {
        world.borrow_mut().touch_all(round, 7);
        host.hear_all();
    }
    let stacks: Vec<_> = host
        .heard
        .iter()
        .filter_map(|message| match message {
            Message::Stack(stack) => Some(stack.frames.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(stacks.len(), 5, "{stacks:?}");
}

#[test]
fn failures_and_marks_have_their_place_between_events() {
    let world = World::begin();
    let mut host = Host::new(Filter {
        counters_ms: 0,
        samples_ms: 0,
        ..Filter::ALL
    });
    host.hear_all();
    host.heard.clear();
    world.borrow_mut().touch(1);
    fail();
    world.borrow_mut().touch(2);
    mark::<Board>("here");
    // Behind the mark in time: the clock of this board stands still.
    world.borrow_mut().now = 2_000_000;
    world.borrow_mut().touch(3);
    host.hear_all();
    let kinds: Vec<_> = host
        .heard
        .iter()
        .map(|message| match message {
            Message::Stack(_) => "stack",
            Message::Events(_) => "events",
            Message::FailedAllocation(_) => "failure",
            Message::Mark(_) => "mark",
            other => panic!("{other:?}"),
        })
        .filter(|kind| *kind != "stack")
        .collect();
    assert_eq!(kinds, ["events", "failure", "events", "mark", "events"]);
}

#[test]
fn the_history_of_the_heap_is_told_once_to_each_host_that_wants_samples() {
    World::begin();
    let region = Region {
        size: 1000,
        ..Region::default()
    };
    let history = Board::history().expect("it keeps one");
    for tenth in 1..=9 {
        history.note(tenth * 100_000, core::slice::from_ref(&region));
    }
    let points = |host: &Host| {
        let told = host.heard.iter();
        told.filter(|message| matches!(message, Message::History(_)))
            .count()
    };
    for (samples_ms, told) in [(1000, 9), (0, 0)] {
        let mut host = Host::new(Filter {
            samples_ms,
            ..Filter::ALL
        });
        host.hear_all();
        host.hear_all();
        assert_eq!(points(&host), told);
    }
}

#[test]
fn small_blocks_and_their_frees_are_left_out_where_they_are_not_wanted() {
    let world = World::begin();
    let mut host = Host::new(Filter {
        min_size: 20,
        ..Filter::ALL
    });
    world.borrow_mut().touch_all(0, 20);
    host.hear_all();
    world.borrow_mut().touch_all(10, 30);
    host.hear_all();
    let wanted = |record: &Record| record.size >= 20;
    assert!(host.live.is_complete());
    assert!(host.blocks().values().all(wanted));
    let records = records().into_iter().filter(|(_, record)| wanted(record));
    assert_eq!(host.blocks(), records.collect());
}

#[test]
fn without_records_a_host_is_told_of_events_and_never_that_it_knows_all() {
    let tracer = Board::tracer();
    let ring: &'static Ring = Box::leak(Box::new(EventRing::<RING>::new()));
    tracer.init_tohost(ring).expect("it does not record");
    tracer.start(Mode::Leaks, 0).expect("there is a ring");
    let mut world = World {
        now: 0,
        is_taken: [false; PLACES],
        touched: 0,
    };
    let mut host = Host::new(Filter::ALL);
    host.hear_all();
    world.touch_all(0, 9);
    host.hear_all();
    assert_eq!(host.blocks().len(), 9);
    assert!(!host.live.is_complete());
    world.touch_all(0, 9);
    host.hear_all();
    assert!(host.blocks().is_empty());
}

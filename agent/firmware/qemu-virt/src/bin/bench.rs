//! Counts the instructions of what the tracer does inside of the heap's hooks.
//!
//! QEMU must be started with `-icount shift=0`: only then does `minstret` count instructions. Prints a line a
//! figure, its name, a colon and the number, and ends QEMU.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::hint::black_box;
use core::mem::MaybeUninit;
use core::num::NonZeroUsize;

use embassy_sync::blocking_mutex::CriticalSectionMutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon::hooks::TracedHeap;
use heapbeacon::platform::Platform;
use heapbeacon::read::references::{Found, References, roots};
use heapbeacon::tracer::{
    Allocation, Buffer, CallStack, FailedAllocation, Free, LeakCursor, Mode, Record, RecordCursor,
    Stack, StackCursor, Tracer,
};
use heapbeacon::walk;
use heapbeacon_embassy::Lock;
use heapbeacon_qemu_virt::console::exit;
use heapbeacon_qemu_virt::heap::Regions;
use heapbeacon_qemu_virt::{Board, board, println};
use heapbeacon_shared::trace::Scope;
use riscv::register::minstret;
use static_cell::ConstStaticCell;

#[global_allocator]
static HEAP: TracedHeap<Regions, Board> = TracedHeap::new(Regions);

/// Words of the record buffer, and the records that it is certain to hold.
const WORDS: usize = 24 * 1024;
const RECORDS: u32 = 2500;
/// Pairs of allocation and free that a figure is the mean of.
const PAIRS: usize = 256;
/// Call stacks that take turns.
const STACKS: usize = 16;
const FRAMES: usize = 8;
/// How deep the calls are nested in each other where whole hooks are measured: as it takes for [`FRAMES`].
const HOOK_DEPTH: usize = 5;
/// Calls deeper than the shallow one that the deep walk is.
const DEEPER: usize = 8;

static BUFFER: ConstStaticCell<[MaybeUninit<u64>; WORDS]> =
    ConstStaticCell::new([MaybeUninit::uninit(); WORDS]);
static PAIRED: Tracer<Apart> = Tracer::new();
static METERED: Tracer<Metered> = Tracer::new();
/// Instructions of the longest hold of a [`Metered`] lock.
static LONGEST: CriticalSectionMutex<Cell<u32>> = CriticalSectionMutex::new(Cell::new(0));

/// The board's lock, of another type: so that the hooks of this program's heap have the code of their tracer for
/// themselves, and [`record`] that of its own, as each has in a firmware.
struct Apart(Lock);

// SAFETY: it is the board's lock.
unsafe impl RawMutex for Apart {
    const INIT: Self = Self(Lock::INIT);

    #[inline(always)]
    fn lock<R>(&self, work: impl FnOnce() -> R) -> R {
        self.0.lock(work)
    }
}

/// The board's lock, with every hold of it measured.
struct Metered(Lock);

// SAFETY: it is the board's lock, which lets nobody else in while `work` runs.
unsafe impl RawMutex for Metered {
    const INIT: Self = Self(Lock::INIT);

    fn lock<R>(&self, work: impl FnOnce() -> R) -> R {
        self.0.lock(|| {
            let begin = instructions();
            let result = work();
            let taken = instructions().wrapping_sub(begin);
            LONGEST.lock(|longest| longest.set(longest.get().max(taken)));
            result
        })
    }
}

/// Measures, reports, ends QEMU.
#[riscv_rt::entry]
fn main() -> ! {
    let (shallow, deep) = (walk_at(0), walk_at(DEEPER));
    let frame = (deep.taken - shallow.taken) / (deep.frames - shallow.frames);
    println!("walk_frame: {frame}");
    println!("walk_base: {}", deep.taken - frame * deep.frames);
    let mut buffer: Buffer = BUFFER.take();
    for live in [100, 1000, 2000] {
        buffer = pair(buffer, live);
    }
    println!("hook_pair: {}", hooks());
    println!("scan_400k: {}", scan());
    hold(buffer);
    println!("longest_hold: {}", LONGEST.lock(Cell::get));
    exit(0)
}

#[inline(always)]
fn instructions() -> u32 {
    minstret::read() as u32
}

/// A walk: the frames that it found, and the instructions that it took.
struct Walk {
    frames: u32,
    taken: u32,
}

#[inline(never)]
fn walk_at(deeper: usize) -> Walk {
    if deeper > 0 {
        return black_box(walk_at(black_box(deeper) - 1));
    }
    let mut call_stack = CallStack::new();
    let frame = walk::frame_pointer();
    let begin = instructions();
    Board::call_stack(frame, &mut call_stack);
    let taken = instructions() - begin;
    let frames = call_stack.as_slice().len() as u32;
    Walk { frames, taken }
}

/// Prints what an allocation and its free take in leaks mode, with call stacks of eight frames handed in
/// that are known already, and the lock.
fn pair(buffer: Buffer, live: usize) -> Buffer {
    start(&PAIRED, buffer, Mode::Leaks);
    let stacks: [CallStack; STACKS] = core::array::from_fn(call_stack);
    let event = |block| allocation(block, &stacks[block % STACKS]);
    let nothing = Free {
        address: 0,
        ..free(0, &stacks[0])
    };
    let kept: Vec<_> = (0..live).map(|block| (event(block), nothing)).collect();
    record(&kept);
    drop(kept);
    let pairs: Vec<_> = (0..PAIRS)
        .map(|pair| (event(live + pair), free(pair, &stacks[0])))
        .collect();
    let begin = instructions();
    record(&pairs);
    let taken = instructions() - begin;
    println!("pair_{live}: {}", taken / PAIRS as u32);
    end(&PAIRED)
}

/// The only place that calls this tracer, as each hook is in a firmware.
#[inline(never)]
fn record(pairs: &[(Allocation<'_>, Free<'_>)]) {
    for (allocation, free) in pairs {
        PAIRED.allocated(allocation);
        PAIRED.freed_unnamed(free.address, free.size);
    }
}

/// Returns what a block costs its firmware beyond the heap itself: both hooks, the clock and a walk
/// of eight frames included, which what was recorded is checked for.
fn hooks() -> u32 {
    let buffer = board::take_buffer().expect("it is taken once");
    let tracer = Board::tracer();
    start(tracer, buffer, Mode::Leaks);
    let taken: u32 = (0..PAIRS).map(|_| hooks_at(HOOK_DEPTH)).sum();
    let mut stacks = StackCursor::after(tracer.trace(), Some(0));
    let mut one = [Stack::default()];
    while tracer.read_stacks(&mut stacks, &mut one) == Ok(one.len()) {
        assert_eq!(one[0].frames.len(), FRAMES, "frames of a walk");
    }
    // From here on, the trace does not know of all blocks.
    tracer.stop().expect("it records");
    taken / PAIRS as u32
}

#[inline(never)]
fn hooks_at(deeper: usize) -> u32 {
    if deeper > 0 {
        return black_box(hooks_at(black_box(deeper) - 1));
    }
    let layout = Layout::new::<[u8; 48]>();
    let begin = instructions();
    // SAFETY: the layout is not empty.
    let block = unsafe { HEAP.alloc(layout) };
    // SAFETY: the block came from there, with this layout.
    unsafe { HEAP.dealloc(block, layout) };
    let traced = instructions() - begin;
    let begin = instructions();
    // SAFETY: the layout is not empty.
    let block = unsafe { HEAP.inner().alloc(layout) };
    // SAFETY: the block came from there, with this layout.
    unsafe { HEAP.inner().dealloc(block, layout) };
    traced - (instructions() - begin)
}

/// Returns what one look of a scan for references takes for 400 KB of variables and stack, which here the heap is a part of; all but the heap is
/// read twice.
fn scan() -> u64 {
    let begin = instructions();
    let mut scan = References::begin::<Board>(1).expect("nothing is in the way");
    while scan.read_next::<Board>() != Found::End {}
    let result = scan.finish::<Board>().expect("the trace goes on");
    let taken = instructions() - begin;
    assert!(result.scope == Scope::Heap && result.is_whole, "{result:?}");
    let bytes: u64 = roots::<Board>().map(|root| root.size).sum();
    u64::from(taken) * 400 * 1024 / bytes
}

/// Does everything that takes the tracer's lock, with as many records as there are, and more.
fn hold(buffer: Buffer) {
    let mut buffer = buffer;
    for mode in [Mode::Leaks, Mode::All] {
        start(&METERED, buffer, mode);
        let blocks = 2 * RECORDS as usize;
        for block in 0..blocks {
            let own = call_stack(block);
            METERED.allocated(&allocation(block, &own));
            // Some inside of a block that is live, some of a block without a record.
            let freed = Free {
                address: address(block / 2) + block % 5 / 4 * 8,
                ..free(block / 2, &own)
            };
            METERED.freed(&freed);
        }
        METERED.failed(&FailedAllocation {
            size: 48,
            time_us: 0,
            core: 0,
            task: 1,
            stack: &call_stack(0),
            gave_reserve: false,
            left: None,
        });
        read();
        buffer = end(&METERED);
    }
}

/// Reads in every way that a server does.
fn read() {
    let trace = METERED.trace();
    let mut records = RecordCursor::after(trace, 0);
    let mut page = [Record::default(); 8];
    while METERED.read_records(&mut records, &mut page) == Ok(page.len()) {}
    let mut stacks = StackCursor::after(trace, None);
    let mut one = [Stack::default()];
    while METERED.read_stacks(&mut stacks, &mut one) == Ok(one.len()) {}
    let mut cursor = LeakCursor::before(trace, u64::MAX);
    let mut leaks = heapless::Vec::<_, 20>::new();
    while METERED.leaks(&mut cursor, &mut leaks).is_ok() && !leaks.is_empty() {}
    black_box(&leaks);
    black_box(METERED.summary());
    black_box(METERED.failures(trace).is_ok());
    black_box(METERED.wrong_frees(trace).is_ok());
    black_box(METERED.get(METERED.count() / 2).is_ok());
}

fn start<M: RawMutex>(tracer: &Tracer<M>, buffer: Buffer, mode: Mode) {
    let taken = tracer.init_standalone(buffer, None);
    taken
        .map_err(|refused| refused.error)
        .expect("the buffer is large enough");
    tracer.start(mode, 0).expect("it was initialised");
}

fn end<M: RawMutex>(tracer: &Tracer<M>) -> Buffer {
    tracer.stop().expect("it records");
    tracer.release().ok().flatten().expect("it was lent")
}

/// Makes one of the call stacks, of eight frames.
fn call_stack(number: usize) -> CallStack {
    let first = 0x4200_0000 + number % (4 * STACKS * STACKS) * 0x1c;
    (0..FRAMES).map(|frame| first + frame * 0x140).collect()
}

/// Where a block lies: spread like the blocks of a heap, not like an array.
fn address(block: usize) -> usize {
    0x3fc8_0000 + block * 128 + block * block % 7 * 16
}

fn allocation(block: usize, stack: &CallStack) -> Allocation<'_> {
    Allocation {
        address: NonZeroUsize::new(address(block)).expect("null is no block"),
        size: 48,
        time_us: block as u64 * 3,
        core: 0,
        task: 1,
        stack,
    }
}

fn free(block: usize, stack: &CallStack) -> Free<'_> {
    Free {
        address: address(block),
        size: 48,
        time_us: block as u64 * 3 + 50_000,
        core: 0,
        task: 1,
        stack,
    }
}

//! Compares the call stack of every allocation with that of an `.eh_frame` unwinder.
//!
//! Prints a line a distinct call stack, one a call stack that differs, and how many were the same; ends QEMU with
//! status 0 if all were, and there were enough. A test on the host names the call sites.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::alloc::Layout;
use core::cell::RefCell;
use core::ffi::c_void;
use core::future::Future;
use core::hint::black_box;
use core::ops::Range;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use critical_section::Mutex;
use embassy_executor::{Executor, Spawner};
use embassy_time::Timer;
use heapbeacon::cost::CostMeter;
use heapbeacon::hooks::TracedHeap;
use heapbeacon::marks::Marks;
use heapbeacon::platform::{Context, Platform};
use heapbeacon::tracer::{Buffer, CallStack, Mode, Tracer};
use heapbeacon_embassy::Lock;
use heapbeacon_qemu_virt::console::exit;
use heapbeacon_qemu_virt::heap::Regions;
use heapbeacon_qemu_virt::{Board, board, interrupts, println, stack};
use heapbeacon_shared::api::CostUnit;
use heapbeacon_shared::trace::MAX_FRAMES;
use riscv::interrupt::Interrupt;
use riscv_rt::core_interrupt;
use static_cell::StaticCell;
use unwinding::abi::{
    _Unwind_Backtrace, _Unwind_GetCFA, _Unwind_GetIP, UnwindContext, UnwindReasonCode,
};

#[global_allocator]
static HEAP: TracedHeap<Regions, Compared> = TracedHeap::new(Regions);

/// Distinct call stacks that must have been the same.
const ENOUGH: usize = 20;
/// Frames that the unwinder may find between its callback and the heap.
const OWN_FRAMES: usize = 8;
/// Frames that are kept of what it finds.
const UNWOUND: usize = OWN_FRAMES + MAX_FRAMES;

static LOOKS: AtomicBool = AtomicBool::new(false);
static FOUND: Mutex<RefCell<Found>> = Mutex::new(RefCell::new(Found::new()));

/// What came out.
struct Found {
    /// Distinct call stacks that were the same.
    same: heapless::Vec<CallStack, 256>,
    /// Allocations whose call stack differed.
    different: usize,
    /// Call stacks that ended at an interrupt.
    interrupted: usize,
    /// Whether the innermost frame was that of the code that asked the heap.
    begins_right: bool,
}

/// The board, with both walks done at every allocation.
enum Compared {}

impl Found {
    const fn new() -> Self {
        Self {
            same: heapless::Vec::new(),
            different: 0,
            interrupted: 0,
            begins_right: false,
        }
    }

    fn enter(&mut self, walked: &CallStack, unwound: &[usize]) {
        let frames = walked.as_slice();
        if !is_same(frames, unwound) {
            self.different += 1;
            println!("walked {frames:x?}, unwound {unwound:x?}");
        } else if !self.same.contains(walked) {
            self.interrupted += usize::from(ends_in_trap(frames));
            self.begins_right |= sites::is_in_direct(frames[0]);
            println!("stack {frames:x?}");
            let pushed = self.same.push(*walked);
            assert!(pushed.is_ok(), "there are more call stacks than places");
        }
    }
}

/// Checks whether a walk saw what the unwinder saw, and went as far: to the entry of a trap, to where
/// the program starts, or to the last frame that there is room for.
fn is_same(walked: &[usize], unwound: &[usize]) -> bool {
    let Some((same, rest)) = unwound.split_at_checked(walked.len()) else {
        return false;
    };
    let is_rest_code = || rest.iter().any(|address| stack::code().contains(address));
    same == walked && (walked.len() == MAX_FRAMES || ends_in_trap(walked) || !is_rest_code())
}

fn ends_in_trap(frames: &[usize]) -> bool {
    frames
        .last()
        .is_some_and(|last| stack::opaque(*last as u64).is_some())
}

/// Compares a call stack that begins at `frame` with the unwinder's.
#[inline(never)]
fn compare(frame: usize, walked: &CallStack) {
    let frames = unwind();
    // Where a function goes on, the stack pointer is what the frame pointer of the one it called was.
    let caller = frames.iter().position(|(_, stack)| *stack == frame);
    let outside = caller.map_or(&[][..], |caller| &frames[caller..]);
    let unwound: heapless::Vec<_, UNWOUND> = outside.iter().map(|(ip, _)| *ip).collect();
    critical_section::with(|held| FOUND.borrow_ref_mut(held).enter(walked, &unwound));
}

/// Returns the frames that the unwinder finds: where each goes on, and the stack pointer there.
#[inline(never)]
fn unwind() -> heapless::Vec<(usize, usize), UNWOUND> {
    extern "C" fn note(context: &UnwindContext<'_>, list: *mut c_void) -> UnwindReasonCode {
        // SAFETY: `unwind` passes its list.
        let list = unsafe { &mut *list.cast::<heapless::Vec<(usize, usize), UNWOUND>>() };
        match list.push((_Unwind_GetIP(context), _Unwind_GetCFA(context))) {
            Ok(()) => UnwindReasonCode::NO_REASON,
            Err(_) => UnwindReasonCode::NORMAL_STOP,
        }
    }
    let mut list = heapless::Vec::<(usize, usize), UNWOUND>::new();
    _Unwind_Backtrace(note, (&raw mut list).cast());
    list
}

impl Platform for Compared {
    type Lock = Lock;

    fn tracer() -> &'static Tracer<Lock> {
        Board::tracer()
    }

    fn cost() -> &'static CostMeter {
        Board::cost()
    }

    fn marks() -> &'static Marks<Lock> {
        Board::marks()
    }

    fn now_us() -> u64 {
        Board::now_us()
    }

    fn context() -> Context {
        Board::context()
    }

    fn call_stack(frame: usize, call_stack: &mut CallStack) {
        stack::walk(frame, call_stack);
        if LOOKS.load(Relaxed) {
            compare(frame, call_stack);
        }
    }

    fn clock() -> u32 {
        Board::clock()
    }

    const COST_UNIT: CostUnit = Board::COST_UNIT;

    fn is_interrupt_safe(memory: Range<usize>) -> bool {
        Board::is_interrupt_safe(memory)
    }
}

/// Allocates in every way, then reports.
#[riscv_rt::entry]
fn main() -> ! {
    interrupts::start();
    let buffer: Buffer = board::take_buffer().expect("it is taken once");
    let taken = Board::tracer().init_standalone(buffer, None);
    taken
        .map_err(|refused| refused.error)
        .expect("the buffer is large enough");
    Board::tracer()
        .start(Mode::All, 0)
        .expect("it was initialised");
    LOOKS.store(true, Relaxed);
    sites::plain();
    sites::interrupted();
    static EXECUTOR: StaticCell<Executor> = StaticCell::new();
    EXECUTOR.init(Executor::new()).run(|spawner: Spawner| {
        spawner.spawn(sites::asynchronous().expect("it is spawned once"));
    })
}

/// Prints how it went, and ends QEMU.
fn report() -> ! {
    LOOKS.store(false, Relaxed);
    critical_section::with(|held| {
        let found = FOUND.borrow_ref(held);
        println!(
            "{} distinct call stacks the same, {} of them in interrupts; {} different",
            found.same.len(),
            found.interrupted,
            found.different
        );
        if !found.begins_right {
            println!("no call stack begins in the code that asked the heap");
        }
        let is_good = found.different == 0
            && found.same.len() >= ENOUGH
            && found.interrupted > 0
            && found.begins_right;
        exit(u16::from(!is_good))
    })
}

/// Code that allocates in as many ways as firmware does. Nothing of it is inlined, and nothing is a
/// tail call, which would cost the call stack a frame.
mod sites {
    use super::*;

    pub(super) fn plain() {
        direct();
        black_box(three_deep());
        black_box(inlined());
        let mut list = Vec::new();
        grow(&mut list, 5);
        black_box(formatted(77));
        black_box(turned_to_string(77));
        black_box(boxed());
        black_box(counted());
        black_box(dynamic(&|| one()));
        black_box(collected());
        black_box(repeated());
        black_box(joined());
        let mut map = BTreeMap::new();
        insert(&mut map);
        let mut names: Vec<_> = (0..400).map(|number| (900 - number).to_string()).collect();
        sort(&mut names);
        black_box(recursive(20));
    }

    /// Asks the heap without a function of the standard library in between.
    #[inline(never)]
    fn direct() {
        let layout = Layout::new::<[u8; 24]>();
        // SAFETY: the layout is not empty.
        let block = black_box(unsafe { alloc::alloc::alloc(layout) });
        // SAFETY: the block came from there, with this layout.
        unsafe { alloc::alloc::dealloc(block, layout) };
        black_box(());
    }

    /// Checks whether an address is in [`direct`], which is shorter than this.
    pub(super) fn is_in_direct(address: usize) -> bool {
        const LONGEST: usize = 96;
        let start = direct as fn() as usize;
        (start..start + LONGEST).contains(&address)
    }

    #[inline(never)]
    fn one() -> Vec<u8> {
        black_box(Vec::with_capacity(black_box(33)))
    }

    #[inline(never)]
    fn two_deep() -> Vec<u8> {
        black_box(one())
    }

    #[inline(never)]
    fn three_deep() -> Vec<u8> {
        black_box(two_deep())
    }

    #[inline(always)]
    fn into_caller() -> Vec<u8> {
        black_box(one())
    }

    #[inline(never)]
    fn inlined() -> Vec<u8> {
        black_box(into_caller())
    }

    #[inline(never)]
    fn grow(list: &mut Vec<u32>, count: u32) {
        (0..count).for_each(|number| list.push(black_box(number)));
        black_box(list);
    }

    #[inline(never)]
    fn formatted(number: u32) -> String {
        black_box(format!("{number} is {:>8.3}", 1.5f32))
    }

    #[inline(never)]
    fn turned_to_string(number: u32) -> String {
        black_box(number.to_string())
    }

    #[inline(never)]
    fn boxed() -> Box<[u8; 40]> {
        black_box(Box::new(black_box([1; 40])))
    }

    #[inline(never)]
    fn counted() -> Rc<[u8; 32]> {
        black_box(Rc::new(black_box([0; 32])))
    }

    #[inline(never)]
    fn dynamic(make: &dyn Fn() -> Vec<u8>) -> Vec<u8> {
        black_box(make())
    }

    #[inline(never)]
    fn collected() -> Vec<String> {
        black_box(
            (0..black_box(2u32))
                .map(|number| number.to_string())
                .collect(),
        )
    }

    #[inline(never)]
    fn repeated() -> Vec<u8> {
        black_box(vec![1; black_box(50)])
    }

    #[inline(never)]
    fn joined() -> String {
        black_box(["a", "b", "c"].join(black_box("-")))
    }

    #[inline(never)]
    fn insert(map: &mut BTreeMap<u32, u32>) {
        for number in 0..40 {
            map.insert(black_box(number * 7 % 41), number);
        }
        black_box(map);
    }

    #[inline(never)]
    fn sort(names: &mut [String]) {
        names.sort();
        black_box(names);
    }

    #[inline(never)]
    fn recursive(depth: u32) -> usize {
        if depth == 0 {
            one().capacity()
        } else {
            black_box(recursive(depth - 1)) + 1
        }
    }

    /// Has the software interrupt come in the middle of it.
    #[inline(never)]
    pub(super) fn interrupted() {
        // SAFETY: it has a handler below.
        unsafe { riscv::register::mie::set_msoft() };
        interrupts::raise();
        while interrupts::is_raised() {}
        black_box(());
    }

    #[core_interrupt(Interrupt::MachineSoft)]
    fn software() {
        interrupts::handle(|| {
            black_box(in_interrupt());
            interrupts::clear();
        });
    }

    #[inline(never)]
    fn in_interrupt() -> Vec<u8> {
        black_box(one())
    }

    #[embassy_executor::task]
    pub(super) async fn asynchronous() {
        black_box(awaiting(3).await);
        black_box(pinned().await);
        report()
    }

    async fn awaiting(count: u32) -> Vec<u32> {
        black_box(slept(count).await)
    }

    async fn slept(count: u32) -> Vec<u32> {
        Timer::after_micros(10).await;
        let mut list = Vec::new();
        grow(&mut list, count);
        list
    }

    #[inline(never)]
    fn pinned() -> Pin<Box<dyn Future<Output = Vec<u32>>>> {
        black_box(Box::pin(awaiting(3)))
    }
}

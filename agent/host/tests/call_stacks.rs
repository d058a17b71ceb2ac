//! Call stacks by frame pointer, compared with those of an unwinder.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hint::black_box;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use heapbeacon::tracer::CallStack;
use heapbeacon::walk::frame_pointer;
use heapbeacon_host::{image, stack};

/// Distinct call stacks that must have been compared.
const SITES: usize = 20;

type Stack = Vec<usize>;

thread_local! {
    static WATCHES: Cell<bool> = const { Cell::new(false) };
    static SEEN: RefCell<Vec<(Stack, Stack)>> = const { RefCell::new(Vec::new()) };
}

#[global_allocator]
static HEAP: Watched = Watched;

/// The system's heap, with both walks done at every allocation of a thread that watches.
struct Watched;

// SAFETY: every call is passed on as it came.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if WATCHES.try_with(|watches| watches.replace(false)) == Ok(true) {
            look();
            WATCHES.set(true);
        }
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Notes what both walks see.
#[inline(never)]
fn look() {
    let mut walked = CallStack::new();
    stack::walk(frame_pointer(), &mut walked);
    let code = image::get().expect("the image was loaded");
    let mut unwound = Vec::new();
    backtrace::trace(|frame| {
        let address = frame.ip().addr();
        unwound.push(address);
        true
    });
    // The unwinder's own frames come first: the walk begins with who called `look`.
    let own: Vec<_> = unwound
        .into_iter()
        .take_while(|address| code.code.contains(address))
        .map(|address| address - code.bias)
        .collect();
    let walked: Stack = walked.as_slice().to_vec();
    SEEN.with_borrow_mut(|seen| seen.push((walked, own)));
}

/// Runs code with every allocation looked at, and returns what was seen.
fn watch(code: impl FnOnce()) -> Vec<(Stack, Stack)> {
    image::load();
    WATCHES.set(true);
    code();
    WATCHES.set(false);
    SEEN.take()
}

fn collections() {
    let mut numbers = Vec::new();
    for number in 0..100u32 {
        numbers.push(number);
    }
    black_box(numbers.iter().map(|number| number * 2).collect::<Vec<_>>());
    black_box(
        numbers
            .iter()
            .map(|n| (*n, n.to_string()))
            .collect::<BTreeMap<_, _>>(),
    );
    black_box(numbers.iter().copied().collect::<VecDeque<_>>());
    black_box(
        (0..9)
            .map(|key| (key, Box::new(key)))
            .collect::<HashMap<_, _>>(),
    );
    black_box(numbers.iter().copied().collect::<BTreeSet<_>>());
    black_box(numbers.to_vec().into_boxed_slice());
}

fn texts() {
    black_box(String::from("a text"));
    black_box(format!("{} and {:?}", black_box(1), black_box("two")));
    black_box(["a", "b"].join("-"));
    black_box("text".to_uppercase());
    black_box("a b c".split(' ').map(str::to_owned).collect::<Vec<_>>());
    black_box(String::from_utf8_lossy(b"\xff").into_owned());
}

fn pointers() {
    black_box(Box::new(7));
    black_box(Rc::new(7));
    black_box(Arc::<str>::from("seven"));
    let add: Box<dyn Fn(u32) -> Vec<u32>> = Box::new(|count| vec![1; count as usize]);
    black_box(add(black_box(5)));
}

fn recursion(depth: u32) -> Vec<u32> {
    if depth == 0 {
        return vec![black_box(1)];
    }
    let mut numbers = recursion(depth - 1);
    numbers.extend_from_slice(&[depth; 20]);
    numbers
}

async fn later() -> String {
    let first = async { black_box(format!("first {}", black_box(1))) }.await;
    first + &format!("second {}", black_box(2))
}

fn futures() {
    let mut future = pin!(later());
    let polled = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(text) if text == "first 1second 2"));
}

/// Compares every call stack; returns how many distinct ones there were.
fn compare(seen: Vec<(Stack, Stack)>, distinct: &mut BTreeSet<Stack>) {
    for (walked, unwound) in seen {
        assert!(!walked.is_empty(), "nothing was walked: {unwound:x?}");
        let start = unwound.iter().position(|address| *address == walked[0]);
        let start = start.unwrap_or_else(|| panic!("{walked:x?} is not in {unwound:x?}"));
        let expected: Stack = unwound[start..]
            .iter()
            .copied()
            .take(heapbeacon_shared::trace::MAX_FRAMES)
            .collect();
        assert_eq!(walked, expected, "{walked:x?}, not {expected:x?}");
        distinct.insert(walked);
    }
}

#[test]
fn every_call_stack_is_the_unwinders() {
    let mut distinct = BTreeSet::new();
    for code in [collections, texts, pointers, futures] {
        compare(watch(code), &mut distinct);
    }
    compare(watch(|| drop(recursion(20))), &mut distinct);
    let thread = std::thread::spawn(|| watch(collections));
    compare(thread.join().expect("the thread ends"), &mut distinct);
    assert!(
        distinct.len() >= SITES,
        "only {} distinct call stacks",
        distinct.len()
    );
}

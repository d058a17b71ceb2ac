//! Prints, for each kind of allocation, who makes it and the addresses that its calls return to,
//! innermost first. Built with frame pointers.

use std::alloc::{GlobalAlloc, Layout, System};
use std::arch::asm;
use std::collections::BTreeMap;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Waker};

const MOST_FRAMES: usize = 32;

/// The frames of the last allocation that was wanted; zero behind the last.
static FRAMES: [AtomicUsize; MOST_FRAMES] = [const { AtomicUsize::new(0) }; MOST_FRAMES];
/// Whether the next allocation is wanted.
static WANTED: AtomicBool = AtomicBool::new(false);

struct Watched;

#[global_allocator]
static HEAP: Watched = Watched;

unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if WANTED.swap(false, Relaxed) {
            walk();
        }
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }
}

#[inline(never)]
fn walk() {
    let mut frame: *const usize;
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!("mov {}, rbp", out(reg) frame)
    };
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!("mov {}, x29", out(reg) frame)
    };
    for slot in &FRAMES {
        // Both keep the return address above the caller's frame pointer.
        slot.store(unsafe { *frame.add(1) }, Relaxed);
        let outer = unsafe { *frame } as *const usize;
        if outer <= frame {
            return;
        }
        frame = outer;
    }
}

#[inline(never)]
fn watch<T>(who: &str, code: impl FnOnce() -> T) {
    WANTED.store(true, Relaxed);
    black_box(code());
    WANTED.store(false, Relaxed);
    let addresses = FRAMES.iter().map(|slot| slot.swap(0, Relaxed));
    let addresses: Vec<String> = addresses
        .filter(|address| *address != 0)
        .map(|address| format!("{address:x}"))
        .collect();
    println!("{who}: {}", addresses.join(" "));
}

#[inline(never)]
fn vec() -> Vec<u32> {
    let mut numbers = Vec::new();
    numbers.push(black_box(7));
    numbers
}

#[inline(never)]
fn string() -> String {
    let mut text = String::new();
    text.push_str(black_box("text"));
    text
}

#[inline(never)]
fn formatted() -> String {
    format!("{} and {}", black_box(1), black_box("two"))
}

#[inline(never)]
fn boxed() -> Box<u64> {
    Box::new(black_box(7))
}

#[inline(never)]
fn tree() -> BTreeMap<u32, u32> {
    let mut tree = BTreeMap::new();
    tree.insert(black_box(1), 2);
    tree
}

#[inline(never)]
fn iterator() -> Vec<usize> {
    let words = black_box("a text of words").split(' ');
    words.map(str::len).filter(|length| *length > 1).collect()
}

async fn reads() -> Vec<u8> {
    vec![black_box(1); black_box(9)]
}

async fn waits() -> usize {
    black_box(reads().await).len()
}

/// What embassy's macro makes of the task `net`.
fn __net_task() -> impl Future<Output = usize> {
    async fn __net_task_inner_function() -> usize {
        black_box(Box::new(black_box(7_usize)));
        waits().await
    }
    __net_task_inner_function()
}

#[inline(never)]
fn poll(future: impl Future<Output = usize>) -> usize {
    let ready = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    usize::from(ready.is_ready())
}

fn main() {
    watch("heap::vec", vec);
    watch("heap::string", string);
    watch("heap::formatted", formatted);
    watch("heap::boxed", boxed);
    watch("heap::tree", tree);
    watch("heap::iterator", iterator);
    watch("heap::reads {async}", || poll(waits()));
    watch("heap::net {task}", || poll(__net_task()));
}

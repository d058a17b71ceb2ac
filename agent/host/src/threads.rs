//! The stacks of this process's threads, each copied by its own thread, with its registers.
//!
//! A signal makes a thread copy its stack from where it was interrupted; the kernel has put its registers there. So each copy
//! is of one moment, which no other thread could see. The server's thread, which asks, is the agent's and has none.

use std::ffi::{c_int, c_void};
use std::fs;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::ptr::null_mut;
use std::sync::atomic::{
    AtomicI32, AtomicPtr, AtomicU8, AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

const WORD: usize = size_of::<usize>();
/// Words that all stacks together may have: 2 MiB.
const ROOM: usize = 256 * 1024;
/// How long a thread may take; one that does not answer has a stack that can't be read.
const PATIENCE: Duration = Duration::from_millis(250);
/// Asks a thread for its stack. Who does not know this signal ignores it.
const SIGNAL: c_int = libc::SIGURG;

const IDLE: u8 = 0;
const ASKED: u8 = 1;
const COPYING: u8 = 2;
const DONE: u8 = 3;

/// What the asking thread wants of the one that is asked, and what that answers. Whoever moves the state on has the rest.
static STATE: AtomicU8 = AtomicU8::new(IDLE);
/// Who is asked: another thread may hear of an earlier question only now.
static ASKED_THREAD: AtomicI32 = AtomicI32::new(0);
/// Where to copy to, and how many words.
static BUFFER: AtomicPtr<usize> = AtomicPtr::new(null_mut());
static BUFFER_WORDS: AtomicUsize = AtomicUsize::new(0);
/// The mappings of which one is the stack: as many pairs of addresses.
static MAPPINGS: AtomicPtr<Range<usize>> = AtomicPtr::new(null_mut());
static MAPPING_COUNT: AtomicUsize = AtomicUsize::new(0);
/// Where the stack was copied from and to, and the thread's pointer.
static FROM: AtomicUsize = AtomicUsize::new(0);
static UNTIL: AtomicUsize = AtomicUsize::new(0);
static THREAD: AtomicUsize = AtomicUsize::new(0);

static HANDLER: Once = Once::new();
static ALONE: Mutex<()> = Mutex::new(());

/// The live part of a stack, as it was at one moment.
#[derive(Debug)]
pub(crate) struct Stack {
    memory: Range<usize>,
    thread_pointer: usize,
    words: Vec<usize>,
}

/// A stack of which nothing can be read.
const UNKNOWN: Stack = Stack {
    memory: 0..WORD,
    thread_pointer: 0,
    words: Vec::new(),
};

impl Stack {
    /// Returns where it lies.
    pub(crate) fn memory(&self) -> Range<usize> {
        self.memory.clone()
    }

    /// Returns the thread's pointer, near which its own variables lie; 0 if it is not known.
    pub(crate) fn thread_pointer(&self) -> usize {
        self.thread_pointer
    }

    /// Copies words of it from an address on; returns how many there are.
    pub(crate) fn read(&self, from: usize, out: &mut [usize]) -> usize {
        let first = from.saturating_sub(self.memory.start) / WORD;
        let words = self.words.get(first..).unwrap_or_default();
        let count = words.len().min(out.len());
        out[..count].copy_from_slice(&words[..count]);
        count
    }
}

/// Copies the stacks of all threads but the calling one, with the names of the threads. Of one that does not answer, nothing can be read.
pub(crate) fn copy_stacks(mappings: impl Iterator<Item = Range<usize>>) -> Vec<(String, Stack)> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    HANDLER.call_once(handle_signal);
    let mappings: Vec<_> = mappings.collect();
    let mut buffer = vec![0; ROOM];
    let mut used = 0;
    let mut stacks = Vec::new();
    for (thread, name) in others() {
        let asked = ask(thread, &mappings, &mut buffer[used..]);
        let Some(mut stack) = asked else { continue };
        let copied = (stack.memory.len() / WORD).min(ROOM - used);
        stack.words = buffer[used..used + copied].to_vec();
        used += copied;
        stacks.push((name, stack));
    }
    stacks
}

/// Lists all threads but the calling one, with their names.
fn others() -> Vec<(c_int, String)> {
    // SAFETY: takes nothing and can't fail.
    let this = unsafe { libc::gettid() };
    let Ok(entries) = fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    let threads = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let others = threads.filter(|thread| *thread != this);
    let named = others.map(|thread| {
        let name = fs::read_to_string(format!("/proc/self/task/{thread}/comm"));
        (thread, name.unwrap_or_default().trim_end().to_owned())
    });
    named.collect()
}

/// Asks a thread to copy its stack; `None` if it is gone.
fn ask(thread: c_int, mappings: &[Range<usize>], buffer: &mut [usize]) -> Option<Stack> {
    ASKED_THREAD.store(thread, Relaxed);
    BUFFER.store(buffer.as_mut_ptr(), Relaxed);
    BUFFER_WORDS.store(buffer.len(), Relaxed);
    MAPPINGS.store(mappings.as_ptr().cast_mut(), Relaxed);
    MAPPING_COUNT.store(mappings.len(), Relaxed);
    STATE.store(ASKED, Release);
    // SAFETY: takes nothing and can't fail.
    let process = unsafe { libc::getpid() };
    // SAFETY: sends a signal that has a handler; a thread that is gone is an error.
    let sent = unsafe { libc::syscall(libc::SYS_tgkill, process, thread, SIGNAL) };
    if sent != 0 {
        STATE.store(IDLE, Relaxed);
        return None;
    }
    let started = Instant::now();
    while STATE.load(Acquire) != DONE {
        let is_late = started.elapsed() > PATIENCE;
        // Nobody copies any more once this has succeeded, and while somebody does it has to be waited for.
        if is_late && STATE.compare_exchange(ASKED, IDLE, AcqRel, Acquire).is_ok() {
            return is_there(thread).then_some(UNKNOWN);
        }
        std::thread::yield_now();
    }
    STATE.store(IDLE, Relaxed);
    Some(Stack {
        memory: FROM.load(Relaxed)..UNTIL.load(Relaxed),
        thread_pointer: THREAD.load(Relaxed),
        words: Vec::new(),
    })
}

fn is_there(thread: c_int) -> bool {
    fs::exists(format!("/proc/self/task/{thread}")).unwrap_or(true)
}

fn handle_signal() {
    let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = copy_stack;
    // SAFETY: all zeroes are an action without flags.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = handler as libc::sighandler_t;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    // SAFETY: the action is whole, and its handler may run at any time: it neither allocates nor locks.
    unsafe { libc::sigaction(SIGNAL, &raw const action, null_mut()) };
}

/// Copies the stack that it runs on, from here to its end: above are the registers of whom it has interrupted.
extern "C" fn copy_stack(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: takes nothing and can't fail.
    let this = unsafe { libc::gettid() };
    if STATE.load(Acquire) != ASKED
        || ASKED_THREAD.load(Relaxed) != this
        || STATE
            .compare_exchange(ASKED, COPYING, AcqRel, Relaxed)
            .is_err()
    {
        return;
    }
    // What the kernel has put there begins below the context on some machines; red zones and frames lie above.
    let from = (&raw const context).addr().min(context.addr()) / WORD * WORD;
    let (until, mut words) = (end_of_mapping(from), 0);
    let stack = std::ptr::with_exposed_provenance::<usize>(from);
    let buffer = BUFFER.load(Relaxed);
    while words < BUFFER_WORDS.load(Relaxed) && from + words * WORD < until {
        let place = stack.wrapping_add(words);
        // SAFETY: from a live frame up to its end a thread's own stack is mapped, and only this thread uses it.
        let word = unsafe { place.read_volatile() };
        let place = buffer.wrapping_add(words);
        // SAFETY: who asks has lent that many words until the state is done.
        unsafe { place.write(word) };
        words += 1;
    }
    FROM.store(from, Relaxed);
    UNTIL.store(until, Relaxed);
    // SAFETY: takes nothing and can't fail.
    THREAD.store(unsafe { libc::pthread_self() } as usize, Relaxed);
    STATE.store(DONE, Release);
}

/// Returns the end of the mapping that an address lies in, of those that were lent; the address itself if it is in none.
fn end_of_mapping(address: usize) -> usize {
    let mappings = MAPPINGS.load(Relaxed);
    for index in 0..MAPPING_COUNT.load(Relaxed) {
        let mapping = mappings.wrapping_add(index);
        // SAFETY: who asks has lent that many mappings until the state is done.
        let mapping = unsafe { &*mapping };
        if mapping.contains(&address) {
            return mapping.end / WORD * WORD;
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;
    use std::sync::mpsc;

    /// An address that is nowhere else: what a thread holds while it waits.
    const MARK: usize = 0x5eed_0000_0000_0000 + 0x1234_5678;

    #[test]
    fn what_a_waiting_thread_holds_is_in_the_copy_of_its_stack() {
        let (ready, is_ready) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let holder = std::thread::Builder::new().name("holder".to_owned());
        let thread = holder.spawn(move || {
            let held = black_box([MARK, MARK ^ 1]);
            ready.send(()).expect("the test waits");
            let _ = ended.recv();
            black_box(held)
        });
        is_ready.recv().expect("the thread runs");
        let maps = fs::read_to_string("/proc/self/maps").expect("Linux has it");
        let mappings = maps.lines().filter_map(|line| {
            let (start, end) = line.split(' ').next()?.split_once('-')?;
            let address = |digits| usize::from_str_radix(digits, 16).ok();
            line.contains(" rw")
                .then_some(address(start)?..address(end)?)
        });
        let stacks = copy_stacks(mappings);
        let (_, stack) = stacks
            .iter()
            .find(|(name, _)| name == "holder")
            .expect("it is a thread");
        assert!(stack.words.contains(&MARK) && stack.words.contains(&(MARK ^ 1)));
        assert_eq!(stack.words.len(), stack.memory.len() / WORD);
        assert!(stack.thread_pointer() > 0);
        drop(end);
        let thread = thread.expect("there is room for a thread");
        thread.join().expect("it ends");
    }
}

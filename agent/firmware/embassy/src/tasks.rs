//! Which embassy task runs, and what it is called.
//!
//! embassy-executor says whenever it begins and ends to poll a task (its feature `trace`). Names are
//! its own too: `let task = sensor()?; task.metadata().set_name("sensor"); spawner.spawn(task);`. A task
//! without a name is called by the address of its storage, which the ELF's symbols name.
//!
//! The hook of the heap asks [`current`] in the middle of an allocation, so that is one load.

use core::fmt::Write;
use core::future::Future;
use core::pin::pin;
use core::ptr::null_mut;
use core::sync::atomic::{
    AtomicPtr, AtomicU16, AtomicU32,
    Ordering::{Relaxed, SeqCst},
    compiler_fence,
};
use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use embassy_executor::{Metadata, SpawnToken};
use heapbeacon_shared::trace::Name;

/// Most tasks that are told apart; further ones are task 0.
pub const TASKS: usize = 32;
/// Most executors that interrupt one another, those of interrupts included.
const NESTED: usize = 4;

/// Address of each task's storage, in the order in which they first ran; 0 is a free place.
static STORAGES: [AtomicU32; TASKS] = [const { AtomicU32::new(0) }; TASKS];
/// Id of the task that is polled now, and of those that it has interrupted.
static RUNNING: [AtomicU16; NESTED] = [const { AtomicU16::new(0) }; NESTED];
/// How many polls are under way.
static DEPTH: AtomicU16 = AtomicU16::new(0);
/// The task that a firmware begins with, which nobody but the executor's macro could give a name.
static MAIN: AtomicU16 = AtomicU16::new(0);
/// The functions of the executor's wakers, once one was seen.
static WAKER: AtomicPtr<RawWakerVTable> = AtomicPtr::new(null_mut());

/// Returns the id of the task that is polled now, from 1; 0 outside of any task.
#[inline(always)]
pub fn current() -> u16 {
    match DEPTH.load(Relaxed) {
        0 => 0,
        depth => RUNNING
            .get(usize::from(depth) - 1)
            .map_or(0, |id| id.load(Relaxed)),
    }
}

/// Returns what a task is called, or `None` where no task has this id.
pub fn name(id: u16) -> Option<Name> {
    let storage = STORAGES.get(usize::from(id).checked_sub(1)?)?.load(Relaxed);
    if storage == 0 {
        return None;
    }
    let mut name = Name::new();
    let main = (id == MAIN.load(Relaxed)).then_some("main");
    match given_name(storage).or(main) {
        // The executor's own macro ends names with a zero, for C.
        Some(given) => {
            let given = given.trim_end_matches('\0').chars();
            // A name that is too long is cut.
            let _ = given.map(|c| name.push(c)).find(Result::is_err);
        }
        None => {
            let written = write!(name, "task@{storage:08x}");
            debug_assert!(written.is_ok(), "it is 13 bytes long");
        }
    }
    Some(name)
}

/// Gives a task that is about to be spawned its name.
pub fn named<S>(name: &'static str, task: SpawnToken<S>) -> SpawnToken<S> {
    task.metadata().set_name(name);
    task
}

/// Calls the running task `main`, unless it has a name of its own. Outside of any task it does nothing.
pub fn is_main() {
    MAIN.store(current(), Relaxed);
}

/// Looks at the executor's wakers from inside of a task: without that, [`name`] finds no names.
pub async fn learn_names() {
    core::future::poll_fn(|context| {
        let functions: *const RawWakerVTable = context.waker().vtable();
        WAKER.store(functions.cast_mut(), Relaxed);
        Poll::Ready(())
    })
    .await
}

/// Asks a task for its metadata the way embassy's tasks do: with a waker of its own.
fn given_name(storage: u32) -> Option<&'static str> {
    // SAFETY: null or the address of a static.
    let functions = unsafe { WAKER.load(Relaxed).as_ref() }?;
    let task = RawWaker::new(storage as usize as *const (), functions);
    // SAFETY: what embassy-executor passes to its trace hooks is the task's address, which is also
    // what its wakers hold; a task's storage is a static and stays when the task ends.
    let waker = unsafe { Waker::from_raw(task) };
    let metadata = pin!(Metadata::for_current_task());
    match metadata.poll(&mut Context::from_waker(&waker)) {
        Poll::Ready(metadata) => metadata.name(),
        Poll::Pending => None,
    }
}

/// Returns the id of a task, which it gets when it runs for the first time.
fn id_of(storage: u32) -> u16 {
    for (index, place) in STORAGES.iter().enumerate() {
        match place.load(Relaxed) {
            0 => return enter(index, storage),
            known if known == storage => return index as u16 + 1,
            _ => {}
        }
    }
    0
}

/// Enters a task into the table at `index` or behind it.
#[cold]
fn enter(index: usize, storage: u32) -> u16 {
    critical_section::with(|_| {
        // An interrupt's task may have come between.
        let free = STORAGES[index..]
            .iter()
            .position(|place| place.load(Relaxed) == 0);
        free.map_or(0, |behind| {
            STORAGES[index + behind].store(storage, Relaxed);
            (index + behind) as u16 + 1
        })
    })
}

/// An executor begins to poll a task: it may have interrupted another one.
#[unsafe(no_mangle)]
extern "Rust" fn _embassy_trace_task_exec_begin(_executor: u32, task: u32) {
    let id = id_of(task);
    let depth = DEPTH.load(Relaxed);
    // First this, so that an executor that interrupts takes the next place and not this one.
    DEPTH.store(depth + 1, Relaxed);
    compiler_fence(SeqCst);
    if let Some(place) = RUNNING.get(usize::from(depth)) {
        place.store(id, Relaxed);
    }
}

/// The poll is over, and with it all those that interrupted it.
#[unsafe(no_mangle)]
extern "Rust" fn _embassy_trace_task_exec_end(_executor: u32, _task: u32) {
    DEPTH.store(DEPTH.load(Relaxed).saturating_sub(1), Relaxed);
}

#[unsafe(no_mangle)]
extern "Rust" fn _embassy_trace_poll_start(_executor: u32) {}
#[unsafe(no_mangle)]
extern "Rust" fn _embassy_trace_executor_idle(_executor: u32) {}
#[unsafe(no_mangle)]
extern "Rust" fn _embassy_trace_task_new(_executor: u32, _task: u32) {}
#[unsafe(no_mangle)]
extern "Rust" fn _embassy_trace_task_end(_executor: u32, _task: u32) {}
#[unsafe(no_mangle)]
extern "Rust" fn _embassy_trace_task_ready_begin(_executor: u32, _task: u32) {}

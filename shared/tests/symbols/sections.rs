//! Which frames of a call stack are seen, and which a reader may leave folded.

use heapbeacon_shared::symbols::{Fold, SymbolizedStack};

use crate::fold::frame;

const OWN: &str = "/home/me/app/src/demo.rs";
const STD: &str = "/rustc/0123456789/library/core/src/future/future.rs";
const EMBASSY: &str =
    "/me/.cargo/registry/src/index.crates.io-1/embassy-executor-0.10.0/src/raw/mod.rs";
const TOKIO: &str = "/me/.cargo/registry/src/index.crates.io-1/tokio-1.48.0/src/task/local.rs";
const OTHER: &str = "/me/.cargo/registry/src/index.crates.io-1/picoserve-0.20.1/src/lib.rs";

/// Folds frames, and returns how many there are in each section.
fn sections(frames: &[(&str, &str)]) -> Vec<(Option<Fold>, usize)> {
    let frames = frames.iter().map(|(function, file)| frame(function, file));
    let stack = SymbolizedStack::new(frames.collect());
    let sections = stack.sections();
    let shown: Vec<_> = sections.iter().flat_map(|section| section.frames).collect();
    assert!(
        shown.into_iter().eq(stack.frames()),
        "every frame, in order"
    );
    let len = |section: &heapbeacon_shared::symbols::Section<'_>| section.frames.len();
    sections
        .iter()
        .map(|section| (section.fold, len(section)))
        .collect()
}

/// As on QEMU.
#[test]
fn an_executor_between_a_task_and_main_is_folded() {
    let frames = [
        ("__rustc::__rust_alloc", ""),
        ("alloc::boxed::Box<T>::new", STD),
        ("heapbeacon_demo::net::Net::step", OWN),
        (
            "heapbeacon_embassy::demo::__net_task::__net_task_inner_function::{async_fn#0}",
            OWN,
        ),
        ("embassy_executor::raw::TaskStorage<F>::poll", EMBASSY),
        (
            "embassy_executor::raw::SyncExecutor::poll::{{closure}}",
            EMBASSY,
        ),
        (
            "embassy_executor::raw::run_queue::RunQueue::dequeue_all",
            EMBASSY,
        ),
        ("embassy_executor::raw::SyncExecutor::poll", EMBASSY),
        ("embassy_executor::raw::Executor::poll", EMBASSY),
        ("embassy_executor::platform::thread::Executor::run", EMBASSY),
        ("main", OWN),
    ];
    let expected = [
        (Some(Fold::Wrapper), 2),
        (None, 2),
        (Some(Fold::Executor), 6),
        (None, 1),
    ];
    assert_eq!(sections(&frames), expected);
}

#[test]
fn what_the_standard_library_adds_to_an_executor_is_folded_with_it() {
    let frames = [
        ("app::serve::{async_fn#0}", OWN),
        ("<core::pin::Pin<P> as core::future::Future>::poll", STD),
        (
            "<tokio::task::local::RunUntil<T> as core::future::Future>::poll",
            TOKIO,
        ),
        ("std::thread::local::LocalKey<T>::with", STD),
        ("tokio::runtime::runtime::Runtime::block_on", TOKIO),
        ("app::run", OWN),
        ("core::ops::function::FnOnce::call_once", STD),
        ("app::main", OWN),
    ];
    let expected = [(None, 1), (Some(Fold::Executor), 4), (None, 3)];
    assert_eq!(sections(&frames), expected);
}

#[test]
fn libraries_between_the_users_own_functions_are_seen() {
    let frames = [
        ("app::write", OWN),
        ("picoserve::response::write_to::{async_fn#0}", OTHER),
        ("app::serve::{async_fn#0}", OWN),
        ("embassy_executor::raw::TaskStorage<F>::poll", EMBASSY),
        ("app::main", OWN),
    ];
    let expected = [(None, 3), (Some(Fold::Executor), 1), (None, 1)];
    assert_eq!(sections(&frames), expected);
}

/// As on the host.
#[test]
fn what_starts_a_thread_or_the_program_is_folded() {
    let thread = [
        ("app::mqtt", OWN),
        ("std::sys::backtrace::__rust_begin_short_backtrace", STD),
        ("std::panicking::catch_unwind", STD),
        (
            "<alloc::boxed::Box<F> as core::ops::function::FnOnce<A>>::call_once",
            STD,
        ),
        ("std::sys::thread::unix::Thread::new::thread_start", STD),
        ("start_thread", ""),
    ];
    assert_eq!(sections(&thread), [(None, 1), (Some(Fold::Runtime), 5)]);
    let worker = [
        ("app::serve::{async_fn#0}", OWN),
        ("tokio::runtime::task::core::Core<T,S>::poll", TOKIO),
        ("std::panicking::catch_unwind", STD),
        ("tokio::runtime::blocking::pool::Inner::run", TOKIO),
        ("std::sys::thread::unix::Thread::new::thread_start", STD),
    ];
    assert_eq!(sections(&worker), [(None, 1), (Some(Fold::Executor), 4)]);
}

#[test]
fn code_of_nobody_that_is_known_is_seen() {
    let driver = [
        ("esp_alloc_malloc", ""),
        ("ieee80211_output", ""),
        ("ppTask", ""),
    ];
    assert_eq!(sections(&driver), [(None, 3)]);
    let library = [
        ("alloc::vec::Vec<T>::push", STD),
        ("picoserve::listen", OTHER),
    ];
    assert_eq!(sections(&library), [(Some(Fold::Wrapper), 1), (None, 1)]);
    let nothing_else = [("std::io::read", STD), ("std::rt::lang_start", STD)];
    assert_eq!(
        sections(&nothing_else),
        [(None, 1), (Some(Fold::Runtime), 1)]
    );
}

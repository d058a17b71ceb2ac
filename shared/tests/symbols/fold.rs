//! Whose code a frame is, and which frame is the call site.

use heapbeacon_shared::symbols::{Frame, Role, SymbolizedStack, Symbols, short_name};

use crate::fixture::{self, HEAP, HOST};

const OWN: &str = "/home/me/app/src/session.rs";
const STD: &str = "/rustc/0123456789/library/alloc/src/vec/mod.rs";
const DEPENDENCY: &str = "/me/.cargo/registry/src/index.crates.io-1/heapless-0.9.3/src/vec.rs";

pub(crate) fn frame(function: &str, file: &str) -> Frame {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Frame {
        function: text(function),
        file: text(file),
        ..Frame::default()
    }
}

fn stack(frames: &[(&str, &str)]) -> SymbolizedStack {
    SymbolizedStack::new(
        frames
            .iter()
            .map(|(function, file)| frame(function, file))
            .collect(),
    )
}

fn call_site(frames: &[(&str, &str)]) -> String {
    let stack = stack(frames);
    stack
        .call_site()
        .and_then(|site| site.frame.function.clone())
        .expect("a call site")
}

#[test]
fn frames_have_the_role_of_whose_code_they_are() {
    for (function, file, role) in [
        (
            "<heapbeacon::Traced<A> as core::alloc::global::GlobalAlloc>::alloc",
            OWN,
            Role::Tracer,
        ),
        ("heapbeacon::tracer::on_alloc", "", Role::Tracer),
        ("_esp_alloc_alloc", OWN, Role::Tracer),
        ("heapbeacon_demo::session::open", OWN, Role::Own),
        ("__rustc::__rust_alloc", "", Role::Allocator),
        ("__rdl_alloc", STD, Role::Allocator),
        ("malloc", "", Role::Allocator),
        (
            "<esp_alloc::EspHeap as core::alloc::global::GlobalAlloc>::alloc",
            DEPENDENCY,
            Role::Allocator,
        ),
        (
            "<app::MyAlloc as core::alloc::global::GlobalAlloc>::alloc",
            OWN,
            Role::Allocator,
        ),
        (
            "<T as alloc::slice::hack::ConvertVec>::to_vec",
            STD,
            Role::Std,
        ),
        ("alloc::raw_vec::RawVec<T>::grow_one", "", Role::Std),
        (
            "hashbrown::raw::RawTable<T>::reserve",
            "/rust/deps/hashbrown-0.16.1/src/raw.rs",
            Role::Std,
        ),
        ("<str>::to_owned", "", Role::Std),
        ("heapless::vec::Vec<T>::push", DEPENDENCY, Role::Dependency),
        (
            "embassy_executor::raw::TaskStorage<F>::poll",
            DEPENDENCY,
            Role::Executor,
        ),
        (
            "<tokio::task::local::RunUntil<T> as core::future::Future>::poll",
            DEPENDENCY,
            Role::Executor,
        ),
        ("app::session::open", OWN, Role::Own),
        ("app::session::open", "", Role::Own),
        ("<app::Set as core::iter::Extend<T>>::extend", "", Role::Own),
        ("ieee80211_output", "", Role::Unknown),
        ("", "", Role::Unknown),
    ] {
        assert_eq!(
            stack(&[(function, file)]).frames()[0].role,
            role,
            "{function} {file}"
        );
    }
}

#[test]
fn the_call_site_is_the_first_frame_of_the_users_own_code() {
    let frames = [
        ("heapbeacon::tracer::on_alloc", ""),
        ("__rustc::__rust_alloc", ""),
        ("alloc::vec::Vec<T>::with_capacity", STD),
        ("heapless::vec::Vec<T>::push", DEPENDENCY),
        ("app::session::open", OWN),
        ("app::main", OWN),
    ];
    let stack = stack(&frames);
    assert_eq!(call_site(&frames), "app::session::open");
    assert_eq!(stack.call_site(), stack.frames().get(4));
}

#[test]
fn what_is_inlined_into_an_allocator_is_no_call_site() {
    let inlined = Frame {
        inlined: true,
        ..frame("alloc", "/home/me/heapbeacon/agent/src/hook.rs")
    };
    let frames = [
        inlined,
        frame("__rustc::__rust_alloc", ""),
        frame("app::open", OWN),
    ];
    let stack = SymbolizedStack::new(frames.to_vec());
    assert_eq!(stack.frames()[0].role, Role::Allocator);
    assert_eq!(stack.call_site().map(|site| &site.frame), Some(&frames[2]));
}

#[test]
fn without_own_code_the_first_frame_outside_of_the_standard_library_is_the_call_site() {
    let frames = [
        ("alloc::vec::Vec<T>::push", STD),
        ("heapless::vec::Vec<T>::push", DEPENDENCY),
    ];
    assert_eq!(call_site(&frames), "heapless::vec::Vec<T>::push");
    assert_eq!(
        call_site(&[("__rust_alloc", ""), ("wifi_start", "")]),
        "wifi_start"
    );
}

#[test]
fn with_nothing_but_the_standard_library_the_first_frame_is_the_call_site() {
    let frames = [
        ("alloc::vec::Vec<T>::push", STD),
        ("std::rt::lang_start", STD),
    ];
    assert_eq!(call_site(&frames), "alloc::vec::Vec<T>::push");
}

#[test]
fn an_empty_stack_has_no_call_site() {
    let stack = SymbolizedStack::new(Vec::new());
    assert_eq!(stack.call_site(), None);
    assert!(stack.sections().is_empty());
}

#[test]
fn the_call_site_in_a_real_program_is_in_its_source() {
    let symbols = Symbols::parse(&HOST).unwrap_or_else(|error| panic!("{error}"));
    let call = fixture::call("full", "inlined");
    let stack = SymbolizedStack::new(symbols.call_stack(&[call.return_address]));
    assert_eq!(
        stack.call_site().and_then(|site| site.frame.line),
        Some(call.line)
    );
}

#[test]
fn whatever_allocates_the_call_site_is_the_function_that_made_it_do_so() {
    let symbols = Symbols::parse(&HEAP).unwrap_or_else(|error| panic!("{error}"));
    let allocations = fixture::allocations();
    assert_eq!(allocations.len(), 8);
    for (who, addresses) in allocations {
        let stack = SymbolizedStack::new(symbols.call_stack(&addresses));
        let site = &stack.call_site().expect("a call site").frame;
        let function = site.function.as_deref().unwrap_or_default();
        assert_eq!(short_name(function), who, "{stack:#?}");
        assert!(
            site.file
                .as_deref()
                .is_some_and(|file| file.ends_with("programs/heap.rs")),
            "{site:?}"
        );
    }
}

//! Short names of functions and files.

use heapbeacon_shared::symbols::{short_file, short_name};

#[test]
fn functions_keep_their_last_two_parts() {
    for (function, short) in [
        ("alloc::vec::Vec<T,A>::push", "Vec::push"),
        ("<alloc::vec::Vec<u8>>::push", "Vec::push"),
        (
            "<alloc::vec::Vec<u8> as core::clone::Clone>::clone",
            "Vec::clone",
        ),
        ("heapbeacon_demo::session::open", "session::open"),
        ("app::parse::<alloc::string::String>", "app::parse"),
        (
            "core::ptr::drop_in_place<alloc::vec::Vec<u8>>",
            "ptr::drop_in_place",
        ),
        (
            "<F as core::ops::function::FnOnce<A>>::call_once",
            "FnOnce::call_once",
        ),
        (
            "<alloc::boxed::Box<dyn Fn(u8) -> app::X> as app::T>::go",
            "Box::go",
        ),
        ("alloc::slice::<impl [T]>::to_vec", "slice::to_vec"),
        ("<[alloc::string::String]>::concat", "slice::concat"),
        ("<&mut app::Reader as app::Read>::read", "Reader::read"),
        ("<str>::trim", "str::trim"),
        ("app::{impl#3}::new", "app::new"),
        ("__rustc::__rust_alloc", "__rustc::__rust_alloc"),
        ("main", "main"),
        (
            "with_capacity_in<u8, alloc::alloc::Global>",
            "with_capacity_in",
        ),
        ("{closure#0}", "{closure}"),
        ("", ""),
    ] {
        assert_eq!(short_name(function), short, "{function}");
    }
}

#[test]
fn closures_and_async_blocks_are_named_after_their_function() {
    for (function, short) in [
        ("app::session::open::{{closure}}", "session::open {closure}"),
        (
            "app::session::open::{closure#0}::{closure#1}",
            "session::open {closure}",
        ),
        (
            "app::session::open::{async_fn_env#0}<u8>",
            "session::open {async}",
        ),
        ("app::session::open::{{closure}}::inner", "open::inner"),
        (
            "<app::f::{async_block_env#0} as core::future::Future>::poll",
            "f::poll",
        ),
        (
            "<app::Job as app::Run>::run::{shim:vtable#0}",
            "Job::run {shim}",
        ),
    ] {
        assert_eq!(short_name(function), short, "{function}");
    }
}

/// As embassy-executor 0.10 and rustc 1.95 name them, in both manners of mangling.
#[test]
fn embassy_tasks_have_the_name_that_a_person_gave_them() {
    for (function, short) in [
        (
            "heapbeacon_embassy::demo::__net_task::__net_task_inner_function::{{closure}}",
            "demo::net {task}",
        ),
        (
            "heapbeacon_embassy::demo::__net_task::__net_task_inner_function::{closure#0}",
            "demo::net {task}",
        ),
        (
            "heapbeacon_embassy::demo::__net_task::__net_task_inner_function::{async_fn#0}",
            "demo::net {task}",
        ),
        (
            "heapbeacon_qemu_virt::__start_task::__start_task_inner_function::{{closure}}",
            "heapbeacon_qemu_virt::start {task}",
        ),
        (
            "heapbeacon_embassy::demo::__net_task::__net_task_inner_function::{{closure}}::{{closure}}",
            "demo::net {closure}",
        ),
        (
            "heapbeacon_embassy::demo::__hog_task::__hog_task_inner_function::{async_fn#0}::{async_block#0}",
            "demo::hog {async}",
        ),
        (
            "heapbeacon_embassy::demo::__net_task::__net_task_inner_function",
            "demo::net",
        ),
        ("heapbeacon_embassy::demo::__net_task", "demo::net"),
        (
            "heapbeacon_embassy::demo::every::{async_fn#0}",
            "demo::every {async}",
        ),
        ("app::__private_tasks", "app::__private_tasks"),
        ("app::__task", "app::__task"),
    ] {
        assert_eq!(short_name(function), short, "{function}");
    }
}

#[test]
fn odd_names_do_not_panic() {
    for function in [
        "::",
        "<",
        ">",
        "<>::",
        "a::<",
        "{",
        "<ä as ö>::ü",
        "->->::",
        "<<<<T as ",
        ">>::<<",
    ] {
        let _ = short_name(function);
    }
}

#[test]
fn files_start_at_what_identifies_them() {
    for (file, short) in [
        ("/home/me/app/src/session.rs", "src/session.rs"),
        ("/home/me/src/app/src/bin/tool.rs", "src/bin/tool.rs"),
        ("C:\\work\\app\\src\\main.rs", "src/main.rs"),
        ("/home/me/app/build/bindings.rs", "build/bindings.rs"),
        ("src/main.rs", "src/main.rs"),
        ("main.c", "main.c"),
        (
            "/rustc/0123456789/library/alloc/src/vec/mod.rs",
            "alloc/src/vec/mod.rs",
        ),
        (
            "/rustc/0123456789\\library\\core\\src\\a.rs",
            "core/src/a.rs",
        ),
        (
            "/x/lib/rustlib/src/rust/library/alloc/src/vec/mod.rs",
            "alloc/src/vec/mod.rs",
        ),
        (
            "/rust/deps/hashbrown-0.16.1/src/raw.rs",
            "hashbrown-0.16.1/src/raw.rs",
        ),
        (
            "/me/.cargo/registry/src/index.crates.io-1/heapless-0.9.3/src/vec.rs",
            "heapless-0.9.3/src/vec.rs",
        ),
        (
            "/me/.cargo/git/checkouts/esp-hal-1a2b/c3d4/esp-alloc/src/lib.rs",
            "esp-alloc/src/lib.rs",
        ),
    ] {
        assert_eq!(short_file(file, Some(88)), format!("{short}:88"));
        assert_eq!(short_file(file, None), short);
    }
}

//! Names of statics, and of the tasks that are stored in them.

use heapbeacon_shared::symbols::{Symbols, Task};

use crate::fixture::{self, RISCV};

fn program(name: &str, options: &[&str]) -> Vec<u8> {
    let options = [&RISCV[..], options].concat();
    fixture::compile("tasks", &format!("tasks-{name}"), &options)
}

fn task(name: &str, path: &str, offset: u64) -> Option<Task> {
    Some(Task {
        name: name.to_owned(),
        path: path.to_owned(),
        offset,
        index: None,
    })
}

#[test]
fn tasks_have_the_names_of_their_functions() {
    for (name, options) in [
        ("legacy", &["-g"][..]),
        ("v0", &["-g", "-Csymbol-mangling-version=v0"]),
        ("no-debug", &["-Cstrip=debuginfo"]),
    ] {
        let elf = program(name, options);
        let symbols = Symbols::parse(&elf).unwrap_or_else(|error| panic!("{error}"));
        let at = |symbol: &str, offset| symbols.task_at(fixture::function(&elf, symbol).0 + offset);
        for (offset, index) in [
            (0, Some(0)),
            (32, Some(1)),
            (64, Some(2)),
            (33, None),
            (95, None),
        ] {
            // How many there are, the debug information tells.
            let index = index.filter(|_| symbols.has_debug_info());
            let serve = task("serve", "tasks::net::serve", offset);
            let serve = serve.map(|task| Task { index, ..task });
            assert_eq!(at("serve4POOL", offset), serve, "{name}");
        }
        assert_eq!(at("blink4POOL", 0), task("blink", "tasks::blink", 0));
        let main = task("main", "tasks::__embassy_main", 0);
        assert_eq!(at("__embassy_main4POOL", 0), main);
        let storage = task("by_hand::STORAGE", "tasks::by_hand::STORAGE", 0);
        assert_eq!(at("by_hand7STORAGE", 0), storage);
    }
}

#[test]
fn what_is_no_static_is_no_task() {
    let elf = program("nothing", &["-g"]);
    let symbols = Symbols::parse(&elf).unwrap_or_else(|error| panic!("{error}"));
    let (start, _) = fixture::function(&elf, "_start");
    let statics = [
        "serve4POOL",
        "blink4POOL",
        "__embassy_main4POOL",
        "by_hand7STORAGE",
    ];
    let ends = statics.map(|name| {
        let (start, size) = fixture::function(&elf, name);
        start + size
    });
    let last = ends.into_iter().max().expect("a static");
    for address in [0, start, last, u64::MAX] {
        assert_eq!(symbols.task_at(address), None, "{address:#x}");
        assert_eq!(symbols.static_at(address), None, "{address:#x}");
    }
    let (blink, size) = fixture::function(&elf, "blink4POOL");
    let found = symbols.static_at(blink + 7).expect("a static");
    assert_eq!((found.offset, found.size), (7, size));
    assert_eq!(found.name, "tasks::blink::POOL");
}

//! The image's other programs: what they print, and how they end.

use std::collections::BTreeSet;

use heapbeacon_shared::symbols::{SymbolizedStack, Symbols};

use crate::support::qemu;

/// Functions of the program `stacks` that allocate, and what with.
const SITES: [(&str, &str); 14] = [
    ("one", "Vec"),
    ("grow", "a Vec that grows"),
    ("formatted", "format!"),
    ("turned_to_string", "to_string"),
    ("boxed", "Box"),
    ("counted", "Rc"),
    ("collected", "an iterator"),
    ("repeated", "vec!"),
    ("joined", "join"),
    ("insert", "BTreeMap"),
    ("sort", "a sort"),
    ("direct", "the heap itself"),
    ("pinned", "a boxed future"),
    ("plain", "a macro in the function itself"),
];

#[test]
fn every_call_stack_is_the_unwinders_and_has_its_call_site() {
    let output = qemu::run("stacks");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}");
    let elf = qemu::elf("stacks");
    let symbols = Symbols::parse(&elf).expect("the ELF has symbols");
    let found: BTreeSet<_> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("stack "))
        .filter_map(|frames| call_site(&symbols, frames))
        .collect();
    for (function, what) in SITES {
        assert!(
            found.contains(function),
            "{what}: no `{function}` in {found:?}"
        );
    }
}

/// Returns the name of the function at the call site of a printed call stack, without its path; that of the function
/// around it for a closure.
fn call_site(symbols: &Symbols, frames: &str) -> Option<String> {
    let frames: Vec<_> = frames
        .trim_matches(['[', ']'])
        .split(", ")
        .map(|frame| u64::from_str_radix(frame, 16).expect("frames are hexadecimal"))
        .collect();
    let stack = SymbolizedStack::new(symbols.call_stack(&frames));
    let function = stack.call_site()?.frame.function.clone()?;
    let name = function.rsplit("::").find(|part| !part.starts_with('{'));
    name.map(str::to_owned)
}

#[test]
fn figures_of_esp_allocs_heap_are_those_of_a_walk_with_either_algorithm() {
    for program in ["heaps-llff", "heaps-tlsf"] {
        let output = qemu::run(program);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{program}: {printed}");
        assert!(printed.contains("round 39"), "{program}: {printed}");
    }
}

#[test]
fn a_panic_is_printed_and_ends_the_machine_with_its_status() {
    let output = qemu::run("panic");
    assert_eq!(output.status.code(), Some(101));
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("as it was told to"), "{printed}");
    assert!(printed.contains("panic.rs"), "{printed}");
}

//! Functions that are alike, and whose code the linker has kept once.

use std::sync::LazyLock;

use heapbeacon_shared::symbols::{Frame, Symbols};

use crate::fixture::{self, HEAP, RISCV};

const FUNCTIONS: [&str; 2] = ["folded::first::add", "folded::second::sum"];

/// The functions are the linker's to fold: the compiler does so from the second level on.
fn folded(name: &str, options: &[&str]) -> Vec<u8> {
    let fold = ["-Clink-arg=--icf=all", "-Copt-level=1"];
    let options = [&RISCV[..], &fold, options].concat();
    fixture::compile("folded", &format!("folded-{name}"), &options)
}

static FOLDED: LazyLock<Vec<u8>> = LazyLock::new(|| folded("full", &["-g"]));

/// Returns the lines of the source that a function has.
fn lines_of(function: &str) -> std::ops::RangeInclusive<u32> {
    let name = function.rsplit("::").next().expect("a name");
    let start = fixture::line_of("folded", &format!("pub fn {name}("));
    start..=start + 6
}

fn stacks(elf: &[u8]) -> Vec<Vec<Frame>> {
    let symbols = Symbols::parse(elf).unwrap_or_else(|error| panic!("{error}"));
    let (start, size) = fixture::function(elf, "add");
    let addresses = start..start + size;
    addresses.map(|address| symbols.frames(address)).collect()
}

fn assert_lines_belong(elf: &[u8]) {
    let stacks = stacks(elf);
    for frames in &stacks {
        let outermost = frames.last().expect("a frame");
        let function = outermost.function.as_deref().expect("a name");
        let other = FUNCTIONS.iter().find(|other| **other != function);
        assert_eq!(outermost.shared_with, [*other.expect("one of both")]);
        let line = outermost.line.unwrap_or(*lines_of(function).start());
        assert!(lines_of(function).contains(&line), "{outermost:?}");
        let inlined = &frames[..frames.len() - 1];
        assert!(inlined.iter().all(|frame| frame.shared_with.is_empty()));
    }
    let own = format!("helper(part); // a line of `{}`", name_of(&stacks[0]));
    let own = fixture::line_of("folded", &own);
    let has_own = |frames: &Vec<Frame>| frames.last().and_then(|frame| frame.line) == Some(own);
    assert!(stacks.iter().any(has_own), "the line of the call is found");
}

fn name_of(frames: &[Frame]) -> &str {
    let function = frames.last().and_then(|frame| frame.function.as_deref());
    function
        .and_then(|name| name.rsplit("::").next())
        .expect("a name")
}

#[test]
fn lines_of_folded_functions_belong_to_the_function_that_is_named() {
    assert_lines_belong(&FOLDED);
    assert_lines_belong(&folded("limited", &["-Cdebuginfo=limited"]));
    assert_lines_belong(&folded("units", &["-g", "-Ccodegen-units=8"]));
    assert_lines_belong(&folded("v0", &["-g", "-Csymbol-mangling-version=v0"]));
}

#[test]
fn the_symbol_table_alone_tells_who_shares_code() {
    for frames in stacks(&folded("no-debug", &["-Cstrip=debuginfo"])) {
        let mut names = frames[0].shared_with.clone();
        names.extend(frames[0].function.clone());
        names.sort();
        assert_eq!(names, FUNCTIONS);
    }
}

#[test]
fn an_async_function_shares_no_code_with_its_own_symbol() {
    let symbols = Symbols::parse(&HEAP).unwrap_or_else(|error| panic!("{error}"));
    let allocations = fixture::allocations();
    let (_, addresses) = allocations.last().expect("that of the task");
    let frames = symbols.call_stack(addresses);
    let is_async = |frame: &&Frame| {
        frame
            .function
            .as_ref()
            .is_some_and(|f| f.contains("{async"))
    };
    assert!(frames.iter().filter(is_async).count() > 0);
    let mut not_shared = frames.iter().filter(is_async);
    assert!(
        not_shared.all(|frame| frame.shared_with.is_empty()),
        "{frames:#?}"
    );
}

#[test]
fn who_shares_code_with_nobody_has_its_line() {
    let symbols = Symbols::parse(&FOLDED).unwrap_or_else(|error| panic!("{error}"));
    let (start, size) = fixture::function(&FOLDED, "alone");
    let call = fixture::line_of("folded", "helper(value) ^ 77");
    let mut stacks = (start..start + size).map(|address| symbols.frames(address));
    assert!(stacks.all(|frames| frames.iter().all(|frame| frame.shared_with.is_empty())));
    let mut stacks = (start..start + size).map(|address| symbols.frames(address));
    assert!(stacks.any(|frames| frames[0].line == Some(call)));
}

//! Debug information that is in other files.

use heapbeacon_shared::symbols::{ElfError, Frame, Missing, Role, SymbolizedStack, Symbols};

use crate::edit::{Edited, Header};
use crate::fixture::{self, BARE, HOST_NO_DEBUG, HOST_STRIPPED};

fn symbols(elf: &[u8]) -> Symbols {
    Symbols::parse(elf).unwrap_or_else(|error| panic!("{error}"))
}

/// What a split program tells, and what it allocates.
type Split = (Symbols, Vec<(String, Vec<u64>)>);

/// Compiles the program that allocates, with its debug information somewhere else.
fn split(name: &str, options: &[&str]) -> Split {
    let name = format!("heap-{name}");
    let elf = fixture::compile(
        "heap",
        &name,
        &[&["-g"], &fixture::FIXED[..], options].concat(),
    );
    (symbols(&elf), fixture::allocations_of(&name))
}

#[test]
fn split_debug_information_never_names_the_wrong_call_site() {
    for (name, options) in [
        ("unpacked", &["-Csplit-debuginfo=unpacked"][..]),
        ("packed", &["-Csplit-debuginfo=packed"]),
        (
            "unpacked-5",
            &["-Csplit-debuginfo=unpacked", "-Cdwarf-version=5"],
        ),
        (
            "packed-5",
            &["-Csplit-debuginfo=packed", "-Cdwarf-version=5"],
        ),
    ] {
        let (symbols, allocations) = split(name, options);
        let missing = symbols.missing();
        assert!(
            matches!(missing[..], [Missing::SplitUnits { split, units }] if 0 < split && split <= units),
            "{name}: {missing:?}"
        );
        assert!(missing[0].to_string().contains("split-debuginfo = \"off\""));
        for (who, addresses) in allocations {
            let stack = SymbolizedStack::new(symbols.call_stack(&addresses));
            let site = stack.call_site().expect("a call site");
            assert_eq!(site.role, Role::Own, "{name}, {who}: {stack:#?}");
            assert_sure(&symbols, &who, &site.frame);
        }
    }
}

/// Checks that a call site has the function of the program whose code it is in, and no line: that may
/// be one of a function that was inlined.
fn assert_sure(symbols: &Symbols, who: &str, site: &Frame) {
    let function = site.function.as_deref().unwrap_or_default();
    assert!(function.starts_with("heap::"), "{who}: {site:?}");
    assert_eq!(site.line, None, "{who}: {site:?}");
    let around = symbols.frames_of_return(site.address);
    let around = around.last().and_then(|frame| frame.function.as_deref());
    assert_eq!(around, Some(function), "{who}");
}

#[test]
fn units_that_are_whole_have_functions_and_lines_beside_split_ones() {
    // The standard library is not split, and the program's own units are.
    let (symbols, allocations) = split("units", &["-Csplit-debuginfo=unpacked"]);
    let frames = allocations
        .iter()
        .flat_map(|(_, addresses)| symbols.call_stack(addresses));
    let of_std = |frame: &Frame| {
        let function = frame.function.as_deref().unwrap_or_default();
        function.starts_with("std::rt::lang_start") && frame.line.is_some()
    };
    assert!(frames.into_iter().any(|frame| of_std(&frame)));
}

/// Adds a section that names another file.
fn with_link(elf: &[u8], section: &str, file: &str) -> Vec<u8> {
    let mut edited = Edited::new(elf);
    let header = Header {
        name: section.to_owned(),
        kind: 1,
        align: 4,
        ..Header::default()
    };
    let content = [file.as_bytes(), &[0; 8]].concat();
    edited.add(header, &content);
    edited.file()
}

#[test]
fn a_file_that_names_where_its_debug_information_is_says_so() {
    let elsewhere = || "app.debug".to_owned();
    let stripped = with_link(&HOST_STRIPPED, ".gnu_debuglink", "app.debug");
    let error = Symbols::parse(&stripped).err();
    assert_eq!(
        error,
        Some(ElfError::NoSymbols {
            elsewhere: Some(elsewhere())
        })
    );
    let no_debug = symbols(&with_link(&HOST_NO_DEBUG, ".gnu_debuglink", "app.debug"));
    assert_eq!(
        no_debug.missing(),
        [Missing::DebugInfoElsewhere(elsewhere())]
    );
    let all_there = symbols(&with_link(&BARE, ".gnu_debuglink", "app.debug"));
    assert_eq!(all_there.missing(), []);
    let shared = symbols(&with_link(&BARE, ".gnu_debugaltlink", "common.debug"));
    let expected = Missing::SharedElsewhere("common.debug".to_owned());
    assert_eq!(shared.missing(), [expected]);
}

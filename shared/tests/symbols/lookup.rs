//! Names, files and lines of addresses.

use std::time::Instant;

use heapbeacon_shared::symbols::{BuildId, ElfReader, Frame, Missing, Symbols, build_id};

use crate::edit::Edited;
use crate::fixture::{self, BARE, BUILD_ID, HEAP, HOST, HOST_LIMITED, HOST_LINES, HOST_NO_DEBUG};

fn symbols(elf: &[u8]) -> Symbols {
    Symbols::parse(elf).unwrap_or_else(|error| panic!("{error}"))
}

fn ends_with(text: &Option<String>, end: &str) -> bool {
    text.as_ref().is_some_and(|text| text.ends_with(end))
}

/// Checks the three frames that the host program inlines into one.
fn assert_inlined(program: &str, elf: &[u8], functions: [&str; 3]) {
    let call = fixture::call(program, "inlined");
    let frames = symbols(elf).frames_of_return(call.return_address);
    let lines = [
        call.line,
        fixture::line_of("host", "of the middle frame"),
        fixture::line_of("host", "of the outermost frame"),
    ];
    assert_eq!(frames.len(), functions.len(), "{frames:?}");
    for (index, frame) in frames.iter().enumerate() {
        assert_eq!(frame.function.as_deref(), Some(functions[index]));
        assert_eq!(frame.line, Some(lines[index]), "{frame:?}");
        assert_eq!(frame.inlined, index < 2, "{frame:?}");
        assert_eq!(frame.address, call.return_address);
        assert!(
            ends_with(&frame.file, "tests/symbols/programs/host.rs"),
            "{frame:?}"
        );
    }
}

#[test]
fn inlined_frames_come_innermost_first_with_the_lines_of_their_calls() {
    let functions = ["host::innermost", "host::middle", "host::outermost"];
    assert_inlined("full", &HOST, functions);
    assert_inlined("limited", &HOST_LIMITED, functions);
}

#[test]
fn line_tables_alone_give_lines_and_the_path_of_the_outermost_frame() {
    assert_inlined(
        "lines",
        &HOST_LINES,
        ["innermost", "middle", "host::outermost"],
    );
}

#[test]
fn generic_functions_and_closures_have_names_without_hashes() {
    let symbols = symbols(&HOST);
    for (kind, function) in [
        ("generic", "host::session::generic"),
        ("closure", "host::main::{{closure}}"),
    ] {
        let call = fixture::call("full", kind);
        let frames = symbols.frames_of_return(call.return_address);
        assert_eq!(frames[0].function.as_deref(), Some(function));
        assert_eq!(frames[0].line, Some(call.line));
    }
}

#[test]
fn async_functions_are_told_from_closures() {
    let symbols = symbols(&HEAP);
    let allocations = fixture::allocations();
    let (_, addresses) = allocations.last().expect("that of the task");
    let functions: Vec<_> = symbols
        .call_stack(addresses)
        .into_iter()
        .filter_map(|frame| frame.function)
        .collect();
    for function in [
        "heap::__net_task::__net_task_inner_function::{async_fn#0}",
        "heap::main::{{closure}}",
    ] {
        assert!(
            functions.iter().any(|found| found == function),
            "{functions:#?}"
        );
    }
}

#[test]
fn a_call_stack_is_the_frames_of_its_addresses_in_order() {
    let symbols = symbols(&HOST);
    let addresses = ["generic", "inlined"].map(|kind| fixture::call("full", kind).return_address);
    let expected = addresses
        .map(|address| symbols.frames_of_return(address))
        .concat();
    assert_eq!(symbols.call_stack(&addresses), expected);
}

#[test]
fn without_debug_info_the_symbol_table_gives_the_function() {
    let symbols = symbols(&HOST_NO_DEBUG);
    assert!(!symbols.has_debug_info());
    let call = fixture::call("no-debug", "inlined");
    let expected = Frame {
        address: call.return_address,
        function: Some("host::outermost".into()),
        ..Frame::default()
    };
    assert_eq!(symbols.frames_of_return(call.return_address), [expected]);
}

#[test]
fn debug_information_that_can_not_be_read_is_missed_and_the_symbol_table_gives_the_function() {
    let host: &[u8] = &HOST;
    let call = fixture::call("full", "inlined");
    for spoil in [
        |edited: &mut Edited| edited.remove(&[".debug_ranges", ".debug_rnglists"]),
        |edited: &mut Edited| {
            let info = edited.index(".debug_info");
            let mut content = edited.content_of(".debug_info").to_vec();
            // The length of the first unit.
            content[..4].copy_from_slice(&[0xEF; 4]);
            edited.set_content(info, &content);
        },
    ] {
        let mut edited = Edited::new(host);
        spoil(&mut edited);
        let symbols = symbols(&edited.file());
        let frames = symbols.frames_of_return(call.return_address);
        let outermost = frames.last().expect("there is one");
        assert!(ends_with(&outermost.function, "outermost"), "{frames:?}");
        if !symbols.has_debug_info() {
            assert!(symbols.missing().contains(&Missing::DebugInfo));
        }
    }
}

#[test]
fn an_unknown_address_is_one_frame_without_a_name() {
    let symbols = symbols(&HOST);
    // Debug information of functions that the linker dropped is at the lowest addresses.
    for address in [0, 1, 9, u64::MAX] {
        assert_eq!(
            symbols.frames(address),
            [Frame {
                address,
                ..Frame::default()
            }]
        );
    }
    assert_eq!(symbols.frames_of_return(0).len(), 1);
}

#[test]
fn firmware_for_riscv_has_inlined_frames_and_lines() {
    let symbols = symbols(&BARE);
    assert!(symbols.has_debug_info());

    let (open, _) = fixture::function(&BARE, "device4open");
    let frame = &symbols.frames(open)[0];
    assert_eq!(frame.function.as_deref(), Some("bare::device::open"));
    assert_eq!(frame.line, Some(fixture::line_of("bare", "pub fn open")));

    let (start, size) = fixture::function(&BARE, "_start");
    let mut stacks = (start..start + size)
        .step_by(2)
        .map(|address| symbols.frames(address));
    let inlined = stacks.find(|frames| frames[0].function.as_deref() == Some("bare::inlined"));
    let frames = inlined.expect("an instruction of the inlined function");
    assert!(frames[0].inlined);
    assert_eq!(frames[0].line, Some(fixture::line_of("bare", "* 3")));
    assert_eq!(frames[1].function.as_deref(), Some("_start"));
    assert_eq!(
        frames[1].line,
        Some(fixture::line_of("bare", "inlined(black_box(4))"))
    );
    assert!(!frames[1].inlined);
}

#[test]
fn the_build_id_is_the_one_that_the_linker_wrote() {
    let expected: BuildId = BUILD_ID.parse().expect("a build id");
    for elf in [&HOST, &HOST_NO_DEBUG, &BARE] {
        assert_eq!(build_id(elf), Ok(Some(expected.clone())));
        assert_eq!(symbols(elf).build_id(), Some(&expected));
    }
    assert_eq!(expected.to_string(), BUILD_ID);
}

#[test]
fn the_build_id_is_found_in_the_segments_of_a_file_without_sections() {
    let mut elf = HOST.clone();
    elf[0x28..0x30].fill(0); // e_shoff
    elf[0x3C..0x40].fill(0); // e_shnum and e_shstrndx
    assert_eq!(build_id(&elf), Ok(BUILD_ID.parse().ok()));
}

#[test]
fn a_text_that_is_not_hexadecimal_is_no_build_id() {
    for text in ["", "0", "0g", "+1", "012", "äö"] {
        assert!(text.parse::<BuildId>().is_err(), "{text}");
    }
    assert_eq!("0AfF".parse(), Ok(BuildId::new(&[0x0A, 0xFF])));
}

#[test]
fn the_reader_knows_the_build_id_before_it_asks_for_the_large_ranges() {
    let mut reader = ElfReader::new(HOST.len() as u64);
    let (mut before, mut total) = (0, 0);
    while let Some(range) = reader.needs() {
        total += range.end - range.start;
        if !reader.is_build_id_known() {
            before = total;
        }
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        reader.provide(&HOST[range]).expect("a good file");
    }
    assert_eq!(
        reader.build_id().map(BuildId::to_string).as_deref(),
        Some(BUILD_ID)
    );
    assert!(before < 16 * 1024, "{before} bytes");
    assert!(total < HOST.len() as u64);
    assert!(
        reader
            .finish()
            .is_ok_and(|symbols| symbols.has_debug_info())
    );
}

#[test]
fn symbols_can_be_sent_to_another_thread() {
    fn assert_send<T: Send>() {}
    assert_send::<Symbols>();
}

/// Measures and asserts no time; run it with `--release -- --nocapture`.
#[test]
fn a_thousand_addresses_get_names() {
    let symbols = symbols(&HOST_LIMITED);
    let (start, _) = fixture::function(&HOST_LIMITED, "main");
    let addresses: Vec<u64> = (0..1000).map(|step| start + step * 97).collect();
    let begun = Instant::now();
    let frames = symbols.call_stack(&addresses);
    println!(
        "1,000 addresses, {} frames: {:?}",
        frames.len(),
        begun.elapsed()
    );
    let named = frames
        .iter()
        .filter(|frame| frame.function.is_some())
        .count();
    assert!(named > 900, "{named} of {}", frames.len());
}

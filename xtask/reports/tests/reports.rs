//! The commands as people call them: text in, text out.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use heapbeacon_shared::export::Format;
use heapbeacon_shared::symbols;
use heapbeacon_shared::trace::{Address, BuildId, Frames, Record, Reference, Scan, Stack, Summary};
use heapbeacon_shared::wire::{Encoder, Header, HeapRegion, MAX_ENCODED, Message, References};

const PROGRAM: &str = env!("CARGO_BIN_EXE_heapbeacon-reports");

/// Runs a command with text on its standard input.
fn run(arguments: &[&str], input: &str) -> Output {
    let mut process = Command::new(PROGRAM)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut text = process.stdin.take().expect("it is piped");
    // A program that refuses its arguments does not read.
    let _ = text.write_all(input.as_bytes());
    drop(text);
    process.wait_with_output().expect("the program ends")
}

/// Returns where an ELF file of 64 bits says that its program begins.
fn entry_of(elf: &str) -> u64 {
    let bytes = fs::read(elf).expect("the file is there");
    u64::from_le_bytes(bytes[24..32].try_into().expect("eight bytes"))
}

#[test]
fn what_an_address_is_stands_below_its_line_and_the_text_is_kept() {
    // Where a call of the first instruction would return to.
    let caller = entry_of(PROGRAM) + 1;
    let text = format!("16 bytes (@ 0x10, Internal) caller {caller:#x}\nno address\n");
    let output = run(&["symbolize", PROGRAM], &text);
    assert!(output.status.success());
    let told = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert_eq!(
        [lines[0], lines[2]],
        [text.lines().next().unwrap(), "no address"]
    );
    assert!(
        lines[1].starts_with(&format!("    {caller:#x} _start")),
        "{told}"
    );
}

#[test]
fn a_file_that_names_nothing_is_refused_with_its_name() {
    for file in [
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        "/nowhere",
    ] {
        let output = run(&["symbolize", file], "0x10\n");
        assert!(!output.status.success() && output.stdout.is_empty());
        assert!(String::from_utf8_lossy(&output.stderr).contains(file));
    }
}

/// An answer with one leak: fifty blocks in fifty seconds, and blocks of its call stack that lived a second.
const LEAKING: &str = r#"{"trace_id":1,"started_us":0,"time_us":50000000,"total":1,"leaks":[{"stack":{"id":3,
    "allocations":100,"frees":50,"longest_lifetime_us":1000000},"count":50,"bytes":5000,"oldest_us":1000000,
    "newest_us":50000000,"outlived":{"count":48,"bytes":4800},"births":{"from_us":0,"slice_us":1048576,"counts":[
    1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}}]}"#;

#[test]
fn the_first_answer_already_tells_a_leak() {
    let output = run(&["verdict"], &(LEAKING.replace('\n', "") + "\n\n"));
    assert!(output.status.success());
    assert_eq!(output.stdout, b"50000000 3 leaking\n");
}

#[test]
fn a_line_that_is_no_answer_is_named_and_those_before_it_are_told() {
    let text = LEAKING.replace('\n', "") + "\n{\"count\":1}\n";
    let output = run(&["verdict"], &text);
    assert!(!output.status.success());
    assert_eq!(output.stdout, b"50000000 3 leaking\n");
    assert!(String::from_utf8_lossy(&output.stderr).contains("line 2"));
}

/// Writes a capture of a program with a build id: one block, allocated where the program begins.
fn capture(name: &str, build_id: &[u8]) -> PathBuf {
    capture_with(name, build_id, &[])
}

/// Where the block of a capture lies.
const BLOCK: Address = Address(0x100);

/// Writes a capture of one block, with messages before its record.
fn capture_with(name: &str, build_id: &[u8], more: &[Message]) -> PathBuf {
    let header = Message::Header(Header {
        build_id: BuildId::new(build_id),
        tick_hz: 1_000_000,
        ..Header::default()
    });
    let block = [
        Message::Counters(Summary {
            time_us: 9,
            live_count: 1,
            live_bytes: 48,
            ..Summary::default()
        }),
        Message::Stack(Stack {
            id: 1,
            frames: Frames::from_slice(&[entry_of(PROGRAM) + 1]).expect("short"),
            ..Stack::default()
        }),
        Message::Record(Record {
            seq: 1,
            address: BLOCK,
            size: 48,
            stack: 1,
            ..Record::default()
        }),
    ];
    let mut encoder = Encoder::new();
    let mut buffer = [0; MAX_ENCODED];
    let mut bytes = Vec::new();
    for message in [header].iter().chain(more).chain(&block) {
        bytes.extend_from_slice(encoder.encode(message, &mut buffer).expect("fits"));
    }
    let end = encoder.finish();
    bytes.extend_from_slice(encoder.encode(&end, &mut buffer).expect("fits"));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, bytes).expect("the folder is there");
    path
}

fn own_build_id() -> Vec<u8> {
    let id = symbols::build_id(&fs::read(PROGRAM).expect("the file is there"));
    let id = id
        .expect("readable")
        .expect("the linker gives programs one");
    id.as_bytes().to_vec()
}

fn export(capture: &str, format: &str, more: &[&str]) -> Output {
    run(&[&["export", capture, format], more].concat(), "")
}

#[test]
fn a_capture_is_exported_with_the_names_of_its_elf() {
    let capture = capture("named.hbc", &own_build_id());
    let capture = capture.to_str().expect("text");
    let output = export(capture, "collapsed", &["--elf", PROGRAM]);
    assert!(output.status.success() && output.stderr.is_empty());
    assert_eq!(output.stdout, b"_start 48\n");
    // Without an ELF file there are addresses.
    let output = export(capture, "collapsed", &[]);
    let line = format!("{:#010x} 48\n", entry_of(PROGRAM) + 1);
    assert_eq!(String::from_utf8_lossy(&output.stdout), line);
}

#[test]
fn a_file_that_is_named_gets_the_document_and_standard_output_nothing() {
    let capture = capture("filed.hbc", &[]);
    let capture = capture.to_str().expect("text");
    for format in Format::ALL {
        let file = format!("{capture}.{}", format.extension());
        let output = export(capture, format.name(), &["--out", &file]);
        assert!(output.status.success() && output.stdout.is_empty());
        let printed = export(capture, format.name(), &[]).stdout;
        assert_eq!(fs::read(&file).expect("it is there"), printed);
        assert!(!printed.is_empty());
    }
    let output = export(capture, "pprof", &["--out", "/nowhere/a.pb"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/a.pb can't be written"));
}

#[test]
fn what_can_not_be_exported_is_refused_in_a_sentence() {
    let capture = capture("refused.hbc", &[1, 2, 3]);
    let capture = capture.to_str().expect("text");
    let toml = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (file, format, elf, words) in [
        (
            capture,
            "svg",
            PROGRAM,
            "no format `svg`; choose one of collapsed speedscope",
        ),
        (
            toml,
            "pprof",
            PROGRAM,
            "Cargo.toml is no capture that can be read",
        ),
        ("/nowhere", "pprof", PROGRAM, "/nowhere can't be read"),
        (capture, "pprof", PROGRAM, "that of the capture 010203"),
        (capture, "pprof", toml, "Cargo.toml names no addresses"),
    ] {
        let output = export(file, format, &["--elf", elf]);
        assert!(!output.status.success() && output.stdout.is_empty());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn of_a_damaged_capture_the_rest_is_exported_and_what_is_missing_is_said() {
    let path = capture("damaged.hbc", &[]);
    let bytes = fs::read(&path).expect("it is there");
    // The end, of 3 bytes and a part of its length, is cut off.
    fs::write(&path, &bytes[..bytes.len() - 2]).expect("it may be written");
    let output = export(path.to_str().expect("text"), "leaks", &[]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains(",1,48,"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the capture has no end"));
}

#[test]
fn half_a_capture_is_compared_and_never_passes_for_one_without_a_leak() {
    let (whole, cut) = (
        capture("whole.hbc", &[7; 20]),
        capture("half.hbc", &[7; 20]),
    );
    let bytes = fs::read(&cut).expect("it is there");
    fs::write(&cut, &bytes[..bytes.len() - 2]).expect("it may be written");
    let paths = [&whole, &cut].map(|path| path.to_str().expect("text"));
    let output = run(&["compare", paths[0], paths[1]], "");
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains("half.hbc is damaged or has no end"));
    for order in [paths, [paths[1], paths[0]]] {
        let output = run(&["compare", order[0], order[1], "--fail-on", "leaking"], "");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}

#[test]
fn a_block_that_nothing_leads_to_in_two_captures_fails_a_build_by_name() {
    let heap = Message::Region(HeapRegion {
        size: 0x1000,
        ..HeapRegion::default()
    });
    let scan = |started_us| {
        Message::Scan(Scan {
            started_us,
            is_whole: true,
            ..Scan::default()
        })
    };
    let scanned =
        |name, started_us| capture_with(name, &own_build_id(), &[heap.clone(), scan(started_us)]);
    let (first, second) = (scanned("first.hbc", 5), scanned("second.hbc", 30_000_000));
    let plain = capture("plain.hbc", &own_build_id());
    let [first, second, plain] = [&first, &second, &plain].map(|path| path.to_str().expect("text"));
    let compare = |captures: [&str; 2]| {
        let [before, after] = captures;
        let arguments = [
            "compare",
            before,
            after,
            "--elf",
            PROGRAM,
            "--fail-on",
            "lost",
        ];
        run(&arguments, "")
    };
    let output = compare([first, second]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("1 block of `_start`") && told.contains("48 bytes"),
        "{told}"
    );
    // What nobody can tell of is said, and is no failure: on a busy device, some words move at every scan.
    let moved = capture_with(
        "moved.hbc",
        &own_build_id(),
        &[
            heap.clone(),
            Message::References(References::of(Reference {
                at: Reference::MOVED,
                to: BLOCK,
            })),
            Message::Scan(Scan {
                started_us: 60_000_000,
                found: 1,
                is_whole: true,
                ..Scan::default()
            }),
        ],
    );
    let output = compare([first, moved.to_str().expect("text")]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("1 block may be lost or not"), "{told}");
    // Who asks for what the captures do not tell is told so.
    for (captures, why) in [
        ([first, plain], "references=1"),
        ([first; 2], "ten seconds"),
    ] {
        let output = compare(captures);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(why));
    }
}

/// A copy of this program in a folder of its own, so that it can be changed.
fn copied(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder");
    let copy = folder.join("program");
    fs::copy(PROGRAM, &copy).expect("a copy");
    copy
}

#[test]
fn a_symbol_file_names_what_the_elf_does() {
    let elf = copied("symbols");
    let file = elf.with_extension("symbols");
    let paths = [elf.to_str().expect("text"), file.to_str().expect("text")];
    let output = run(&["symbols", paths[0], paths[1]], "");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let [of_elf, of_file] = [&elf, &file].map(|file| fs::read(file).expect("it was written").len());
    assert!(of_file * 10 < of_elf, "{of_file} of {of_elf} bytes");

    let caller = format!("{:#x}\n", entry_of(PROGRAM) + 1);
    let [by_elf, by_file] = paths.map(|path| run(&["symbolize", path], &caller).stdout);
    assert!(!by_elf.is_empty() && by_elf == by_file);
}

#[test]
fn an_elf_without_room_for_its_names_stays_as_it_is() {
    let elf = copied("embed");
    let output = run(&["embed", elf.to_str().expect("text")], "");
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("symbol_room!"), "{error}");
    assert!(fs::read(&elf).expect("it is there") == fs::read(PROGRAM).expect("it is there"));
}

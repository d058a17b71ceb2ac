//! The commands as people call them: text in, text out.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

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

//! Commands that read what is piped into them, as whoever pipes it starts them.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs a command of xtask on that input.
fn run(words: &[&str], input: &str) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut pipe = process.stdin.take().expect("it is piped");
    // One that does not read is told by what it says.
    let _ = pipe.write_all(input.as_bytes());
    drop(pipe);
    process.wait_with_output().expect("it ends")
}

#[test]
fn answers_are_judged_and_what_is_none_is_an_error() {
    let answer = r#"{"time_us":1,"leaks":[],"total":0}"#;
    assert!(run(&["verdict"], &format!("{answer}\n")).status.success());
    for (input, said) in [
        (format!("{answer}\nnone\n"), "line 2"),
        (String::new(), "no answer"),
    ] {
        let output = run(&["verdict"], &input);
        assert!(!output.status.success(), "{input}");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains(said), "{message}");
    }
}

#[test]
fn what_is_to_be_named_is_copied() {
    // A program that has symbols, and is there: this one.
    let program = env!("CARGO_BIN_EXE_xtask");
    let output = run(&["symbolize", program], "what holds it\n");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"what holds it\n");
}

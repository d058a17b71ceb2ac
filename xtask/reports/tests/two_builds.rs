//! Two really different builds of the demo workload, compared as people compare two versions of their firmware.

use std::path::Path;
use std::process::{Command, Output};

mod demo_builds;

use demo_builds::{FIX, LEAK, run_demo};

const PROGRAM: &str = env!("CARGO_BIN_EXE_heapbeacon-reports");
fn compare(before: &Path, after: &Path, more: &[&str]) -> Output {
    Command::new(PROGRAM)
        .arg("compare")
        .args([before, after])
        .args(more)
        .output()
        .expect("the program starts")
}

#[test]
fn of_two_builds_the_leak_that_was_fixed_and_the_new_one_are_named() {
    let [before, old_elf] = run_demo("before", &[]);
    let [after, new_elf] = run_demo("after", &[FIX, LEAK].concat());
    let [old_elf, new_elf] = [&old_elf, &new_elf].map(|elf| elf.to_str().expect("text"));
    // In any order: each knows its build.
    let elves = ["--elf", new_elf, "--elf", old_elf];
    let told = compare(&before, &after, &elves);
    let text = String::from_utf8_lossy(&told.stdout);
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    let sentence = text.lines().nth(2).expect("it says what changed");
    assert!(sentence.contains("`Table::open` no longer leaks"), "{text}");
    assert!(
        sentence.contains("`session::note` is new and leaks, +"),
        "{text}"
    );

    let fails = |condition| {
        let more = [&elves[..], &["--fail-on", condition]].concat();
        let told = compare(&before, &after, &more);
        assert!(told.stdout.starts_with(b"### From"), "{told:?}");
        told.status.code()
    };
    assert_eq!(fails("leaking"), Some(1));
    assert_eq!(fails("new=1KiB"), Some(1));
    assert_eq!(fails("grown=64MiB"), Some(0));

    // The other way round, one comes back and the other is gone.
    let told = compare(&after, &before, &elves);
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(
        text.contains("The leak of `session::note` is gone"),
        "{text}"
    );
    assert!(text.contains("`Table::open` leaks now, +"), "{text}");

    // A capture and itself.
    let told = compare(&before, &before, &["--fail-on", "grown=0"]);
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(text.contains("Nothing has changed"), "{text}");
    assert_eq!(told.status.code(), Some(0));

    // Without names nothing is found again in another build.
    let told = compare(&before, &after, &["--elf", old_elf]);
    let error = String::from_utf8_lossy(&told.stderr);
    assert_eq!(told.status.code(), Some(2), "{error}");
    assert!(error.contains("give the ELF file of after.hbc"), "{error}");

    // One of them as a report.
    let report = |more: &[&str]| {
        let told = Command::new(PROGRAM)
            .arg("report")
            .arg(&before)
            .args(more)
            .output();
        told.expect("the program starts")
    };
    let told = report(&["--elf", old_elf]);
    let html = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success() && told.stdout.len() <= 200_000);
    assert!(html.contains("2 call sites leak: Table::open (+"), "{html}");
    let told = report(&["--elf", new_elf]);
    assert!(!told.status.success() && told.stdout.is_empty());
    assert!(String::from_utf8_lossy(&told.stderr).contains("another build than the capture"));
}

//! Two really different builds of the demo workload, compared as people compare two versions of their firmware.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use heapbeacon_shared::symbols;

const PROGRAM: &str = env!("CARGO_BIN_EXE_heapbeacon-reports");
/// The package that is built twice.
const PACKAGE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/two_builds/demo");
/// Where it is built: beside it, for cargo takes what lies below for made by itself.
const BUILT: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/two_builds/built");

/// Text of a source file of the demo, and what it is replaced by.
type Change = (&'static str, &'static str, &'static str);

/// Closes what the demo leaves open; and all lines of the file move.
const FIX: [Change; 2] = [
    (
        "net.rs",
        "let forgets = leaking && !client.is_multiple_of(2);",
        "let forgets = false;",
    ),
    (
        "net.rs",
        "/// Number of clients",
        "\n\n\n/// Number of clients",
    ),
];

/// Notes every client that connects, for good.
const LEAK: [Change; 2] = [
    (
        "session.rs",
        "let client = String::from(client);",
        "let client = String::from(client);\n        note(&client);",
    ),
    (
        "session.rs",
        "/// The open sessions, by connection.",
        "#[inline(never)]\nfn note(client: &str) {\n    let noted = alloc::vec![client.len(); 4];\n    \
         core::mem::forget(core::hint::black_box(noted));\n}\n\n/// The open sessions, by connection.",
    ),
];

/// Builds the demo with changes, lets it run, and returns its capture and its ELF file.
fn run_demo(name: &str, changes: &[Change]) -> [PathBuf; 2] {
    let folder = Path::new(PACKAGE);
    // From the package's folder, where Cargo starts tests.
    let top = fs::canonicalize("../..").expect("the repository is there");
    let sources = folder.join("src");
    fs::create_dir_all(&sources).expect("it may be written");
    for file in fs::read_dir(top.join("agent/demo/src")).expect("the demo is there") {
        let file = file.expect("it is there").path();
        let name = file.file_name().expect("it has a name");
        let mut text = fs::read_to_string(&file).expect("it is text");
        for (_, old, new) in changes.iter().filter(|(of, ..)| *of == name) {
            assert_eq!(text.matches(old).count(), 1, "{old} is in {name:?} once");
            text = text.replace(old, new);
        }
        write(&sources.join(name), &text);
    }
    let main = fs::read_to_string("tests/traced_demo/traced.rs").expect("it is there");
    write(&sources.join("main.rs"), &main);
    let manifest = fs::read_to_string("tests/traced_demo/demo.toml").expect("it is there");
    let manifest = manifest.replace("{top}", top.to_str().expect("it is text"));
    write(&folder.join("Cargo.toml"), &manifest);
    fs::copy(top.join("Cargo.lock"), folder.join("Cargo.lock")).expect("it may be written");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--offline", "--target-dir", BUILT])
        .env(
            "RUSTFLAGS",
            "-Cforce-frame-pointers=yes -Clink-arg=-Wl,--build-id=sha1",
        )
        .current_dir(folder)
        .status()
        .expect("cargo runs");
    assert!(built.success(), "it does not build");
    // The next build takes its place.
    let [elf, capture] = ["elf", "hbc"].map(|ending| folder.join(format!("{name}.{ending}")));
    fs::copy(Path::new(BUILT).join("debug/traced"), &elf).expect("it was built");
    let id = symbols::build_id(&fs::read(&elf).expect("it is there"));
    let id = id.expect("readable").expect("the linker gives it one");
    let ran = Command::new(&elf)
        .args([capture.as_os_str(), id.to_string().as_ref()])
        .status()
        .expect("it starts");
    assert!(ran.success(), "it writes a capture");
    [capture, elf]
}

/// Leaves a file alone that is as it should be, so that nothing is built anew.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|before| before == text) {
        return;
    }
    fs::write(path, text).expect("it may be written");
}

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

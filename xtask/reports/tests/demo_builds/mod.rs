//! Builds of the demo workload with changes in its source, and what each says of its heap.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use heapbeacon_shared::symbols;

/// The repository: each package with such tests is two folders below.
const TOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// The program around the workload.
const AROUND: &str = "xtask/reports/tests/traced_demo";
/// The package that is built twice.
const PACKAGE: &str = concat!(
    env!("CARGO_TARGET_TMPDIR"),
    "/two_builds/",
    env!("CARGO_PKG_NAME"),
    "/demo"
);
/// Where it is built: beside it, for cargo takes what lies below for made by itself.
const BUILT: &str = concat!(
    env!("CARGO_TARGET_TMPDIR"),
    "/two_builds/",
    env!("CARGO_PKG_NAME"),
    "/built"
);

/// Text of a source file of the demo, and what it is replaced by.
pub(crate) type Change = (&'static str, &'static str, &'static str);

/// Closes what the demo leaves open; and all lines of the file move.
pub(crate) const FIX: [Change; 2] = [
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
pub(crate) const LEAK: [Change; 2] = [
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
pub(crate) fn run_demo(name: &str, changes: &[Change]) -> [PathBuf; 2] {
    let folder = Path::new(PACKAGE);
    let top = fs::canonicalize(TOP).expect("the repository is there");
    let around = top.join(AROUND);
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
    let main = fs::read_to_string(around.join("traced.rs")).expect("it is there");
    write(&sources.join("main.rs"), &main);
    let manifest = fs::read_to_string(around.join("demo.toml")).expect("it is there");
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

//! Programs that the tests compile and read.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use object::read::elf::{ElfFile32, ElfFile64};
use object::{LittleEndian, Object, ObjectSymbol};

/// The build id that the linker is told to write into every program.
pub(crate) const BUILD_ID: &str = "0123456789abcdef0123456789abcdef01234567";

/// With full debug information.
pub(crate) static HOST: LazyLock<Vec<u8>> = LazyLock::new(|| host("full", &["-g"]));

/// With what the project's own builds should have.
pub(crate) static HOST_LIMITED: LazyLock<Vec<u8>> =
    LazyLock::new(|| host("limited", &["-Cdebuginfo=limited"]));

/// With the least that has lines.
pub(crate) static HOST_LINES: LazyLock<Vec<u8>> =
    LazyLock::new(|| host("lines", &["-Cdebuginfo=line-tables-only"]));

/// With the symbol table alone.
pub(crate) static HOST_NO_DEBUG: LazyLock<Vec<u8>> =
    LazyLock::new(|| host("no-debug", &["-Cstrip=debuginfo"]));

/// With nothing.
pub(crate) static HOST_STRIPPED: LazyLock<Vec<u8>> =
    LazyLock::new(|| host("stripped", &["-Cstrip=symbols"]));

/// Allocates in many ways.
pub(crate) static HEAP: LazyLock<Vec<u8>> =
    LazyLock::new(|| compile("heap", "heap", &[&["-g"], &FIXED[..]].concat()));

/// ELF32 for RISC-V, like a firmware.
pub(crate) static BARE: LazyLock<Vec<u8>> = LazyLock::new(|| bare("bare", &["-g"]));

/// Compiles the program for RISC-V with options.
pub(crate) fn bare(program: &str, options: &[&str]) -> Vec<u8> {
    let build_id = format!("-Clink-arg=--build-id=0x{BUILD_ID}");
    compile(
        "bare",
        program,
        &[&RISCV[..], &[&build_id], options].concat(),
    )
}

/// A target without an operating system, whose linker is LLVM's.
pub(crate) const RISCV: [&str; 2] = ["--target=riscv32imac-unknown-none-elf", "-Cpanic=abort"];

/// Not position independent, so that the program sees the addresses of its file.
pub(crate) const FIXED: [&str; 2] = ["-Crelocation-model=static", "-Cforce-frame-pointers=yes"];

/// One line of what the host program prints.
pub(crate) struct Call {
    pub(crate) return_address: u64,
    pub(crate) line: u32,
}

/// Runs a host program and returns what it says about one kind of caller.
pub(crate) fn call(program: &str, kind: &str) -> Call {
    let text = output(program);
    let line = text
        .lines()
        .find(|line| line.starts_with(kind))
        .expect("the kind is printed");
    let mut words = line.split(' ').skip(1);
    let address = words.next().expect("an address");
    Call {
        return_address: u64::from_str_radix(address, 16).expect("a hexadecimal address"),
        line: words
            .next()
            .and_then(|line| line.parse().ok())
            .expect("a line"),
    }
}

/// Runs the program that allocates and returns who did, and the call stack.
pub(crate) fn allocations() -> Vec<(String, Vec<u64>)> {
    allocations_of("heap")
}

/// Runs the same program, built in another way.
pub(crate) fn allocations_of(program: &str) -> Vec<(String, Vec<u64>)> {
    let address = |word| u64::from_str_radix(word, 16).expect("a hexadecimal address");
    let text = output(program);
    let lines = text
        .lines()
        .map(|line| line.rsplit_once(": ").expect("both"));
    lines
        .map(|(who, addresses)| (who.to_owned(), addresses.split(' ').map(address).collect()))
        .collect()
}

fn output(program: &str) -> String {
    let output = Command::new(path(program))
        .output()
        .expect("the program starts");
    String::from_utf8(output.stdout).expect("the program prints text")
}

/// Returns the number of the line of a program's source that has `text` in it, from 1.
pub(crate) fn line_of(source: &str, text: &str) -> u32 {
    let source = std::fs::read_to_string(source_of(source)).expect("the source is there");
    let line = source
        .lines()
        .position(|line| line.contains(text))
        .expect("the text is there");
    u32::try_from(line).expect("a short source") + 1
}

/// Returns start and size of the function whose symbol contains `name`.
pub(crate) fn function(elf: &[u8], name: &str) -> (u64, u64) {
    fn find<'a>(file: &impl Object<'a>, name: &str) -> (u64, u64) {
        let mut symbols = file.symbols();
        let symbol = symbols.find(|s| s.name().is_ok_and(|n| n.contains(name)) && s.size() > 0);
        symbol
            .map(|s| (s.address(), s.size()))
            .expect("the function is there")
    }
    if elf[4] == 1 {
        find(
            &ElfFile32::<LittleEndian>::parse(elf).expect("an ELF"),
            name,
        )
    } else {
        find(
            &ElfFile64::<LittleEndian>::parse(elf).expect("an ELF"),
            name,
        )
    }
}

fn host(program: &str, options: &[&str]) -> Vec<u8> {
    let build_id = format!("-Clink-arg=-Wl,--build-id=0x{BUILD_ID}");
    compile("host", program, &[options, &FIXED, &[&build_id]].concat())
}

pub(crate) fn compile(source: &str, program: &str, options: &[&str]) -> Vec<u8> {
    let status = Command::new("rustc")
        .args(["--edition=2024", "-O", "-o"])
        .args([path(program), source_of(source)])
        .args(options)
        .status();
    assert!(
        status.expect("rustc starts").success(),
        "rustc compiles {program}"
    );
    std::fs::read(path(program)).expect("the program is there")
}

fn path(program: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("symbols-{program}"))
}

fn source_of(program: &str) -> PathBuf {
    // From the package's folder, where Cargo starts tests.
    PathBuf::from(format!("tests/symbols/programs/{program}.rs"))
}

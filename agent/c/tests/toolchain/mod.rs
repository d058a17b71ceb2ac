//! Builds C programs with the static library, for this machine and for RISC-V, and runs them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The folders of headers, for code without ESP-IDF.
pub(crate) const HEADERS: [&str; 2] = ["-Iinclude", "-Iinclude/without-esp-idf"];

/// What is allowed to no header and no program.
pub(crate) const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-pedantic", "-Werror"];

/// How long a program may run: it needs a fraction of a second.
const SECONDS: &str = "60";

/// What programs are built for.
pub(crate) struct Machine {
    /// What the library is built by.
    cargo_options: &'static [&'static str],
    /// Where it lies in the target folder.
    library: &'static str,
    /// Begins the names of its tools.
    prefix: &'static str,
    /// The Debian packages that these are in.
    packages: &'static str,
    options: &'static [&'static str],
    /// What is linked with each program: the port, and the allocator.
    sources: &'static [&'static str],
    /// What a program is run by.
    runner: &'static [&'static str],
    built: OnceLock<PathBuf>,
}

/// This machine.
pub(crate) static HOST: Machine = Machine {
    cargo_options: &[],
    library: "debug/libheapbeacon_c.a",
    prefix: "",
    packages: "gcc g++ binutils",
    options: &[],
    sources: &["ports/linux.c", "tests/programs/allocator.c"],
    runner: &[],
    built: OnceLock::new(),
};

/// QEMU's RISC-V machine, with the instructions of an ESP32-C6.
pub(crate) static RISCV: Machine = Machine {
    cargo_options: &["--release", "--target=riscv32imac-unknown-none-elf"],
    library: "riscv32imac-unknown-none-elf/release/libheapbeacon_c.a",
    prefix: "riscv64-unknown-elf-",
    packages: "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc",
    options: &[
        "-march=rv32imac",
        "-mabi=ilp32",
        "--specs=picolibc.specs",
        "--oslib=semihost",
        "--crt0=hosted",
        "-Wl,--defsym=__flash=0x80000000,--defsym=__flash_size=0x400000",
        "-Wl,--defsym=__ram=0x80400000,--defsym=__ram_size=0x800000",
        "-Wl,--defsym=__stack_size=0x8000",
    ],
    sources: &["tests/programs/virt.c", "tests/programs/allocator.c"],
    runner: &[
        "qemu-system-riscv32",
        "-machine",
        "virt",
        "-bios",
        "none",
        "-display",
        "none",
        "-monitor",
        "none",
        "-serial",
        "none",
        "-chardev",
        "stdio,id=console",
        "-semihosting-config",
        "enable=on,target=native,chardev=console",
        "-kernel",
    ],
    built: OnceLock::new(),
};

/// This machine with the port for ESP-IDF, whose allocator and headers are made up. A process has no code in RAM.
pub(crate) static ESP_IDF: Machine = Machine {
    cargo_options: &[],
    library: "debug/libheapbeacon_c.a",
    prefix: "",
    packages: "gcc g++ binutils",
    options: &[
        "-Itests/programs/esp-idf",
        "-no-pie",
        "-Wl,--defsym=_text_start=__executable_start,--defsym=_text_end=etext",
        "-Wl,--defsym=_iram_text_start=__executable_start,--defsym=_iram_text_end=__data_start",
        "-Wl,--wrap=heap_caps_malloc_base,--wrap=heap_caps_calloc_base",
        "-Wl,--wrap=heap_caps_aligned_alloc_base,--wrap=heap_caps_realloc_base",
        "-Wl,--wrap=heap_caps_free",
    ],
    sources: &[
        "ports/esp_idf.c",
        "tests/programs/esp-idf/heap.c",
        "tests/programs/allocator.c",
    ],
    runner: &[],
    built: OnceLock::new(),
};

/// A program that has run to its end.
pub(crate) struct Run {
    machine: &'static Machine,
    elf: PathBuf,
    /// What it has printed.
    pub(crate) printed: String,
}

impl Machine {
    /// Builds a program with the options of a compiler, and runs it: it has to end well.
    pub(crate) fn run(&'static self, program: &str, option: &str) -> Run {
        let elf = self.build(program, option);
        let mut command = Command::new("timeout");
        command.arg(SECONDS).args(self.runner).arg(&elf);
        let printed = self.output(&mut command);
        Run {
            machine: self,
            elf,
            printed,
        }
    }

    /// Checks that the compiler takes a source as it is, in a version of a language.
    pub(crate) fn check(&self, language: &str, options: &[&str], source: &str) {
        let mut command = self.compiler();
        command
            .args(["-fsyntax-only", language])
            .args(options)
            .arg(source);
        self.output(&mut command);
    }

    fn build(&self, program: &str, option: &str) -> PathBuf {
        let library = self.built.get_or_init(|| self.build_library());
        let elf = format!("{}{program}{option}", self.prefix);
        let elf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(elf);
        let mut command = self.compiler();
        // Without builtins, the compiler leaves out no allocation that it sees freed.
        command
            .args([option, "-g", "-std=c11", "-fno-builtin"])
            .args(["-fno-omit-frame-pointer", "-fno-optimize-sibling-calls"])
            .arg(format!("tests/programs/{program}.c"))
            .args(self.sources)
            .arg(library)
            .arg("-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free")
            .arg("-o")
            .arg(&elf);
        self.output(&mut command);
        elf
    }

    /// Builds the library, as a C project would have it built. Its hooks need a frame of their own.
    fn build_library(&self) -> PathBuf {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .parent()
            .expect("it is in the target folder");
        let mut command = Command::new(env!("CARGO"));
        command
            .args(["build", "--quiet", "--locked", "--package=heapbeacon-c"])
            .arg("--target-dir")
            .arg(target)
            .args(self.cargo_options)
            .env(
                "CARGO_TARGET_RISCV32IMAC_UNKNOWN_NONE_ELF_RUSTFLAGS",
                "-Cforce-frame-pointers",
            );
        self.output(&mut command);
        target.join(self.library)
    }

    fn compiler(&self) -> Command {
        let mut command = Command::new(format!("{}gcc", self.prefix));
        command.args(HEADERS).args(STRICT).args(self.options);
        command
    }

    /// Runs a command, which has to succeed, and returns what it has printed.
    fn output(&self, command: &mut Command) -> String {
        let output = command.output().unwrap_or_else(|error| {
            panic!(
                "{command:?}: {error}; on Debian: apt-get install {}",
                self.packages
            )
        });
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{command:?}: {}\n{printed}{errors}",
            output.status
        );
        printed
    }
}

impl Run {
    /// Returns the rest of the line that begins so.
    pub(crate) fn text_behind(&self, start: &str) -> &str {
        let mut rests = self
            .printed
            .lines()
            .filter_map(|line| line.strip_prefix(start));
        rests
            .next()
            .unwrap_or_else(|| panic!("no `{start}` in\n{}", self.printed))
    }

    /// Returns the names of the functions whose addresses are in the line that begins so.
    pub(crate) fn functions(&self, start: &str) -> Vec<String> {
        let addresses = self.text_behind(start);
        let machine = self.machine;
        let mut command = Command::new(format!("{}addr2line", machine.prefix));
        command
            .args(["--functions", "--exe"])
            .arg(&self.elf)
            .args(addresses.split_whitespace());
        // One line has the function, the next its place.
        let names = machine.output(&mut command);
        names.lines().step_by(2).map(str::to_owned).collect()
    }
}

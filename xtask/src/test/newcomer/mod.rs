//! Projects as people have them, outside of this repository: built with the published crates and what their README tells to
//! add, and with what is easily done wrong.

mod mistakes;
mod project;

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::tally::Tally;
use crate::esp32::{self, Chip};
use crate::packages::Packages;
use crate::workspace::Workspace;
use mistakes::MISTAKES;
use project::Project;

/// How a project is configured before HeapBeacon comes.
struct Start {
    name: &'static str,
    /// Its `.cargo/config.toml`, with `TARGET` in place of the chip's target.
    config: &'static str,
    /// Its `build.rs` with what HeapBeacon adds.
    build: &'static str,
    chips: &'static [Chip],
}

/// As esp-generate 2.0.0 makes it.
const ESP_GENERATE: Start = Start {
    name: "esp-generate",
    config: "[target.TARGET]
runner = \"espflash flash --monitor\"

[build]
rustflags = [
  \"-C\", \"force-frame-pointers\",
]

target = \"TARGET\"
",
    build: BUILD,
    chips: &Chip::TESTED,
};

/// As esp-hal's examples have it: their flags name the script, which so comes before what a build script adds.
const ESP_HAL: Start = Start {
    name: "esp-hal's examples",
    config: "[target.'cfg(target_arch = \"riscv32\")']
runner = \"espflash flash --monitor\"
rustflags = [
  \"-C\", \"link-arg=-Tlinkall.x\",
  \"-C\", \"force-frame-pointers\",
]

[build]
target = \"TARGET\"
",
    build: NEW_BUILD,
    chips: &[Chip::Esp32C3],
};

/// As older projects have it.
const TRIPLE: Start = Start {
    name: "a table of one target",
    config: "[target.TARGET]
rustflags = [
  \"-C\", \"link-arg=-Tlinkall.x\",
  \"-C\", \"force-frame-pointers\",
]

[build]
target = \"TARGET\"
",
    build: NEW_BUILD,
    chips: &[Chip::Esp32C3],
};

/// A build script that names esp-hal's script, with the line that HeapBeacon adds.
const BUILD: &str = "fn main() {
    println!(\"cargo:rustc-link-arg=--build-id=sha1\");
    println!(\"cargo:rustc-link-arg=-Tlinkall.x\");
}
";

/// The build script of a project that had none.
const NEW_BUILD: &str = "fn main() {
    println!(\"cargo:rustc-link-arg=--build-id=sha1\");
}
";

/// Builds everything; `inspect` looks into each firmware.
///
/// # Errors
/// When a project can't be made.
pub(super) fn run(
    workspace: &Workspace,
    packages: &Packages,
    inspect: impl Fn(Chip, &Path) -> Result<Tally>,
) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut inspect = |chip, elf: Result<PathBuf>| -> Result<()> {
        tally += match elf {
            Ok(elf) => inspect(chip, &elf)?,
            Err(error) => Tally::of_result(Err(error)),
        };
        Ok(())
    };
    for start in [&ESP_GENERATE, &ESP_HAL, &TRIPLE] {
        for chip in start.chips {
            println!("project: {} for {}", start.name, chip.name());
            let project = Project::new(workspace, packages, *chip, start)?;
            inspect(*chip, project.build())?;
        }
    }
    for chip in Chip::TESTED {
        println!(
            "project: {} for {}, released",
            ESP_GENERATE.name,
            chip.name()
        );
        let project = Project::new(workspace, packages, chip, &ESP_GENERATE)?;
        // One with esp-alloc's other algorithm, whose blocks are counted in another way.
        let algorithm = match chip {
            Chip::Esp32C3 => "LLFF",
            _ => "TLSF",
        };
        let _algorithm = workspace.shell.push_env(esp32::ALGORITHM, algorithm);
        inspect(chip, project.build_released())?;
    }
    for mistake in &MISTAKES {
        println!("project: {}", mistake.name);
        tally += Tally::of_result(mistake.is_told(workspace, packages));
    }
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// From the package's folder, where Cargo starts tests.
    const FOLDER: &str = "../agent/firmware/esp32";

    fn read(file: &str) -> String {
        fs::read_to_string(format!("{FOLDER}/{file}")).expect("it is there")
    }

    /// Takes the indentation of lists off.
    fn flush(text: &str) -> String {
        text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_readme_shows_what_is_built() {
        let readme = flush(&read("README.md"));
        for start in [ESP_GENERATE, ESP_HAL, TRIPLE] {
            assert!(readme.contains(&flush(start.build)), "{}", start.build);
            let flags = start.config.split("rustflags").nth(1).expect("it has some");
            let flags = flags.split(']').next().expect("they end");
            assert!(readme.contains(&flush(flags)), "{flags}");
        }
    }

    /// A version of the README's table: `| esp-hal | 1.2.2 | … |`.
    fn version_in_table(line: &str) -> Option<(&str, &str)> {
        let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
        let (name, version) = (cells.next()?.trim_end_matches('`'), cells.next()?);
        version
            .starts_with(|c: char| c.is_ascii_digit())
            .then_some((name, version))
    }

    #[test]
    fn the_readmes_versions_are_those_that_are_built() {
        let (readme, lock) = (read("README.md"), read("examples/minimal/Cargo.lock"));
        let table: Vec<_> = readme.lines().filter_map(version_in_table).collect();
        for needed in [
            "esp-hal",
            "esp-radio",
            "esp-rtos",
            "esp-alloc",
            "embassy-net",
        ] {
            assert!(table.iter().any(|(name, _)| *name == needed), "{needed}");
        }
        for (name, version) in table {
            let entry = format!("name = \"{name}\"\nversion = \"{version}\"\n");
            assert!(lock.contains(&entry), "{name} is not {version}");
        }
    }
}

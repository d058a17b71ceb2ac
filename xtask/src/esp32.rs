//! The agent on ESP32 chips: built, put into one file, and onto a board.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::{Cmd, cmd};

use crate::firmware::{self, BOARDS, IMAC, IMC, Package, Program};
use crate::workspace::Workspace;
use crate::{dashboard, system};

/// Where the package is that makes images, which is a workspace of its own.
pub(crate) const IMAGE_TOOL: &str = "xtask/image/Cargo.toml";

/// What chooses esp-alloc's algorithm when it is built.
pub(crate) const ALGORITHM: &str = "ESP_ALLOC_CONFIG_HEAP_ALGORITHM";

/// What esptool talks at most boards with.
const BAUD: &str = "460800";
/// What the firmware's console talks with; over USB it does not matter.
const CONSOLE_BAUD: &str = "115200";

/// A chip that there is a firmware for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chip {
    Esp32C3,
    Esp32C5,
    Esp32C6,
    Esp32C61,
}

impl Chip {
    pub(crate) const ALL: [Self; 4] = [Self::Esp32C3, Self::Esp32C5, Self::Esp32C6, Self::Esp32C61];
    /// Those whose firmware is weighed and looked into, one of each architecture; the others are only checked, for it takes minutes.
    pub(crate) const TESTED: [Self; 2] = [Self::Esp32C3, Self::Esp32C6];

    /// Finds a chip by its name.
    ///
    /// # Errors
    /// When there is no firmware for it; the message lists the chips.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|chip| chip.name() == name);
        let known = || Self::ALL.map(Self::name).join(", ");
        found.with_context(|| format!("there is no firmware for `{name}`, only for {}", known()))
    }

    /// Returns its name, which is also that of a feature.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Esp32C3 => "esp32c3",
            Self::Esp32C5 => "esp32c5",
            Self::Esp32C6 => "esp32c6",
            Self::Esp32C61 => "esp32c61",
        }
    }

    /// The agent's firmware.
    pub(crate) fn firmware(self) -> Program {
        let program = self.program("heapbeacon-esp32-demo", "");
        match self {
            Self::Esp32C3 => program,
            // Their driver takes 80 KB more, which a slot of 4 MB of flash has not beside the dashboard.
            Self::Esp32C5 | Self::Esp32C6 | Self::Esp32C61 => Program {
                package: program.package.small(),
                ..program
            },
        }
    }

    /// A firmware with what some features of its own add of HeapBeacon: nothing without any.
    pub(crate) fn bare(self, features: &'static str) -> Program {
        self.program("heapbeacon-esp32-bare", features)
    }

    /// Returns the target that it is compiled for.
    pub(crate) fn target(self) -> &'static str {
        match self {
            Self::Esp32C3 => IMC,
            Self::Esp32C5 | Self::Esp32C6 | Self::Esp32C61 => IMAC,
        }
    }

    fn program(self, name: &'static str, features: &'static str) -> Program {
        Program {
            package: Package::new(name, BOARDS, self.name(), self.target()).with(features),
            binary: name,
        }
    }
}

/// Builds the firmware with the dashboard in it, and returns its ELF.
///
/// # Errors
/// When something does not build.
pub(crate) fn build(workspace: &Workspace, chip: Chip) -> Result<PathBuf> {
    dashboard::build_packed(workspace)?;
    firmware::build(workspace, chip.firmware())
}

/// Builds the firmware and says where it is.
///
/// # Errors
/// When something does not build.
pub(crate) fn print_build(workspace: &Workspace, chip: Chip) -> Result<()> {
    let elf = build(workspace, chip)?;
    println!(
        "firmware, for the dashboard to read names from: {}",
        elf.display()
    );
    Ok(())
}

/// Builds the firmware, makes one file of all the flash, and says where both are.
///
/// # Errors
/// When something does not build, or does not fit.
pub(crate) fn print_image(workspace: &Workspace, chip: Chip) -> Result<()> {
    let elf = build(workspace, chip)?;
    let image = image(workspace, chip, &elf)?;
    println!(
        "firmware, for the dashboard to read names from: {}",
        elf.display()
    );
    println!(
        "all 4 MB of the flash, to be written from address 0 on: {}",
        image.display()
    );
    println!(
        "the firmware alone, to be signed for an update: {}",
        app(&image).display()
    );
    Ok(())
}

/// Makes one file of all the flash, with a firmware in its first slot, and returns its path: `target/CHIP.bin`. The firmware alone lies beside it.
///
/// # Errors
/// When the firmware does not fit.
pub(crate) fn image(workspace: &Workspace, chip: Chip, elf: &Path) -> Result<PathBuf> {
    let partitions = workspace.path("assets/partitions.csv");
    let image = workspace
        .path("target")
        .join(chip.name())
        .with_extension("bin");
    fs::create_dir_all(workspace.path("target"))?;
    image_tool(workspace)
        .args(["merge", "--chip", chip.name(), "--partitions"])
        .arg(partitions)
        .arg("--out")
        .arg(&image)
        .arg("--app")
        .arg(app(&image))
        .arg(elf)
        .run()
        .context("no image was made")?;
    Ok(image)
}

/// Returns where the firmware alone is that an image of all the flash was made of.
fn app(image: &Path) -> PathBuf {
    image.with_extension("app.bin")
}

/// Builds the firmware, writes it onto a board, and becomes the board's console, which says where the dashboard is.
///
/// Unless its port is named, there must be just one board.
///
/// # Errors
/// When something does not build, or there is no board.
pub(crate) fn flash(workspace: &Workspace, chip: Chip, port: Option<&str>) -> Result<()> {
    let esptool = system::ensure_esptool(workspace)?;
    let port = match port {
        Some(port) => port.to_owned(),
        None => only_board(system::serial_ports(workspace)?)?,
    };
    let elf = build(workspace, chip)?;
    let image = image(workspace, chip, &elf)?;
    let shell = &workspace.shell;
    let name = chip.name();
    cmd!(
        shell,
        "{esptool} --chip {name} --port {port} --baud {BAUD} write-flash 0 {image}"
    )
    .run()
    .with_context(|| {
        format!(
            "the board at {port} was not written: may you open its port (on Debian: the group dialout), and is it an \
             {name}? Holding BOOT while RESET is pressed lets any board listen"
        )
    })?;
    println!(
        "\nFor names, drop this file onto the page: {}\nThe console follows; Ctrl-] ends it.",
        elf.display()
    );
    system::console(workspace, &port, CONSOLE_BAUD)
}

/// Chooses the port of the only board.
///
/// # Errors
/// When there is none, or more than one.
fn only_board(mut ports: Vec<String>) -> Result<String> {
    match ports.len() {
        0 => bail!(
            "there is no board: connect one to USB, with a cable that carries data, or name its port with `--port`"
        ),
        1 => Ok(ports.remove(0)),
        _ => bail!(
            "there is more than one board: name its port with `--port`, one of {}",
            ports.join(", ")
        ),
    }
}

/// Returns the command that runs the image tool.
pub(crate) fn image_tool(workspace: &Workspace) -> Cmd<'_> {
    let shell = &workspace.shell;
    let manifest = workspace.path(IMAGE_TOOL);
    cmd!(
        shell,
        "cargo run --locked --quiet --manifest-path {manifest} --"
    )
}

/// Returns the command that tests firmware with the image tool's tests.
pub(crate) fn image_tests(workspace: &Workspace) -> Cmd<'_> {
    let shell = &workspace.shell;
    let manifest = workspace.path(IMAGE_TOOL);
    cmd!(shell, "cargo test --locked --manifest-path {manifest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_must_be_named_unless_there_is_just_one_board() {
        let ports = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        assert!(only_board(ports(&[])).is_err());
        assert_eq!(only_board(ports(&["a"])).expect("there is one"), "a");
        let error = only_board(ports(&["a", "b"])).expect_err("there are two");
        assert!(error.to_string().contains("a, b"));
    }
}

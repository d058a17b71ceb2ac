//! What can be said of the ESP32 firmware without a board.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::cmd;

use super::newcomer;
use super::tally::Tally;
use crate::esp32::{self, Chip};
use crate::packages::Packages;
use crate::workspace::Workspace;
use crate::{size, system};

/// Where the first slot begins, as assets/partitions.csv has it.
const SLOT: usize = 0x1_0000;

/// Weighs the firmware of every chip, looks into its ELF and checks its image; then packages what is published, and does the
/// same to projects that are made with that.
pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    let esptool = system::ensure_esptool(workspace)?;
    let mut tally = Tally::of_result(size::check(workspace));
    for chip in Chip::TESTED {
        let elf = esp32::build(workspace, chip)?;
        tally += inspect(workspace, &esptool, chip, &elf)?;
    }
    // The projects are built from the packages, and so verify them.
    let packages = Packages::make(workspace, &["--no-verify"])?;
    tally += newcomer::run(workspace, &packages, |chip, elf| {
        inspect(workspace, &esptool, chip, elf)
    })?;
    Ok(tally)
}

/// Looks into a firmware's ELF and checks its image.
fn inspect(workspace: &Workspace, esptool: &Path, chip: Chip, elf: &Path) -> Result<Tally> {
    let image = esp32::image(workspace, chip, elf)?;
    let mut tally = Tally::of_cargo_test(
        esp32::image_tests(workspace)
            .env("HEAPBEACON_ELF", elf)
            .env("HEAPBEACON_IMAGE", &image),
    )?;
    for part in [image.clone(), slot(&image)?] {
        tally += Tally::of_result(check_image(workspace, esptool, chip, &part));
    }
    Ok(tally)
}

/// Writes what is in the first slot into a file of its own.
fn slot(image: &Path) -> Result<PathBuf> {
    let bytes = fs::read(image)?;
    let slot = image.with_extension("slot.bin");
    fs::write(
        &slot,
        bytes.get(SLOT..).context("the image has no first slot")?,
    )?;
    Ok(slot)
}

/// Lets esptool check the image that a file begins with.
fn check_image(workspace: &Workspace, esptool: &Path, chip: Chip, image: &Path) -> Result<()> {
    let shell = &workspace.shell;
    let chip = chip.name();
    let said = cmd!(shell, "{esptool} --chip {chip} image-info {image}").read()?;
    let is_valid = |what: &str| {
        let mut lines = said.lines().filter(|line| line.starts_with(what));
        lines.next().is_some_and(|line| line.ends_with("(valid)"))
    };
    anyhow::ensure!(
        is_valid("Checksum:") && is_valid("Validation hash:"),
        "{} is no image that a bootloader would start:\n{said}",
        image.display()
    );
    Ok(())
}

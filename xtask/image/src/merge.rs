//! Bootloader, partition table and firmware in one file.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use espflash::flasher::{FlashData, FlashFrequency, FlashMode, FlashSettings, FlashSize};
use espflash::image_format::ImageFormat;
use espflash::image_format::idf::IdfBootloaderFormat;
use espflash::target::Chip;

/// Bytes of the smallest flash that modules come with.
const FLASH_BYTES: usize = 4 << 20;
/// What erased flash reads as.
const ERASED: u8 = 0xff;

/// Finds a chip by its name in Cargo features.
pub(crate) fn chip(name: &OsStr) -> Result<Chip> {
    match name.to_str() {
        Some("esp32c3") => Ok(Chip::Esp32c3),
        Some("esp32c5") => Ok(Chip::Esp32c5),
        Some("esp32c6") => Ok(Chip::Esp32c6),
        Some("esp32c61") => Ok(Chip::Esp32c61),
        _ => bail!(
            "there is no image for {}, only for esp32c3, esp32c5, esp32c6 and esp32c61",
            name.display()
        ),
    }
}

/// What is made of a firmware.
pub(crate) struct Image {
    /// All of the flash.
    pub(crate) flash: Vec<u8>,
    /// The firmware alone, as an update brings it.
    pub(crate) app: Vec<u8>,
}

/// Lays out bootloader, partition table and firmware as they lie in flash.
///
/// # Errors
/// When the firmware is no such ELF, or does not fit its partition.
pub(crate) fn merge(elf: &[u8], chip: Chip, partitions: &Path) -> Result<Image> {
    let settings = FlashSettings::new(
        Some(FlashMode::Dio),
        Some(FlashSize::_4Mb),
        Some(FlashFrequency::_40Mhz),
    );
    let data = FlashData::new(settings, 0, None, chip, chip.default_xtal_frequency());
    let format = IdfBootloaderFormat::new(elf, &data, Some(partitions), None, None, None)
        .context("no image can be made of this firmware")?;
    let mut flash = vec![ERASED; FLASH_BYTES];
    let mut app = Vec::new();
    for segment in ImageFormat::EspIdf(format).flash_segments() {
        let start = segment.addr as usize;
        let end = start + segment.data.len();
        ensure!(
            end <= FLASH_BYTES,
            "the image ends at {end:#x}, beyond the flash"
        );
        flash[start..end].copy_from_slice(&segment.data);
        // They are in the order of their places.
        app = segment.data.into_owned();
    }
    Ok(Image { flash, app })
}

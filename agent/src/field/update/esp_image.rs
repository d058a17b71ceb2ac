//! The begin of an image as the bootloader of an ESP32 takes it (ESP-IDF, `esp_image_header_t` and `esp_app_desc_t`).

use core::str;

use heapbeacon_shared::update::chip_of;

/// What an image begins with.
const MAGIC: u8 = 0xE9;
const SEGMENTS: usize = 1;
const MOST_SEGMENTS: u8 = 16;
/// Where the number of its chip is.
const CHIP: usize = 12;
/// Where the first segment's content is, which is the description of the application.
const DESCRIPTION: usize = 32;
const DESCRIPTION_MAGIC: u32 = 0xABCD_5432;
/// Where that has the version and the name.
const VERSION: usize = DESCRIPTION + 16;
const NAME: usize = DESCRIPTION + 48;
const TEXT_BYTES: usize = 32;

/// Checks whether the first bytes are those of an application for a chip, which is named as `esp32c3`.
///
/// # Errors
/// What is wrong, in a sentence.
pub fn check(first: &[u8], chip: &str) -> Result<(), &'static str> {
    let word = |at: usize| {
        first
            .get(at..at + 4)?
            .try_into()
            .ok()
            .map(u32::from_le_bytes)
    };
    if first.first() != Some(&MAGIC) {
        return Err(
            "The image is none of an ESP32: sign what `espflash save-image` writes, not the ELF.",
        );
    }
    let segments = first.get(SEGMENTS).copied().unwrap_or(0);
    if !(1..=MOST_SEGMENTS).contains(&segments) {
        return Err("The image has no segments, or too many: it is damaged.");
    }
    let number = word(CHIP).map(|word| word as u16);
    if number.and_then(chip_of) != Some(chip) {
        return Err("The image itself is built for another chip.");
    }
    match word(DESCRIPTION) {
        Some(DESCRIPTION_MAGIC) => Ok(()),
        _ => Err(
            "The image has no description of an application: give the firmware `esp_app_desc!()`.",
        ),
    }
}

/// Bytes that say what an application is.
pub const DESCRIBED: usize = NAME + TEXT_BYTES;

/// Returns name and version of an application, by its first [`DESCRIBED`] bytes; `None` if it does not say them.
pub fn describe(first: &[u8]) -> Option<(&str, &str)> {
    let magic = first.get(DESCRIPTION..)?.first_chunk()?;
    if u32::from_le_bytes(*magic) != DESCRIPTION_MAGIC {
        return None;
    }
    Some((text(first, NAME)?, text(first, VERSION)?))
}

/// Reads a text up to its first zero.
fn text(first: &[u8], at: usize) -> Option<&str> {
    let field = first.get(at..at + TEXT_BYTES)?;
    let text = field.split(|byte| *byte == 0).next()?;
    str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> [u8; 48] {
        let mut image = [0; 48];
        image[0] = MAGIC;
        image[1] = 5;
        image[CHIP] = 13;
        image[DESCRIPTION..DESCRIPTION + 4].copy_from_slice(&DESCRIPTION_MAGIC.to_le_bytes());
        image
    }

    #[test]
    fn an_application_for_this_chip_passes_and_no_other() {
        assert_eq!(check(&image(), "esp32c6"), Ok(()));
        for (chip, wrong) in [("esp32c3", "another chip"), ("host", "another chip")] {
            assert!(check(&image(), chip).is_err_and(|it| it.contains(wrong)));
        }
        for (at, byte, wrong) in [
            (0, 0x7F, "none of an ESP32"),
            (1, 0, "segments"),
            (1, 17, "segments"),
            (13, 1, "another chip"),
            (32, 0, "description"),
        ] {
            let mut image = image();
            image[at] = byte;
            let checked = check(&image, "esp32c6");
            assert!(checked.is_err_and(|it| it.contains(wrong)), "{at}");
        }
    }

    #[test]
    fn what_ends_too_soon_is_none() {
        for length in 0..DESCRIPTION + 4 {
            assert!(check(&image()[..length], "esp32c6").is_err(), "{length}");
        }
    }

    #[test]
    fn an_application_says_what_it_is() {
        let mut first = [0; DESCRIBED];
        first[..48].copy_from_slice(&image());
        first[VERSION..VERSION + 5].copy_from_slice(b"1.4.2");
        first[NAME..].fill(b'n');
        let name = "n".repeat(TEXT_BYTES);
        assert_eq!(describe(&first), Some((name.as_str(), "1.4.2")));
        for length in 0..DESCRIBED {
            assert_eq!(describe(&first[..length]), None, "{length}");
        }
        first[VERSION] = 0xFF;
        assert_eq!(describe(&first), None);
        first[DESCRIPTION] = 0;
        assert_eq!(describe(&first), None);
    }
}

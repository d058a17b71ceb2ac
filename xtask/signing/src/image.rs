//! What an image of an ESP32 says of itself (ESP-IDF, `esp_image_header_t`, `esp_app_desc_t`).

use heapbeacon_shared::update::chip_of;

const MAGIC: u8 = 0xE9;
const CHIP: usize = 12;
const DESCRIPTION: usize = 32;
const DESCRIPTION_MAGIC: [u8; 4] = 0xABCD_5432u32.to_le_bytes();
const VERSION: usize = DESCRIPTION + 16;
const NAME: usize = DESCRIPTION + 48;
const TEXT_BYTES: usize = 32;

/// The head of a note that holds a build id of 20 bytes, as linkers write it.
const NOTE: [u8; 16] = *b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0";
const BUILD_ID_BYTES: usize = 20;

/// What an image says of itself; its build id at most where it is none of an ESP32.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) chip: Option<String>,
    pub(crate) firmware: Option<String>,
    pub(crate) version: Option<String>,
    /// The build id, if exactly one is found.
    pub(crate) build_id: Option<Vec<u8>>,
}

/// Reads what an image says of itself.
pub(crate) fn facts(image: &[u8]) -> Facts {
    if image.first() != Some(&MAGIC) {
        return Facts {
            build_id: build_id(image),
            ..Facts::default()
        };
    }
    let number = image.get(CHIP..CHIP + 2);
    let number = number.map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    let has_description = image
        .get(DESCRIPTION..)
        .is_some_and(|bytes| bytes.starts_with(&DESCRIPTION_MAGIC));
    let text = |at| has_description.then(|| text(image, at)).flatten();
    Facts {
        chip: number.and_then(chip_of).map(str::to_owned),
        firmware: text(NAME),
        version: text(VERSION),
        build_id: build_id(image),
    }
}

/// Reads a text up to its first zero; none where it is empty.
fn text(image: &[u8], at: usize) -> Option<String> {
    let bytes = image.get(at..at + TEXT_BYTES)?;
    let bytes = bytes.split(|byte| *byte == 0).next()?;
    let text = String::from_utf8(bytes.to_vec()).ok()?;
    (!text.is_empty()).then_some(text)
}

fn build_id(image: &[u8]) -> Option<Vec<u8>> {
    let windows = image.windows(NOTE.len() + BUILD_ID_BYTES);
    let mut notes = windows.filter(|window| window.starts_with(&NOTE));
    match (notes.next(), notes.next()) {
        (Some(note), None) => Some(note[NOTE.len()..].to_vec()),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Returns an image that says all of it.
    pub(crate) fn image() -> Vec<u8> {
        let mut image = vec![0; 512];
        image[0] = MAGIC;
        image[CHIP] = 5;
        image[DESCRIPTION..DESCRIPTION + 4].copy_from_slice(&DESCRIPTION_MAGIC);
        image[VERSION..VERSION + 5].copy_from_slice(b"1.4.2");
        image[NAME..NAME + 6].copy_from_slice(b"logger");
        image[300..316].copy_from_slice(&NOTE);
        image[316..336].fill(0xAB);
        image
    }

    #[test]
    fn an_image_says_what_it_is() {
        let expected = Facts {
            chip: Some("esp32c3".to_owned()),
            firmware: Some("logger".to_owned()),
            version: Some("1.4.2".to_owned()),
            build_id: Some(vec![0xAB; 20]),
        };
        assert_eq!(facts(&image()), expected);
    }

    #[test]
    fn what_is_not_sure_is_not_said() {
        let mut twice = image();
        twice.extend_from_slice(&image()[300..336]);
        assert_eq!(facts(&twice).build_id, None);
        let mut bare = image();
        bare[DESCRIPTION] = 0;
        bare[CHIP] = 99;
        let facts_of_bare = facts(&bare);
        assert_eq!((facts_of_bare.version, facts_of_bare.chip), (None, None));
        for length in 0..340 {
            facts(&image()[..length]);
        }
        assert_eq!(facts(b"\x7fELF"), Facts::default());
    }
}

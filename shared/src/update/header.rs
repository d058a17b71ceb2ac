//! The header of an image that is sent to a device.

use core::str;

use crate::trace::{BuildId, Name, name};

/// Bytes before the image.
pub const HEADER_BYTES: usize = 256;
/// Bytes of them that are signed.
pub const SIGNED_BYTES: usize = 192;
/// Bytes of the signature behind those.
pub const SIGNATURE_BYTES: usize = HEADER_BYTES - SIGNED_BYTES;

const MAGIC: [u8; 8] = *b"HBUPDATE";
const FORMAT: u16 = 1;
const CHIP: usize = 48;
const CHIP_BYTES: usize = 16;
const FIRMWARE: usize = 64;
const VERSION: usize = 96;
const BUILD_ID: usize = 128;
const NAME_BYTES: usize = 32;
const BUILD_ID_LENGTH: usize = 160;

/// What is said of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Bytes of the image.
    pub size: u32,
    /// SHA-256 of the image.
    pub sha256: [u8; 32],
    /// Chip that it is built for: at most 16 bytes.
    pub chip: Name,
    /// Name of the firmware.
    pub firmware: Name,
    /// Version of the firmware.
    pub version: Name,
    /// Its build id.
    pub build_id: BuildId,
}

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoHeader {
    /// They begin with something else.
    Foreign,
    /// The header is of another version of its format.
    Format(u16),
    /// A field holds what it can't.
    Damaged,
}

impl Header {
    /// Writes what is signed; the signature follows it.
    pub fn encode(&self) -> [u8; SIGNED_BYTES] {
        let mut bytes = [0; SIGNED_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.size.to_le_bytes());
        bytes[16..48].copy_from_slice(&self.sha256);
        let build_id = self.build_id.as_bytes();
        for (at, most, text) in [
            (CHIP, CHIP_BYTES, self.chip.as_bytes()),
            (FIRMWARE, NAME_BYTES, self.firmware.as_bytes()),
            (VERSION, NAME_BYTES, self.version.as_bytes()),
            (BUILD_ID, NAME_BYTES, build_id),
        ] {
            let text = &text[..text.len().min(most)];
            bytes[at..at + text.len()].copy_from_slice(text);
        }
        bytes[BUILD_ID_LENGTH] = build_id.len() as u8;
        bytes
    }

    /// Reads it, whoever has signed it.
    ///
    /// # Errors
    /// When the bytes are no header of this format.
    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, NoHeader> {
        if bytes[..8] != MAGIC {
            return Err(NoHeader::Foreign);
        }
        let format = u16::from_le_bytes([bytes[8], bytes[9]]);
        if format != FORMAT {
            return Err(NoHeader::Format(format));
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(&bytes[16..48]);
        let length = usize::from(bytes[BUILD_ID_LENGTH]);
        let build_id = bytes[BUILD_ID..BUILD_ID + NAME_BYTES].get(..length);
        let header = Self {
            size: u32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]),
            sha256,
            chip: text(&bytes[CHIP..CHIP + CHIP_BYTES])?,
            firmware: text(&bytes[FIRMWARE..FIRMWARE + NAME_BYTES])?,
            version: text(&bytes[VERSION..VERSION + NAME_BYTES])?,
            build_id: BuildId::new(build_id.ok_or(NoHeader::Damaged)?),
        };
        // One header has one form: what is zero may mean something in a later format.
        match header.encode() == bytes[..SIGNED_BYTES] {
            true => Ok(header),
            false => Err(NoHeader::Damaged),
        }
    }
}

/// Reads a text up to its first zero.
fn text(field: &[u8]) -> Result<Name, NoHeader> {
    let end = field.iter().position(|byte| *byte == 0);
    let text = &field[..end.unwrap_or(field.len())];
    let text = str::from_utf8(text).map_err(|_| NoHeader::Damaged)?;
    match text.chars().any(char::is_control) {
        true => Err(NoHeader::Damaged),
        false => Ok(name(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            size: 0x0102_0304,
            sha256: [7; 32],
            chip: name("esp32c3"),
            firmware: name("logger"),
            version: name("1.2.3"),
            build_id: BuildId::new(&[0xab; 20]),
        }
    }

    fn bytes(header: &Header) -> [u8; HEADER_BYTES] {
        let mut bytes = [9; HEADER_BYTES];
        bytes[..SIGNED_BYTES].copy_from_slice(&header.encode());
        bytes
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        for header in [header(), Header::default()] {
            assert_eq!(Header::decode(&bytes(&header)), Ok(header));
        }
        let full = Header {
            chip: name("0123456789abcdef"),
            firmware: name("0123456789abcdef0123456789abcdef"),
            build_id: BuildId::new(&[0; 32]),
            ..header()
        };
        assert_eq!(Header::decode(&bytes(&full)), Ok(full));
    }

    #[test]
    fn its_fields_are_where_the_table_has_them() {
        let bytes = bytes(&header());
        assert_eq!(&bytes[..16], b"HBUPDATE\x01\0\0\0\x04\x03\x02\x01");
        assert_eq!(bytes[16..48], [7; 32]);
        assert_eq!(&bytes[48..56], b"esp32c3\0");
        assert_eq!(&bytes[64..71], b"logger\0");
        assert_eq!(&bytes[96..102], b"1.2.3\0");
        assert_eq!((bytes[128], bytes[147], bytes[148]), (0xab, 0xab, 0));
        assert_eq!(bytes[160], 20);
    }

    #[test]
    fn what_is_no_header_says_why() {
        let with = |at: usize, byte: u8| {
            let mut bytes = bytes(&header());
            bytes[at] = byte;
            Header::decode(&bytes)
        };
        assert_eq!(with(0, 0xE9), Err(NoHeader::Foreign));
        assert_eq!(with(8, 2), Err(NoHeader::Format(2)));
        for (at, byte) in [
            (10, 1),
            (50, 0xff),
            (65, b'\n'),
            (72, 1),
            (160, 33),
            (160, 19),
            (191, 1),
        ] {
            assert_eq!(with(at, byte), Err(NoHeader::Damaged), "{at}");
        }
    }
}

//! What stands before a firmware image that is sent to a device: whose it is, for which chip, and who has signed it.
//!
//! So everything but the image's own bytes is known before the first of them is written. Numbers are little-endian, texts are UTF-8,
//! filled up with zeros:
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `HBUPDATE` |
//! | 8 | 2 | version of this format: 1 |
//! | 10 | 2 | zero |
//! | 12 | 4 | bytes of the image, which begins at 256 |
//! | 16 | 32 | SHA-256 of the image |
//! | 48 | 16 | chip, as espflash names it: `esp32c3` |
//! | 64 | 32 | name of the firmware |
//! | 96 | 32 | version of the firmware |
//! | 128 | 32 | build id |
//! | 160 | 1 | bytes of the build id |
//! | 161 | 31 | zero |
//! | 192 | 64 | signature by Ed25519 (RFC 8032) of the 192 bytes before |

mod chip;
mod header;
mod key;
mod version;

pub use chip::chip_of;
pub use header::{HEADER_BYTES, Header, NoHeader, SIGNATURE_BYTES, SIGNED_BYTES};
pub use key::public_key;
pub use version::is_older;

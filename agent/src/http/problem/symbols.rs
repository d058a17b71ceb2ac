//! Why names were refused, as HTTP has it.

use picoserve::response::StatusCode;

use crate::http::limits::READ_SECONDS;
use crate::http::problem::{Kind, Problem, TIMEOUT};
use crate::symbols::upload::Refusal;

/// What comes are no names that a device can hold.
const NO_NAMES: Kind = Kind(
    StatusCode::UNPROCESSABLE_ENTITY,
    "No symbol file",
    "ESP_ERR_INVALID_ARG",
);

impl Problem {
    /// There is nowhere to write names.
    pub(crate) fn no_room_for_symbols() -> Self {
        Self::not_found(format_args!(
            "This device has no part of its flash for names: see `Device::symbols` in its firmware."
        ))
    }

    /// Names make no progress.
    #[cold]
    pub(crate) fn symbols_too_slow() -> Self {
        let detail = format_args!(
            "Send each 1,024 bytes within {READ_SECONDS} seconds, from the beginning again: what was begun is no file."
        );
        Self::new(TIMEOUT, detail)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoFile => Self::new(
                NO_NAMES,
                format_args!(
                    "This is no symbol file: send what `cargo xtask symbols ELF` has written."
                ),
            ),
            Refusal::NoBuildId => Self::new(
                NO_NAMES,
                format_args!(
                    "The symbol file does not say of which build it is: link the firmware with `--build-id`."
                ),
            ),
            Refusal::WrongLength { wanted } => Self::new(
                NO_NAMES,
                format_args!("Send all {wanted} bytes of the symbol file, and no more."),
            ),
            Refusal::Damaged => Self::new(
                NO_NAMES,
                format_args!(
                    "The symbol file is damaged, and those that were there are gone: write it anew with `cargo xtask symbols ELF`."
                ),
            ),
            Refusal::TooLarge { room } => Self::new(
                Kind(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "Body too large",
                    "ESP_ERR_INVALID_SIZE",
                ),
                format_args!("This device has room for {room} bytes of names."),
            ),
            Refusal::Busy => Self::new(
                Kind(
                    StatusCode::CONFLICT,
                    "Invalid state",
                    "ESP_ERR_INVALID_STATE",
                ),
                format_args!("Somebody else is sending names: wait for that."),
            ),
            Refusal::Flash => Self::new(
                Kind(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Flash failed",
                    "ESP_ERR_FLASH_OP_FAIL",
                ),
                format_args!(
                    "The flash has failed, and the names that were there may be gone: try again."
                ),
            ),
        }
    }
}

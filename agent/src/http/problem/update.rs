//! Why an update was refused, as HTTP has it.

use heapbeacon_shared::update::NoHeader;
use picoserve::response::StatusCode;

use crate::field::update::Refusal;
use crate::http::problem::{Kind, Problem};

/// What comes is no firmware for this device.
const WRONG_IMAGE: Kind = Kind(
    StatusCode::UNPROCESSABLE_ENTITY,
    "Not for this device",
    "ESP_ERR_OTA_VALIDATE_FAILED",
);
/// It could be, at another time.
const NOT_NOW: Kind = Kind(
    StatusCode::CONFLICT,
    "Invalid state",
    "ESP_ERR_INVALID_STATE",
);
const WRONG_SIZE: Kind = Kind(
    StatusCode::UNPROCESSABLE_ENTITY,
    "Wrong length",
    "ESP_ERR_INVALID_SIZE",
);
const TOO_LARGE: Kind = Kind(
    StatusCode::PAYLOAD_TOO_LARGE,
    "Body too large",
    "ESP_ERR_INVALID_SIZE",
);
const OLDER: Kind = Kind(
    StatusCode::CONFLICT,
    "Older version",
    "ESP_ERR_INVALID_VERSION",
);
const WRONG_RANGE: Kind = Kind(
    StatusCode::RANGE_NOT_SATISFIABLE,
    "Wrong range",
    "ESP_ERR_INVALID_SIZE",
);
const FLASH: Kind = Kind(
    StatusCode::INTERNAL_SERVER_ERROR,
    "Flash failed",
    "ESP_ERR_FLASH_OP_FAIL",
);

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoHeader(NoHeader::Foreign) => Self::new(
                WRONG_IMAGE,
                format_args!("This is no signed image: send what `cargo xtask sign` has written."),
            ),
            Refusal::NoHeader(NoHeader::Format(format)) => Self::new(
                WRONG_IMAGE,
                format_args!(
                    "The image is signed in format {format}, which this firmware does not know."
                ),
            ),
            Refusal::NoHeader(NoHeader::Damaged) => Self::new(
                WRONG_IMAGE,
                format_args!("The header of the image is damaged: sign it again."),
            ),
            Refusal::WrongLength { wanted } => Self::new(
                WRONG_SIZE,
                format_args!("Send all {wanted} bytes of header and image, and no more."),
            ),
            Refusal::TooLarge { room } => Self::new(
                TOO_LARGE,
                format_args!("A slot has room for {room} bytes of header and image."),
            ),
            Refusal::WrongChip(chip) => Self::new(
                WRONG_IMAGE,
                format_args!("The image is for another chip: this one is {chip}."),
            ),
            Refusal::Older => Self::new(
                OLDER,
                format_args!(
                    "The image is older than what runs: add `?allow=downgrade` if that is meant."
                ),
            ),
            Refusal::Signature => Self::new(
                WRONG_IMAGE,
                format_args!(
                    "The signature is not that of the key in this firmware, or the header was changed: sign it with that key."
                ),
            ),
            Refusal::Image(wrong) => Self::new(WRONG_IMAGE, format_args!("{wrong}")),
            Refusal::Digest => Self::new(
                WRONG_IMAGE,
                format_args!("What was written is not what was signed: upload it again."),
            ),
            Refusal::Busy => Self::new(
                NOT_NOW,
                format_args!(
                    "Another upload is at work: wait for it, or end it with DELETE /api/v1/ota."
                ),
            ),
            Refusal::Cancelled => Self::new(
                NOT_NOW,
                format_args!("The upload was cancelled: begin anew."),
            ),
            Refusal::Unconfirmed => Self::new(
                NOT_NOW,
                format_args!(
                    "What runs is on trial, and an update would take the place of what it may go back to: wait a minute."
                ),
            ),
            Refusal::WrongRange { next: 0 } => Self::new(
                WRONG_RANGE,
                format_args!("There is no upload to go on with: send it from its first byte."),
            ),
            Refusal::WrongRange { next } => Self::new(
                WRONG_RANGE,
                format_args!(
                    "The upload goes on with byte {next}: see `upload` of GET /api/v1/ota."
                ),
            ),
            Refusal::Nothing => Self::new(NOT_NOW, format_args!("There is no upload to cancel.")),
            Refusal::Flash => Self::new(
                FLASH,
                format_args!("The flash has failed: what runs is as it was. Try again."),
            ),
        }
    }
}

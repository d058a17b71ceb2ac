//! What makes the traces of a firmware worse than they could be.

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::trace::Name;

/// Something that makes the traces of a firmware worse than they could be, and can be mended: one of
/// [`Device::warnings`](super::Device::warnings).
///
/// In JSON it has a `code`, and a `message` that says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Call stacks are empty.
    NoFramePointers,
    /// Nothing tells which ELF the firmware is.
    NoBuildId,
    /// Tracing is not compiled in.
    NoTracing,
    /// There is no record buffer that can be used.
    NoRecordBuffer,
    /// The record buffer holds a handful of records.
    SmallRecordBuffer,
    /// The heap has memory that `GET /heap` does not tell of.
    MissingRegions,
    /// Tasks are not told apart.
    UnknownTasks,
    /// A code that this version does not know.
    Other,
}

impl Warning {
    /// Every one that a device may send.
    const ALL: [Self; 7] = [
        Self::NoFramePointers,
        Self::NoBuildId,
        Self::NoTracing,
        Self::NoRecordBuffer,
        Self::SmallRecordBuffer,
        Self::MissingRegions,
        Self::UnknownTasks,
    ];

    /// Returns the name that it has in JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoFramePointers => "no_frame_pointers",
            Self::NoBuildId => "no_build_id",
            Self::NoTracing => "no_tracing",
            Self::NoRecordBuffer => "no_record_buffer",
            Self::SmallRecordBuffer => "small_record_buffer",
            Self::MissingRegions => "missing_regions",
            Self::UnknownTasks => "unknown_tasks",
            Self::Other => "other",
        }
    }

    /// Returns what is wrong and how it is mended.
    pub fn message(self) -> &'static str {
        match self {
            Self::NoFramePointers => {
                "Call stacks are empty: the firmware is built without frame pointers. Add -Cforce-frame-pointers=yes to its rustflags."
            }
            Self::NoBuildId => {
                "The firmware has no build id, so nothing tells which ELF has its names. Pass --build-id=sha1 to its linker."
            }
            Self::NoTracing => {
                "Tracing is not compiled in. Build the agent with its feature `tracing`."
            }
            Self::NoRecordBuffer => {
                "Nothing is traced: the record buffer is too small, or in memory that interrupts may not touch, such as PSRAM."
            }
            Self::SmallRecordBuffer => {
                "The record buffer holds a handful of records, so blocks are evicted before anybody sees them. Make it larger."
            }
            Self::MissingRegions => {
                "Heap regions are missing here. Add them with heapbeacon_esp32::heap_allocator! in place of esp_alloc's."
            }
            Self::UnknownTasks => {
                "Tasks are not told apart: the agent was started outside of embassy's executor. Start it in one of its tasks."
            }
            Self::Other => {
                "The device warns of something that this page is too old to know: GET /device says what."
            }
        }
    }

    fn of_code(code: &str) -> Self {
        let known = Self::ALL.into_iter().find(|known| known.code() == code);
        known.unwrap_or(Self::Other)
    }
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Warning", 2)?;
        fields.serialize_field("code", self.code())?;
        fields.serialize_field("message", self.message())?;
        fields.end()
    }
}

impl<'de> Deserialize<'de> for Warning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The message is this side's own.
        #[derive(serde::Deserialize)]
        struct Fields {
            code: Name,
        }
        Fields::deserialize(deserializer).map(|fields| Self::of_code(&fields.code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_code_of_its_own_and_a_message_that_is_short() {
        for warning in Warning::ALL {
            assert_eq!(Warning::of_code(warning.code()), warning);
            assert!(warning.message().len() <= 128, "{}", warning.message());
            assert!(warning.message().ends_with('.'));
        }
    }

    #[test]
    fn what_a_newer_device_warns_of_is_another_thing() {
        assert_eq!(Warning::of_code("no_coffee"), Warning::Other);
    }
}

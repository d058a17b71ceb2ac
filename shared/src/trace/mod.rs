//! The vocabulary of a trace: what the tracer returns, the wire sends, and JSON bodies wrap.
//!
//! Every value is bounded and needs no heap. Each has two forms by serde: in postcard its fields in their order, in JSON its
//! field names, where addresses and build ids are hexadecimal strings. Sizes are bytes, times are microseconds since boot.
//! The order of fields and variants is part of the [wire format](crate::wire): append, never reorder.

mod address;
mod build_id;
mod call_stack;
mod ending;
mod heap;
mod json_only;
mod leak;
mod record;
mod reference;
mod settings;
mod summary;

pub use address::Address;
pub use build_id::{BuildId, BuildIdText};
pub use call_stack::{Cut, Frames, MAX_FRAMES, Origin, Stack, Task};
pub use ending::{Ending, LogLine, MAX_LOG_LINE, Reason};
pub use heap::{Level, Point, Region, Reserve, Window};
pub use leak::{
    Births, Kind, Leak, MAX_BIRTHS, MAX_UNRECORDED, OUTLIVED_FACTOR, Outlived, Period, Unrecorded,
    Verdict,
};
pub use record::{Failure, Freed, Left, Mark, MissedFrees, Record, WrongFree, WrongFreeKind};
pub use reference::{Reference, Root, RootKind, Scan, Scope, Span};
pub use settings::{
    Action, BootTrace, Condition, MAX_TRIGGERS, Secret, Secrets, Settings, Trigger,
};
pub use summary::{Destination, Mode, State, Summary};

/// A short text that fits where there is no heap: names of devices, tasks, regions, chips.
pub type Name = heapless::String<32>;

/// Returns a text as a [`Name`], cut where that is full.
///
/// ```
/// use heapbeacon_shared::trace::name;
///
/// assert_eq!(name("esp32"), "esp32");
/// assert_eq!(name(&"\u{e4}".repeat(40)).chars().count(), 16);
/// ```
pub fn name(text: &str) -> Name {
    let mut name = Name::new();
    let _ = name.push_str(&text[..text.floor_char_boundary(name.capacity())]);
    name
}

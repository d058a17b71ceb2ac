//! What the page knows: the last answers of the device, their history, and what follows from them.

mod actions;
pub mod capture;
mod clock;
#[cfg(test)]
mod demo_tests;
mod desk;
mod elf;
mod elf_shelf;
mod evicted;
mod file;
mod finding;
mod heap_history;
mod held;
mod history;
mod kept;
mod lifetimes;
mod link;
mod palette;
mod poller;
mod ranking;
mod reading;
mod sites;
mod store;
mod suspects;
mod symbols;
mod untraced;
mod watched;
mod wrong_frees;

pub use desk::Desk;
pub use file::FileKind;
pub use finding::{Finding, Part, Tone, View, finding, gaps};
pub use heap_history::{HeapHistory, HeapSample, Outlook, regions};
pub use held::held;
pub use history::listed;
pub use kept::Kept;
pub use link::{LinkState, Obstacle};
pub use ranking::ranked;
pub use sites::{Grouping, Site, SiteStack};
pub use store::{Notice, Opened, RecordList, Store, now_ms};
pub use symbols::{Source, SymbolState};
pub use untraced::{untraced, with_untraced};
pub use watched::is_recording;

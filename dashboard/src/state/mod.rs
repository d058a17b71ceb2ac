//! What the page knows: the last answers of the device, their history, and what follows from them.

mod actions;
pub mod capture;
mod desk;
mod elf;
mod elf_shelf;
mod evicted;
mod file;
mod finding;
mod held;
mod history;
mod kept;
mod link;
mod palette;
mod poller;
mod ranking;
mod reading;
mod sites;
mod store;
mod symbols;
mod thinned;
mod watched;

pub use desk::Desk;
pub use file::FileKind;
pub use finding::{Finding, Part, Tone, View, finding, gaps};
pub use held::held;
pub use history::{HeapSample, listed, regions, used_series};
pub use kept::Kept;
pub use link::LinkState;
pub use ranking::ranked;
pub use sites::{Grouping, Site, SiteStack};
pub use store::{Notice, Opened, RecordList, Store, now_ms};
pub use symbols::{Source, SymbolState};
pub use watched::is_recording;

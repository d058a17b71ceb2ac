//! What the page knows: the last answers of the device, their history, and what follows from them.

mod actions;
mod elf;
mod elf_shelf;
mod finding;
mod history;
mod link;
mod palette;
mod poller;
mod sites;
mod store;
mod symbols;
mod thinned;

pub use finding::{Finding, Part, Tone, finding};
pub use history::{HeapSample, regions, used_series};
pub use link::LinkState;
pub use sites::{Grouping, Site, SiteStack};
pub use store::{Notice, RecordList, Store, now_ms};
pub use symbols::{Source, SymbolState};

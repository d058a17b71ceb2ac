//! The pages.

mod capture;
mod compare;
mod demo;
mod device;
mod flame;
mod history_end;
mod leaks;
mod live;
mod lost;
mod map;
mod origins;
mod passing;
mod reading;
mod records;
mod regions;
mod report;
mod reserve;
mod settings;
mod span;
mod start;
mod symbols;
mod update;
mod version;

use history_end::history_end;

pub use capture::CaptureDrop;
pub use compare::ComparePage;
pub use device::DevicePage;
pub use flame::FlamePage;
pub use leaks::LeaksPage;
pub use live::LivePage;
pub use map::MapPage;
pub use records::RecordsPage;

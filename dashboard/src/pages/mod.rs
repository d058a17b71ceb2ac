//! The pages.

mod demo;
mod device;
mod leaks;
mod live;
mod records;
mod start;
mod symbols;

pub use device::DevicePage;
pub use leaks::LeaksPage;
pub use live::LivePage;
pub use records::RecordsPage;

//! What is around every page: header, navigation, and the states in which there is no page.

mod absent;
mod app;
mod boot_before;
mod command;
mod controls;
mod file_banner;
mod first_verdict;
mod header;
mod mark;
mod navigation;
mod notices;
mod obstacle;
mod post_mortem;
mod restart;
mod warnings;

pub use app::App;

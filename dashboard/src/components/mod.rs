//! Parts that pages are made of; they know neither the device nor what the page knows about it.

mod call_stack;
mod card;
mod chip;
mod copy;
mod drop_zone;
mod empty;
mod follow;
mod keyed_list;
mod leave;
mod memo;
mod meter;
mod reactive;
mod select;
mod sort_head;
mod switch;
mod when;
mod width;

pub use call_stack::CallStack;
pub use card::Card;
pub use chip::chip;
pub use copy::copy_text;
pub use drop_zone::{DropZone, dropped_files};
pub use empty::Empty;
pub use follow::follow;
pub use keyed_list::{Item, KeyedList};
pub use leave::leave;
pub use memo::memo;
pub use meter::{Level, Meter};
pub use reactive::reactive;
pub use select::{Offered, options, select};
pub use sort_head::sort_head;
pub use switch::Switch;
pub use when::When;
pub use width::use_width;

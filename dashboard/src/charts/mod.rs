//! Charts in SVG: geometry as plain functions, and the views that draw it.

mod brush;
mod flags;
pub mod flame;
mod geometry;
pub mod map;
mod plot;
mod reader;
mod scale;
mod sparkline;
pub mod swing;
mod time_chart;

pub use brush::Brush;
pub use geometry::{Reading, shortened, stack_up};
pub use plot::{Flag, Layer, Outlook, Plot, Style};
pub use scale::axis_max;
pub use sparkline::Sparkline;
pub use time_chart::TimeChart;

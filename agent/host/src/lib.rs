//! What the host board's tests look at: the frame walk of this process.

pub mod image;
pub mod stack;

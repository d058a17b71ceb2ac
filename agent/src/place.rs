//! An option that is all zeros where there is nothing in it.
//!
//! Which value [`Option`] has for `None` is the compiler's choice, often a large one; then a whole static that has one in it lies in flash,
//! to be copied at boot. One that is all zeros takes nothing there.

/// A value, or nothing.
#[repr(u8)]
pub(crate) enum Place<T> {
    Empty = 0,
    Full(T),
}

impl<T> Place<T> {
    /// Checks whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Takes the value out.
    pub(crate) fn take(&mut self) -> Option<T> {
        match core::mem::replace(self, Self::Empty) {
            Self::Empty => None,
            Self::Full(value) => Some(value),
        }
    }

    /// Returns the value, if there is one.
    pub(crate) fn as_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Empty => None,
            Self::Full(value) => Some(value),
        }
    }
}

//! Files that a person opens and saves.

pub(crate) mod folder;
pub(crate) mod kind;
pub(crate) mod read;
pub(crate) mod save;

//! Names of embassy's tasks, from where they are stored.

use alloc::string::String;

use super::{Symbols, short_name};

/// What embassy's macro calls the static that a task is stored in, inside the task's function.
const POOL: &str = "::POOL";
/// What the macros that begin a program with a task call that: `#[esp_rtos::main]` and others.
const MAIN: &str = "__embassy_main";

/// A task of embassy's executor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its name in the source; where it was stored by hand, the short name of the static.
    pub name: String,
    /// The full path of its function, or of the static.
    pub path: String,
    /// How far behind the first task of its pool it lies, in bytes. The ELF does not tell how large
    /// one is.
    pub offset: u64,
}

impl Symbols {
    /// Finds the task that is stored at an address.
    pub fn task_at(&self, address: u64) -> Option<Task> {
        let storage = self.static_at(address)?;
        let path = storage.name.strip_suffix(POOL).unwrap_or(&storage.name);
        let name = match path.rsplit_once("::") {
            Some((_, MAIN)) => "main",
            Some((_, name)) if path != storage.name => name,
            _ => &short_name(path),
        };
        Some(Task {
            name: String::from(name),
            path: String::from(path),
            offset: storage.offset,
        })
    }
}

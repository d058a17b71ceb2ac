//! Names of embassy's tasks, from where they are stored.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::table::Code;
use super::{Static, Symbols, short_name};

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
    /// How far behind the first task of its pool it lies, in bytes.
    pub offset: u64,
    /// Its place in a pool of several, from 0, where the debug information tells how many those are.
    pub index: Option<u64>,
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
            index: index(&storage, self.pool_size(path)),
        })
    }

    /// Returns all pools whose number of tasks is known: the path of each task's function, and how many there are.
    pub(super) fn pools(&self) -> Vec<(String, u64)> {
        let paths = self.table().statics();
        let paths = paths.filter_map(|(_, name)| name.strip_suffix(POOL).map(String::from));
        paths
            .filter_map(|path| self.pool_size(&path).map(|tasks| (path, tasks)))
            .collect()
    }

    fn pool_size(&self, path: &str) -> Option<u64> {
        match self.code() {
            Code::Program(program) => named_size(program.debug_names(), path),
            Code::Places(places) => places.pool_size(path),
        }
    }
}

/// Returns how many tasks a pool has. The generic functions that spawn into it have the number in
/// their names: `_spawn_async_fn<app::__net_task::__net_task_inner_function::{async_fn_env#0}, 4, …>`.
fn named_size(names: &[u8], path: &str) -> Option<u64> {
    let (module, name) = path.rsplit_once("::")?;
    let before =
        format!("{module}::__{name}_task::__{name}_task_inner_function::{{async_fn_env#0}}, ");
    let windows = names.windows(before.len()).enumerate();
    let mut found = windows.filter(|(_, window)| *window == before.as_bytes());
    // Behind it may also be another argument, in the names of other functions.
    found.find_map(|(at, _)| number(names.get(at + before.len()..)?))
}

/// Reads the decimal number that a text begins with.
fn number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    str::from_utf8(text.get(..digits)?).ok()?.parse().ok()
}

/// Returns the place of a task in its pool, unless it has that for itself.
fn index(storage: &Static, tasks: Option<u64>) -> Option<u64> {
    let tasks = tasks.filter(|tasks| *tasks > 1 && storage.size.is_multiple_of(*tasks))?;
    let size = storage.size / tasks;
    (size > 0 && storage.offset.is_multiple_of(size)).then(|| storage.offset / size)
}

//! What only this board can say of a firmware that makes its traces worse than they could be.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use heapbeacon_embassy::tasks;
use heapbeacon_esp_alloc::lacks_regions;
use heapbeacon_shared::api::Warning;

/// Whether the agent was started outside of a task.
static LACKS_TASKS: AtomicBool = AtomicBool::new(false);

/// Notes whether the task that starts the agent is known: then so are all others of the executor.
pub(crate) fn note_task() {
    let lacks_tasks = cfg!(feature = "task-names") && tasks::current() == 0;
    LACKS_TASKS.store(lacks_tasks, Relaxed);
}

/// Lists what is wrong.
pub(crate) fn list() -> impl Iterator<Item = Warning> {
    let regions = lacks_regions().then_some(Warning::MissingRegions);
    let tasks = LACKS_TASKS.load(Relaxed).then_some(Warning::UnknownTasks);
    regions.into_iter().chain(tasks)
}

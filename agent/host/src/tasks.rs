//! Threads as tasks: a fixed table of names.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_ulong};

use embassy_sync::blocking_mutex::Mutex;
use heapbeacon::platform::Task;
use heapbeacon_shared::trace::{Name, Origin};
use heapless::Vec;

use crate::lock::SpinLock;
use crate::mdns;

/// Name of the server's thread.
pub(crate) const SERVER: &str = "http";
/// What the kernel calls the first thread, and every other one until it has a name.
const MAIN: &str = "heapbeacon-host";
/// Most distinct names; further threads are task 0.
const TASKS: usize = 64;

/// Name of every task; the id is the place, counted from 1.
static TABLE: Mutex<SpinLock, RefCell<Vec<Name, TASKS>>> = Mutex::new(RefCell::new(Vec::new()));

thread_local! {
    static ID: Cell<u16> = const { Cell::new(0) };
    static IS_SERVER: Cell<bool> = const { Cell::new(false) };
}

/// Makes the calling thread the server's: its blocks come from the server's pool from now on.
pub(crate) fn enter_server() {
    IS_SERVER.set(true);
}

/// Checks whether the calling thread is the server's.
pub(crate) fn is_server() -> bool {
    IS_SERVER.get()
}

/// Returns the id of the calling thread; does not allocate.
pub(crate) fn current() -> u16 {
    if ID.get() == 0 {
        let name = thread_name();
        let id = register(&name);
        // A new thread bears its parent's name until it sets its own: ask it again.
        if name != MAIN || is_main() {
            ID.set(id);
        }
        return id;
    }
    ID.get()
}

/// Describes a task.
pub(crate) fn get(id: u16) -> Option<Task> {
    let index = usize::from(id).checked_sub(1)?;
    let name = TABLE.lock(|table| table.borrow().get(index).cloned())?;
    let origin = if name == SERVER || name == mdns::THREAD {
        Origin::Agent
    } else {
        Origin::Application
    };
    Some(Task { name, origin })
}

fn register(name: &Name) -> u16 {
    TABLE.lock(|table| {
        let mut table = table.borrow_mut();
        let found = table.iter().position(|known| known == name);
        let index = found.or_else(|| {
            table.push(name.clone()).ok()?;
            Some(table.len() - 1)
        });
        index.map_or(0, |index| index as u16 + 1)
    })
}

/// Reads the calling thread's name: at most 15 bytes and a zero (`prctl(2)`).
fn thread_name() -> Name {
    let mut bytes = [0u8; 16];
    // SAFETY: the buffer is as long as the manual asks for.
    unsafe { libc::prctl(libc::PR_GET_NAME, bytes.as_mut_ptr() as c_ulong, 0, 0, 0) };
    CStr::from_bytes_until_nul(&bytes)
        .ok()
        .and_then(|name| name.to_str().ok())
        .and_then(|name| name.try_into().ok())
        .unwrap_or_default()
}

fn is_main() -> bool {
    // SAFETY: takes nothing and can't fail.
    let process = unsafe { libc::getpid() };
    // SAFETY: takes nothing and can't fail.
    let thread = unsafe { libc::gettid() };
    process == thread
}

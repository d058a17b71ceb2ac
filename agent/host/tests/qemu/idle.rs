//! A device that has nothing to do does nothing.

use std::thread;
use std::time::Duration;

use crate::support::qemu::Qemu;

/// How long the machine is left alone: time is what this is about.
const WHILE: Duration = Duration::from_secs(3);

#[test]
fn a_machine_that_nobody_asks_sleeps_between_the_steps_of_its_workload() {
    let machine = Qemu::boot();
    // Server tasks have waited for connections, and for the end of one.
    assert_eq!(machine.client().get("/trace/count").status, 200);
    thread::sleep(Duration::from_secs(1));
    let before = machine.processor_time();
    thread::sleep(WHILE);
    let taken = machine.processor_time() - before;
    // Two tasks that wake each other take all there is.
    assert!(taken < WHILE / 8, "{taken:?} of {WHILE:?}");
}

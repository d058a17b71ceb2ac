//! Runs the demo workload: each job in its thread like a firmware's tasks, or all of them in one
//! for benchmarks.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use heapbeacon::platform::Switch;
use heapbeacon_demo::{
    MQTT_PERIOD_US, Mqtt, NET_PERIOD_US, Net, OFFERED, Queue, SENSOR_PERIOD_US, SWITCHES, Scale,
    Sensor, TIMER_TICK_US, Timers,
};

/// Returns the switches that go together with a thread for each job.
pub(crate) fn switches() -> &'static [&'static dyn Switch] {
    OFFERED.split_last().map_or(&[], |(_, others)| others)
}

/// The running jobs; they go on until [`Workload::stop`] is called.
#[derive(Debug)]
pub(crate) struct Workload {
    stopping: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// Starts the threads `sensor`, `net`, `mqtt` and `timers`.
///
/// # Panics
/// When the operating system refuses a thread, as [`thread::spawn`] does.
pub(crate) fn start() -> Workload {
    let mut workload = Workload {
        stopping: Arc::default(),
        threads: Vec::new(),
    };
    let queue = Arc::new(Mutex::new(Queue::new()));
    let outbox = Arc::clone(&queue);
    let scale = &Scale::DESKTOP;
    let (mut sensor, mut net) = (Sensor::new(scale), Net::new(scale));
    let (mut mqtt, mut timers) = (Mqtt::default(), Timers::default());
    workload.spawn("sensor", SENSOR_PERIOD_US, move || {
        sensor.step(&SWITCHES, |message| drop(lock(&queue).push(message)));
    });
    workload.spawn("net", NET_PERIOD_US, move || net.step(&SWITCHES));
    workload.spawn("mqtt", MQTT_PERIOD_US, move || {
        mqtt.step(|| lock(&outbox).pop())
    });
    workload.spawn("timers", TIMER_TICK_US, move || timers.step(&SWITCHES));
    workload
}

impl Workload {
    /// Stops all jobs and waits for them; what they own, leaked sessions too, is freed.
    ///
    /// # Panics
    /// With the panic of a job, if one panicked.
    pub(crate) fn stop(self) {
        self.stopping.store(true, Ordering::Release);
        for thread in &self.threads {
            thread.thread().unpark();
        }
        for thread in self.threads {
            if let Err(panic) = thread.join() {
                resume_unwind(panic);
            }
        }
    }

    /// Runs `step` once every `period_us` microseconds in a thread of that `name`.
    fn spawn(&mut self, name: &str, period_us: u64, mut step: impl FnMut() + Send + 'static) {
        let stopping = Arc::clone(&self.stopping);
        let period = Duration::from_micros(period_us);
        let run = move || {
            while !stopping.load(Ordering::Acquire) {
                step();
                // An unpark that comes before this is kept: no stop is missed.
                thread::park_timeout(period);
            }
        };
        let builder = thread::Builder::new().name(name.to_owned());
        let thread = builder
            .spawn(run)
            .expect("the system has room for four more threads");
        self.threads.push(thread);
    }
}

/// Locks `queue`; a job that panicked while it held the lock left a queue that is still whole.
fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `rounds` rounds of all jobs on the calling thread without waiting, for benchmarks.
///
/// Each round is one step of every job. Equal switches give equal allocations, in the same order,
/// and nothing is left when it returns.
pub(crate) fn run_steps(rounds: usize) {
    let mut queue = Queue::new();
    let scale = &Scale::DESKTOP;
    let (mut sensor, mut net) = (Sensor::new(scale), Net::new(scale));
    let (mut mqtt, mut timers) = (Mqtt::default(), Timers::default());
    for _ in 0..rounds {
        sensor.step(&SWITCHES, |message| drop(queue.push(message)));
        net.step(&SWITCHES);
        mqtt.step(|| queue.pop());
        timers.step(&SWITCHES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn threads_bear_the_names_of_the_tasks() {
        let workload = start();
        let names: Vec<_> = workload
            .threads
            .iter()
            .filter_map(|thread| thread.thread().name())
            .collect();
        assert_eq!(names, ["sensor", "net", "mqtt", "timers"]);
        workload.stop();
    }

    #[test]
    fn stop_ends_a_job_in_the_middle_of_its_wait() {
        let mut workload = Workload {
            stopping: Arc::default(),
            threads: Vec::new(),
        };
        let (stepped, steps) = mpsc::channel();
        let an_hour = 3_600_000_000;
        workload.spawn("job", an_hour, move || {
            stepped.send(()).expect("the test listens")
        });
        steps.recv().expect("the job takes its first step at once");
        workload.stop();
        assert!(steps.recv().is_err(), "the job and what it owned are gone");
    }
}

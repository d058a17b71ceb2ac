//! The demo workload as embassy tasks.
#![no_std]

extern crate alloc;

use alloc::rc::Rc;
use core::cell::RefCell;

use embassy_executor::{SpawnError, Spawner};
use embassy_time::{Duration, Ticker};
use heapbeacon_demo::{
    HOG_PERIOD_US, Hog, MQTT_PERIOD_US, Mqtt, NET_PERIOD_US, Net, Queue, SENSOR_PERIOD_US,
    SWITCHES, Scale, Sensor, TIMER_TICK_US, Timers,
};
use heapbeacon_embassy::tasks::named;

/// Starts the tasks `sensor`, `net`, `mqtt`, `timers` and `hog`, which leaves alone the bytes that the board holds back.
///
/// # Errors
/// When they run already.
pub fn spawn(spawner: Spawner, scale: &'static Scale, reserve: usize) -> Result<(), SpawnError> {
    let queue = Rc::new(RefCell::new(Queue::new()));
    spawner.spawn(named("sensor", sensor(scale, Rc::clone(&queue))?));
    spawner.spawn(named("mqtt", mqtt(queue)?));
    spawner.spawn(named("net", net(scale)?));
    spawner.spawn(named("timers", timers()?));
    spawner.spawn(named("hog", hog(reserve)?));
    Ok(())
}

#[embassy_executor::task]
async fn sensor(scale: &'static Scale, queue: Rc<RefCell<Queue>>) {
    let mut sensor = Sensor::new(scale);
    every(SENSOR_PERIOD_US, || {
        sensor.step(&SWITCHES, |message| {
            drop(queue.borrow_mut().push(message));
        });
    })
    .await
}

#[embassy_executor::task]
async fn mqtt(queue: Rc<RefCell<Queue>>) {
    let mut mqtt = Mqtt::default();
    every(MQTT_PERIOD_US, || mqtt.step(|| queue.borrow_mut().pop())).await
}

#[embassy_executor::task]
async fn net(scale: &'static Scale) {
    let mut net = Net::new(scale);
    every(NET_PERIOD_US, || net.step(&SWITCHES)).await
}

#[embassy_executor::task]
async fn timers() {
    let mut timers = Timers::default();
    every(TIMER_TICK_US, || timers.step(&SWITCHES)).await
}

#[embassy_executor::task]
async fn hog(reserve: usize) {
    let mut hog = Hog::new(reserve);
    let mut ticker = Ticker::every(Duration::from_micros(HOG_PERIOD_US));
    loop {
        hog.step(&SWITCHES);
        ticker.next().await;
    }
}

/// Takes a step every so many microseconds, unless there is no heap to take it with.
async fn every(period_us: u64, mut step: impl FnMut()) {
    let mut ticker = Ticker::every(Duration::from_micros(period_us));
    loop {
        if !SWITCHES.is_exhausted() {
            step();
        }
        ticker.next().await;
    }
}

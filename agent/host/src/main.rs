//! Runs the workload: type the name of a switch to flip it, end the input to stop. With a number
//! as argument, runs so many rounds without waiting.

extern crate alloc;

mod workload;

use std::io::stdin;

fn main() {
    if let Some(rounds) = std::env::args()
        .nth(1)
        .and_then(|rounds| rounds.parse().ok())
    {
        return workload::run_steps(rounds);
    }
    let running: workload::Workload = workload::start();
    show();
    for line in stdin().lines().map_while(Result::ok) {
        let switch: Option<&workload::Switch> = workload::switches()
            .iter()
            .find(|switch| switch.name() == line);
        if let Some(switch) = switch {
            switch.set(!switch.is_on());
        }
        show();
    }
    running.stop();
}

fn show() {
    for switch in workload::switches() {
        let state = if switch.is_on() { "on " } else { "off" };
        println!("{state} {}: {}", switch.name(), switch.summary());
    }
}

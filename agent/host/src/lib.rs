//! HeapBeacon's agent as a Linux process, with a demo workload to look at.
//!
//! The process is laid out like a device: one fixed-size heap behind the traced allocator, a static record buffer, a fixed
//! table of tasks. It is the board to read first, and the one to try the dashboard on without any hardware.

#![recursion_limit = "256"]

extern crate alloc;

mod board;
mod flash;
mod fleet;
mod functions;
mod heap;
pub mod image;
mod line;
mod lock;
mod mdns;
mod options;
mod portal;
mod roots;
mod server;
mod socket;
pub mod stack;
mod tasks;
mod threads;
mod update;
mod workload;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;

use heapbeacon::platform::Platform;
use heapbeacon::tracer::{Error, Mode};
use options::{Options, Parsed};

pub use board::Board;
pub use heap::Heap;
pub use lock::SpinLock;

/// Does what a command line asks for, and returns how it went.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let options = match options::parse(arguments) {
        Ok(Parsed::Run(options)) => options,
        Ok(Parsed::Print(text)) => {
            // Who reads no more than the beginning closes it.
            let _ = writeln!(io::stdout(), "{text}");
            return ExitCode::SUCCESS;
        }
        Err(message) => return fail(2, &message),
    };
    match run(*options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(1, &message),
    }
}

/// Runs server and workload until the process is told to end.
fn run(options: Options) -> Result<(), String> {
    if let Some(devices) = options.devices {
        return fleet::run(devices, &options);
    }
    board::start_clock();
    image::load();
    let demo = options.demo;
    let (ready, is_ready) = mpsc::channel();
    let server = thread::Builder::new()
        .name(tasks::SERVER.to_owned())
        .spawn(move || server::run(options, ready))
        .map_err(|error| format!("can't start the server's thread: {error}"))?;
    // The workload comes last, so that a trace sees all of it.
    let workload = (is_ready.recv().is_ok() && demo).then(workload::start);
    let result = match server.join() {
        Ok(result) => result,
        Err(_) => Err("the server has panicked".to_owned()),
    };
    if let Some(workload) = workload {
        workload.stop();
    }
    result
}

fn fail(code: u8, message: &str) -> ExitCode {
    eprintln!("heapbeacon-host: {message}");
    ExitCode::from(code)
}

/// Runs the demo workload on the calling thread without waiting, with a trace if a mode is given.
///
/// # Errors
/// Those of the tracer, such as being compiled out. The record buffer can be taken once.
pub fn run_workload(rounds: usize, mode: Option<Mode>) -> Result<(), Error> {
    board::start_clock();
    image::load();
    if let Some(mode) = mode {
        let buffer = board::take_buffer().ok_or(Error::InvalidState)?;
        let taken = Board::tracer().init_standalone(buffer, None);
        taken.map_err(|refused| refused.error)?;
        Board::tracer().start(mode, Board::now_us())?;
    }
    workload::run_steps(rounds);
    Ok(())
}

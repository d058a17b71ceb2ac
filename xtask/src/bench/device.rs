//! What the agent costs on bare metal: instructions, and how it answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::qemu::{self, Machine};
use crate::system;
use crate::workspace::Workspace;

/// A figure of the program `bench`, and the most that it may be.
struct Budget {
    figure: &'static str,
    what: &'static str,
    most: u64,
}

const BUDGETS: [Budget; 8] = [
    Budget {
        figure: "walk_frame",
        what: "walk, each frame",
        most: 18,
    },
    Budget {
        figure: "walk_base",
        what: "walk, beside the frames",
        most: 40,
    },
    Budget {
        figure: "pair_100",
        what: "pair in the tracer, leaks mode, lock included, 100 live",
        most: 270,
    },
    Budget {
        figure: "pair_1000",
        what: "the same, 1,000 live",
        most: 270,
    },
    Budget {
        figure: "pair_2000",
        what: "the same, 2,000 live",
        most: 270,
    },
    Budget {
        figure: "hook_pair",
        what: "pair of whole hooks, with clock, context and a walk of 8 frames",
        most: 550,
    },
    Budget {
        figure: "scan_400k",
        what: "look at 400 KB for references",
        most: 4_000_000,
    },
    Budget {
        figure: "longest_hold",
        what: "longest hold of the lock",
        most: 3000,
    },
];
/// How much dearer a pair may be with 2,000 live blocks than with 100, in percent.
const FLAT: u64 = 20;

/// JSON has at least so many times the bytes of postcard.
const SMALLER: f64 = 3.0;
/// Boots that the time to the first answer is the median of.
const BOOTS: usize = 5;
/// How long requests are counted.
const COUNTING: Duration = Duration::from_secs(3);
/// Records in the page whose forms are compared.
const PAGE: &str = "/api/v1/trace/records?limit=64";
/// How often that is asked for: the median counts.
const SCRAPES: usize = 5;
/// Records and call stacks that the trace has at least which Prometheus and profile servers ask for.
const SCRAPED: u64 = 1000;
const SCRAPED_STACKS: u64 = 128;

/// Counts instructions on QEMU and measures how the agent answers there; returns how many figures are over their
/// budget. Time is printed and judged by nobody: it is this machine's.
///
/// # Errors
/// When something does not build or can't be measured.
pub(super) fn run(workspace: &Workspace) -> Result<usize> {
    system::ensure_programs(workspace, &[system::QEMU])?;
    let mut over = instructions(&qemu::count_instructions(workspace)?)?;
    let elf = qemu::build(workspace)?;
    let mut boots = Vec::new();
    for _ in 0..BOOTS {
        let started = Instant::now();
        let machine = Machine::boot(workspace, &elf)?;
        Connection::open(&machine)?.get("/api/v1/device")?;
        boots.push(started.elapsed());
    }
    boots.sort_unstable();
    println!("The agent on QEMU:");
    println!(
        "{:>7.2}  s from start to first answer; the budget is 0.5",
        boots[BOOTS / 2].as_secs_f64()
    );
    let machine = Machine::boot(workspace, &elf)?;
    let mut connection = Connection::open(&machine)?;
    println!(
        "{:>7.0}  requests a second for the trace's status on one connection; wanted are 300",
        rate(&mut connection)?
    );
    over += usize::from(!is_smaller(&machine)?);
    over += time_scrapes(&machine)?;
    Ok(over)
}

/// Prints each figure beside its budget and returns how many are over it.
fn instructions(output: &str) -> Result<usize> {
    let figure = |name: &str| figure(output, name);
    let mut over = 0;
    println!("Instructions on RV32, of an allocation and its free where it says pair:");
    for Budget {
        figure: name,
        what,
        most,
    } in &BUDGETS
    {
        let taken = figure(name)?;
        println!("{taken:>7}  of {most:>4}  {what}");
        over += usize::from(taken > *most);
    }
    let (few, many) = (figure("pair_100")?, figure("pair_2000")?);
    over += usize::from(many * 100 > few * (100 + FLAT));
    Ok(over)
}

/// Reads a figure: its name, a colon and the number, in a line of their own.
pub(super) fn figure(output: &str, name: &str) -> Result<u64> {
    let mut lines = output.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let value = value.with_context(|| format!("`{name}` was not measured"))?;
    value.trim().parse().context("a figure is a number")
}

/// Counts how often the status of the trace is told in a second.
fn rate(connection: &mut Connection) -> Result<f64> {
    let started = Instant::now();
    let mut answers = 0;
    while started.elapsed() < COUNTING {
        connection.get("/api/v1/trace")?;
        answers += 1;
    }
    Ok(f64::from(answers) / started.elapsed().as_secs_f64())
}

/// Compares a page of records as JSON and as postcard, of a trace that holds still.
fn is_smaller(machine: &Machine) -> Result<bool> {
    let mut connection = Connection::open(machine)?;
    connection.send("POST", "/api/v1/trace/stop")?;
    let json = connection.get(PAGE)?.len();
    let postcard = connection.get(&format!("{PAGE}&format=postcard"))?.len();
    let ratio = json as f64 / postcard as f64;
    println!(
        "{ratio:>7.2}  times the bytes in JSON ({json}) as in postcard ({postcard}), 64 records; wanted are {SMALLER}"
    );
    Ok(ratio >= SMALLER)
}

/// Prints how long it takes to tell all that tools ask for of a trace with many records; returns how many take too long.
fn time_scrapes(machine: &Machine) -> Result<usize> {
    let mut connection = Connection::open(machine)?;
    connection.send("POST", "/api/v1/trace/start?mode=all")?;
    connection.send_with("POST", "/api/v1/demo/many-stacks", r#"{"on":true}"#)?;
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut trace = String::from_utf8(connection.get("/api/v1/trace")?)?;
    while number(&trace, "count")? < SCRAPED || number(&trace, "stack_count")? < SCRAPED_STACKS {
        ensure!(
            Instant::now() < deadline,
            "there are too few records or call stacks: {trace}"
        );
        thread::sleep(Duration::from_millis(100));
        trace = String::from_utf8(connection.get("/api/v1/trace")?)?;
    }
    connection.send("POST", "/api/v1/trace/stop")?;
    let (records, stacks) = (number(&trace, "count")?, number(&trace, "stack_count")?);
    let mut over = 0;
    let paths = ["/metrics", "/debug/pprof/heap", "/debug/pprof/allocs"];
    for (path, most_ms) in paths.into_iter().zip([50, 250, 250]) {
        let mut times = [0; SCRAPES];
        let mut bytes = 0;
        for time in &mut times {
            let started = Instant::now();
            bytes = connection.get(path)?.len();
            *time = started.elapsed().as_micros();
        }
        times.sort_unstable();
        let time_us = times[SCRAPES / 2];
        println!(
            "{:>7.1}  ms for the {bytes} bytes of {path}, of {records} records and {stacks} call stacks; the budget is {most_ms}",
            time_us as f64 / 1e3
        );
        over += usize::from(time_us > most_ms * 1_000);
    }
    Ok(over)
}

/// Reads a number of an object in JSON by its name.
fn number(json: &str, name: &str) -> Result<u64> {
    let (_, value) = json
        .split_once(&format!("\"{name}\":"))
        .with_context(|| format!("`{name}` is missing in {json}"))?;
    let end = value.find(|c: char| !c.is_ascii_digit());
    value[..end.unwrap_or(value.len())]
        .parse()
        .context("it is a number")
}

/// A connection that is kept alive.
struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    fn open(machine: &Machine) -> Result<Self> {
        let host = machine.url().trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host)?;
        stream.set_nodelay(true)?;
        let stream = BufReader::new(stream);
        Ok(Self { stream, host })
    }

    fn get(&mut self, path: &str) -> Result<Vec<u8>> {
        self.send("GET", path)
    }

    /// Sends a request without a body and returns the body of the answer.
    fn send(&mut self, method: &str, path: &str) -> Result<Vec<u8>> {
        self.send_with(method, path, "")
    }

    /// Sends a request with a body in JSON, unless that is empty, and returns the body of the answer.
    fn send_with(&mut self, method: &str, path: &str, json: &str) -> Result<Vec<u8>> {
        let (host, length) = (&self.host, json.len());
        let fields = match length {
            0 => String::new(),
            _ => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
        };
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n{json}");
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status = self.line()?;
        ensure!(
            status.starts_with("HTTP/1.1 200"),
            "{method} {path}: {status}"
        );
        let mut length = None;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = Some(value.trim().parse()?);
            }
        }
        match length {
            Some(length) => self.exactly(length),
            None => self.chunks(),
        }
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(&self.line()?, 16)?;
            body.append(&mut self.exactly(length)?);
            self.line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "walk_frame: 18\nwalk_base: 40\npair_100: 225\npair_1000: 235\npair_2000: 270\nhook_pair: 550\nscan_400k: 4000000\nlongest_hold: 2999\n";

    #[test]
    fn figures_within_their_budgets_are_fine() {
        assert_eq!(instructions(OUTPUT).expect("all are there"), 0);
    }

    #[test]
    fn a_figure_over_its_budget_and_a_cost_that_rises_are_counted() {
        let dear = OUTPUT
            .replace("walk_frame: 18", "walk_frame: 19")
            .replace("pair_100: 225", "pair_100: 224");
        assert_eq!(instructions(&dear).expect("all are there"), 2);
    }

    #[test]
    fn a_figure_that_is_missing_is_an_error() {
        assert!(instructions("walk_frame: 1\n").is_err());
    }
}

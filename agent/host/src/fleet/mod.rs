//! A fleet: one process that stands in for many devices, each with its port, identity and workload.
//!
//! What allocates is simulated, and a heap is figures only; tracer, verdicts and HTTP server are those of a device. So what scrapes a
//! fleet can be tried, and measured, without one.

mod board;
mod heap;
mod workload;

use std::fmt::Write;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use heapbeacon::Recorder;
use heapbeacon::http::{self, Asset, Guard, Memory, Server};
use heapbeacon::tracer::EventRing;
use picoserve::time::TokioTimer;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::MissedTickBehavior;

use crate::mdns::Responder;
use crate::options::Options;
use crate::server::{self, Ends};
use crate::socket::Connection;
use crate::tasks;
use board::{Board, SOCKETS, StandIn, VIEWERS};
use workload::STEP_US;

/// Bytes of one request's line and headers, and of what is gathered of an answer.
const HEAD_BYTES: usize = 2048;
const OUT_BYTES: usize = 2048;
/// Events that each keeps for a viewer.
const EVENTS: usize = 64;

type Agent = &'static Server<Board>;

/// Stands in for so many devices until the process is told to end.
///
/// # Errors
/// A sentence on what could not be started.
pub(crate) fn run(devices: u16, options: &Options) -> Result<(), String> {
    tasks::enter_server();
    let speed = options.speed.unwrap_or(1);
    board::start_clock(speed);
    let assets = server::assets(options)?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("can't start the server: {error}"))?;
    LocalSet::new().block_on(&runtime, async {
        let mut ends = Ends::listen()?;
        let fleet = Fleet::start(devices, options, assets).await?;
        let _responder = match options.mdns {
            true => Some(fleet.advertise(options.listen.ip())?),
            false => None,
        };
        if let Some(file) = &options.targets {
            fleet.write_targets(file)?;
        }
        println!("{}", fleet.told());
        tokio::select! {
            () = fleet.live(speed) => {}
            () = ends.wait() => {}
        }
        Ok(())
    })
}

async fn listen(first: SocketAddr, index: u16) -> std::io::Result<TcpListener> {
    let port = match first.port() {
        0 => 0,
        // The command line was checked for that.
        port => port.saturating_add(index),
    };
    TcpListener::bind(SocketAddr::new(first.ip(), port)).await
}

fn agent(stand_in: &StandIn, guard: Guard, assets: &'static [Asset]) -> Agent {
    let memory = Box::leak(Box::new(Memory::<SOCKETS, 1, VIEWERS>::new()));
    let events = Box::leak(Box::new(EventRing::<EVENTS>::new()));
    let recorder = Recorder::of_lent(stand_in.memory(), events);
    Box::leak(Box::new(Server::new(recorder, assets, guard, memory)))
}

/// Serves whoever connects. Who comes while all sockets are taken waits for one, as before a device with a backlog.
async fn accept(stand_in: &'static StandIn, agent: Agent, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let socket = stand_in.socket().await;
                spawn_local(stand_in.scope(async move {
                    serve(agent, stream).await;
                    stand_in.give_back(socket);
                }));
            }
            // Out of descriptors, or the peer has gone again: the next one may fare better.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn serve(agent: Agent, stream: TcpStream) {
    let mut head = vec![0; HEAD_BYTES];
    let mut out = vec![0; OUT_BYTES];
    // Without it, an answer waits for the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let connection = Connection::new(stream, &mut out);
    http::serve(agent, &TokioTimer, &mut head, connection).await;
}

/// Stand-ins that run.
struct Fleet(Vec<&'static StandIn>);

impl Fleet {
    /// Starts stand-ins at consecutive ports from that of `--listen` on, or at free ones where that is 0.
    async fn start(
        devices: u16,
        options: &Options,
        assets: &'static [Asset],
    ) -> Result<Self, String> {
        let descriptors = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(0);
        let mut stand_ins = Vec::new();
        for index in 0..devices {
            let listener = listen(options.listen, index).await.map_err(|error| {
                format!(
                    "can't listen for device {} of {devices}, from {} on: {error}; choose another port with --listen, or \
                     fewer devices (this process may have {descriptors} files open)",
                    index + 1,
                    options.listen,
                )
            })?;
            let address = listener
                .local_addr()
                .map_err(|error| format!("can't tell where a device listens: {error}"))?;
            let stand_in = StandIn::new(index, address)
                .map_err(|error| format!("can't start tracing: {error}"))?;
            let agent = agent(stand_in, server::guard(options, stand_in.name()), assets);
            spawn_local(accept(stand_in, agent, listener));
            stand_ins.push(stand_in);
        }
        Ok(Self(stand_ins))
    }

    /// Lives on, for ever, so many times as fast as the clock on the wall.
    async fn live(&self, speed: u32) {
        let mut ticks = tokio::time::interval(Duration::from_micros(STEP_US) / speed);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            self.0.iter().for_each(|stand_in| stand_in.catch_up());
        }
    }

    /// Says by mDNS where each is.
    fn advertise(&self, ip: IpAddr) -> Result<Responder, String> {
        let responder = Responder::start(ip)?;
        for stand_in in &self.0 {
            let build_id = stand_in.build_id().text();
            responder.advertise(stand_in.name(), stand_in.address(), &build_id)?;
        }
        Ok(responder)
    }

    /// Returns a sentence on where it is reached.
    fn told(&self) -> String {
        let address = |stand_in: Option<&&StandIn>| {
            let address = stand_in.map(|stand_in| stand_in.address().to_string());
            address.unwrap_or_default()
        };
        let (first, last) = (address(self.0.first()), address(self.0.last()));
        format!(
            "{} devices listen, the first on http://{first}, the last on http://{last}",
            self.0.len()
        )
    }

    /// Writes where each is reached, as Prometheus reads it (`file_sd_configs`).
    fn write_targets(&self, file: &Path) -> Result<(), String> {
        let mut text = String::from("[");
        for (index, stand_in) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let (address, name) = (stand_in.address(), stand_in.name());
            // Neither an address nor such a name has anything to escape.
            let _ = write!(
                text,
                "{comma}\n{{\"targets\":[\"{address}\"],\"labels\":{{\"device\":\"{name}\"}}}}"
            );
        }
        text += "\n]\n";
        // Prometheus may be reading: so the file is replaced, not written over.
        let beside = file.with_extension("new");
        fs::write(&beside, text)
            .and_then(|()| fs::rename(&beside, file))
            .map_err(|error| format!("can't write {}: {error}", file.display()))
    }
}

//! The server: a fixed number of connections at a time on one thread.

use std::net::SocketAddr;
use std::sync::mpsc::Sender;
use std::time::Duration;

use heapbeacon::Recorder;
use heapbeacon::history;
use heapbeacon::http::{Asset, Guard, Memory, Server};
use heapbeacon::platform::{Device, Platform};
use heapbeacon::tracer::{Error, Mode};
use heapbeacon_bundle::Effort;
use heapbeacon_flash_sim::Flash;
use heapbeacon_shared::trace::{Destination, Settings};
use static_cell::ConstStaticCell;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{LocalSet, spawn_local, yield_now};
use tokio::time::MissedTickBehavior;

use crate::board::{self, Board};
use crate::flash::FileFlash;
use crate::line::{Entrance, Line};
use crate::mdns::{self, Responder};
use crate::options::Options;
use crate::{portal, tasks, update};

/// Connections that are open at a time. All may be answered at once: here, memory is no matter.
const CONNECTIONS: usize = 256 + VIEWERS;
/// Those of them that may be told of events.
const VIEWERS: usize = 4;
/// Sectors of memory that settings are kept in, where no file is named.
const SETTINGS_SECTORS: usize = 4;

/// Serves until the process is told to end; says when it is `ready`.
///
/// # Errors
/// A sentence on what could not be started.
pub(crate) fn run(options: Options, ready: Sender<()>) -> Result<(), String> {
    tasks::enter_server();
    let assets = assets(&options)?;
    let settings = keep_settings(&options)?;
    if let (Some(file), Some(key)) = (&options.flash, options.update_key) {
        update::start(file, key)?;
    }
    let name = board::called(&settings);
    let agent = agent(&options, &name, assets)?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("can't start the server: {error}"))?;
    LocalSet::new().block_on(&runtime, async {
        let mut ends = Ends::listen()?;
        let listener = listen(options.listen).await?;
        let address = listener
            .local_addr()
            .map_err(|error| format!("can't tell where the server listens: {error}"))?;
        board::set_up(address, options.demo);
        let line = serve(agent, listener).await;
        if let Some(interface) = options.portal {
            portal::start(interface, options.networks, address, line)?;
        }
        let _responder = match options.mdns {
            true => Some(advertise(&name, address)?),
            false => None,
        };
        let max = agent.recorder().max_records();
        let (mode, wished) = settings.boot_trace(options.start, max);
        start(agent.recorder(), mode, wished.or(options.records))?;
        println!("listening on http://{address}");
        // The receiver waits for nothing else, and can't have gone.
        let _ = ready.send(());
        ends.wait().await;
        Ok(())
    })
}

/// Reads the settings, in the file that the command line names, or else in memory.
fn keep_settings(options: &Options) -> Result<Settings, String> {
    Ok(match &options.flash {
        Some(file) => board::keep_settings(FileFlash::open(file)?),
        None => board::keep_settings(Flash::new(SETTINGS_SECTORS)),
    })
}

fn agent(
    options: &Options,
    name: &str,
    assets: &'static [Asset],
) -> Result<&'static Server<Board>, String> {
    let buffer = board::take_buffer().ok_or("the server runs already")?;
    // Too much for a stack, which a box would be filled by way of.
    static MEMORY: ConstStaticCell<Memory<CONNECTIONS, CONNECTIONS, VIEWERS>> =
        ConstStaticCell::new(Memory::new());
    let memory = MEMORY.try_take().ok_or("the server runs already")?;
    let agent = Server::new(
        Recorder::new(buffer, &board::EVENTS_TO_HOST),
        assets,
        guard(options, name),
        memory,
    );
    Ok(Box::leak(Box::new(agent)))
}

/// Says by mDNS where the agent of this process is.
fn advertise(name: &str, address: SocketAddr) -> Result<Responder, String> {
    let responder = Responder::start(address.ip())?;
    let build_id = Board::describe().build_id.text();
    responder.advertise(name, address, &build_id)?;
    Ok(responder)
}

/// Returns whom the command line admits to a device that is called so.
pub(crate) fn guard(options: &Options, name: &str) -> Guard {
    let own = options.mdns.then(|| mdns::host_name(name));
    let hosts: Vec<_> = options.hosts.iter().cloned().chain(own).collect();
    Guard {
        hosts: leak(&hosts),
        origins: leak(&options.origins),
        token: options.token.clone().map(|token| &*token.leak()),
    }
}

/// Reads the dashboard's files, if the command line names a folder.
///
/// # Errors
/// A sentence on what can't be read.
pub(crate) fn assets(options: &Options) -> Result<&'static [Asset], String> {
    Ok(match &options.dashboard {
        Some(folder) => keep(heapbeacon_bundle::load(folder, Effort::Quick)?),
        None => &[],
    })
}

/// Keeps the dashboard's files for as long as the process runs.
fn keep(files: Vec<heapbeacon_bundle::File>) -> &'static [Asset] {
    let assets: Vec<_> = files
        .into_iter()
        .map(|file| Asset {
            path: file.path.leak(),
            content_type: file.content_type.leak(),
            gzip: file.gzip.leak(),
            etag: file.etag.leak(),
        })
        .collect();
    assets.leak()
}

fn leak(texts: &[String]) -> &'static [&'static str] {
    let texts: Vec<_> = texts.iter().map(|text| &*text.clone().leak()).collect();
    texts.leak()
}

async fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| {
        format!("can't listen on {address}: {error}; choose another address with --listen")
    })
}

fn start(
    recorder: &Recorder<Board>,
    mode: Option<Mode>,
    records: Option<u32>,
) -> Result<(), String> {
    let Some(mode) = mode else { return Ok(()) };
    recorder
        .init(Destination::Standalone, records)
        .and_then(|()| Board::tracer().start(mode, Board::now_us()))
        .map(|_| ())
        .map_err(|error| match error {
            Error::InvalidArg => format!("--records takes at most {}", recorder.max_records()),
            error => format!("can't start tracing: {error}"),
        })
}

/// Starts the server's tasks, and lets them allocate all that they ever need.
async fn serve(agent: &'static Server<Board>, listener: TcpListener) -> &'static Line {
    let line: &'static Line = Box::leak(Box::new(Line::new(CONNECTIONS)));
    for _ in 0..CONNECTIONS {
        spawn_local(line.serve(agent));
    }
    spawn_local(line.accept(listener, Entrance::Network));
    spawn_local(keep_history());
    spawn_local(settle_update());
    yield_now().await;
    line
}

/// Samples the heap for its history, for ever.
async fn keep_history() {
    let mut ticks = tokio::time::interval(Duration::from_micros(history::PERIOD_US));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        heapbeacon::sample::<Board>();
    }
}

/// Sees how an update goes, until it is over. A process has a network from its start.
async fn settle_update() {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    while !update::is_settled(Board::now_us()) {
        ticks.tick().await;
    }
}

/// The signals that end the process.
pub(crate) struct Ends {
    terminate: Signal,
    interrupt: Signal,
}

impl Ends {
    /// Begins to listen for them.
    ///
    /// # Errors
    /// A sentence, when the system refuses that.
    pub(crate) fn listen() -> Result<Self, String> {
        let listen =
            |kind| signal(kind).map_err(|error| format!("can't wait for signals: {error}"));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Waits for the first of them.
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

//! HeapBeacon's agent on QEMU's RISC-V machine `virt`: what runs on a chip, without the chip.
#![no_std]
#![no_main]
#![recursion_limit = "256"]

use embassy_executor::{Executor, Spawner};
use embassy_net::{DhcpConfig, Runner, Stack, StackResources};
use embassy_time::{Duration, Ticker};
use heapbeacon::Recorder;
use heapbeacon::hooks::TracedHeap;
use heapbeacon::http::{Guard, Server};
use heapbeacon::platform::{Device, Platform};
use heapbeacon::tracer::{Error, Mode};
use heapbeacon_demo::Scale;
use heapbeacon_embassy::backlog::Backlog;
use heapbeacon_embassy::server::{PORT, Socket};
use heapbeacon_embassy::tasks::named;
use heapbeacon_embassy::{history, network, reserve, restart, server};
use heapbeacon_embassy_demo as demo;
use heapbeacon_qemu_virt::board::{self, Board};
use heapbeacon_qemu_virt::heap::Regions;
use heapbeacon_qemu_virt::parameters::{self, Variant};
use heapbeacon_qemu_virt::virtio_net::Card;
use heapbeacon_qemu_virt::watchdog::Watchdog;
use heapbeacon_qemu_virt::{console, flash, interrupts, keep, println, storm, update, ways};
use heapbeacon_shared::trace::{Destination, Settings};
use static_cell::StaticCell;

#[global_allocator]
static HEAP: TracedHeap<Regions, Board> = TracedHeap::new(Regions);

/// What the device is called in its network.
const HOST: &str = "heapbeacon";
/// Sockets: the server's, DHCP's, and that of mDNS.
const SOCKETS: usize = server::SOCKETS + 1 + cfg!(feature = "mdns") as usize;
/// What of the heap is held back for frames.
const RESERVE: usize = 12 * 1024;
/// How often the watchdog is told that the executor runs.
const FEED: Duration = Duration::from_secs(1);

/// Runs the executor for ever.
#[riscv_rt::entry]
fn main(_hart: usize, _tree: usize, handed: usize) -> ! {
    interrupts::start();
    keep::begin();
    if parameters::variant() == Some(Variant::Hang) {
        critical_section::with(|_| {
            loop {
                riscv::asm::wfi();
            }
        });
    }
    flash::begin();
    update::begin(handed);
    static EXECUTOR: StaticCell<Executor> = StaticCell::new();
    EXECUTOR.init(Executor::new()).run(|spawner| {
        spawner.spawn(named("start", start(spawner).expect("it is spawned once")));
    })
}

#[embassy_executor::task]
async fn start(spawner: Spawner) {
    assert_ne!(parameters::variant(), Some(Variant::Panic));
    static AGENT: StaticCell<Server<Board>> = StaticCell::new();
    static RESOURCES: StaticCell<StackResources<SOCKETS>> = StaticCell::new();
    let card = Card::find().expect("start QEMU with `-device virtio-net-device`");
    let buffer = board::take_buffer().expect("it is taken once");
    // Behind QEMU's port forwarding, only this machine can connect.
    let guard = Guard {
        hosts: &[HOST],
        ..Guard::default()
    };
    let agent = Server::new(
        Recorder::new(buffer, &board::EVENTS_TO_HOST),
        heapbeacon_dashboard_bundle::ASSETS,
        guard,
        server::take_memory().expect("it is taken once"),
    );
    let agent: &Server<Board> = AGENT.init(agent);
    let mut dhcp = DhcpConfig::default();
    dhcp.hostname = HOST.try_into().ok();
    let seed = Board::now_us() | 1;
    let config = embassy_net::Config::dhcpv4(dhcp);
    let (network, runner) = embassy_net::new(
        Backlog::new(card),
        config,
        RESOURCES.init(StackResources::new()),
        seed,
    );
    board::set_boot_id(seed as u32);
    if parameters::variant() != Some(Variant::NoNetwork) {
        spawner.spawn(named(
            "network",
            run_network(runner).expect("it is spawned once"),
        ));
    }
    for socket in server::open(network, PORT).expect("they are made once") {
        spawner.spawn(named(
            "http",
            serve(agent, socket).expect("the pool has that many"),
        ));
    }
    begin_trace(agent.recorder()).expect("the buffer is large enough");
    spawner.spawn(named(
        "reserve",
        keep_reserve().expect("it is spawned once"),
    ));
    spawner.spawn(named(
        "history",
        keep_history().expect("it is spawned once"),
    ));
    spawner.spawn(named(
        "restart",
        keep_restarting().expect("it is spawned once"),
    ));
    spawner.spawn(named("trial", watch_trial().expect("it is spawned once")));
    spawner.spawn(named(
        "watchdog",
        feed_watchdog().expect("it is spawned once"),
    ));
    #[cfg(feature = "mdns")]
    spawner.spawn(named(
        "mdns",
        say_where(network).expect("it is spawned once"),
    ));
    spawner.spawn(named("storm", run_storm().expect("it is spawned once")));
    spawner.spawn(named("ways", go_ways().expect("it is spawned once")));
    if parameters::variant() == Some(Variant::Mended) {
        mend();
    }
    demo::spawn(spawner, &Scale::ROOMY_DEVICE, RESERVE).expect("it is spawned once");
    follow(network).await
}

/// Has the workload leak no session.
fn mend() {
    let mut switches = Board::switches().iter();
    if let Some(leak) = switches.find(|switch| switch.name() == "session-leak") {
        leak.set(false);
    }
}

/// Traces leaks, or as the settings have it.
fn begin_trace(recorder: &Recorder<Board>) -> Result<(), Error> {
    let settings = Board::settings().map(|store| store.get(Settings::clone));
    let settings = settings.unwrap_or_default();
    let (mode, records) = settings.boot_trace(Some(Mode::Leaks), recorder.max_records());
    recorder.init(Destination::Standalone, records)?;
    match mode {
        Some(mode) => Board::tracer().start(mode, Board::now_us()).map(drop),
        None => Ok(()),
    }
}

/// Prints when the network comes and goes.
async fn follow(stack: Stack<'static>) {
    loop {
        match network::await_address(stack).await {
            Some(address) => println!("listening on http://{address}:{PORT}"),
            None => println!("there is no IPv4 address"),
        }
        network::await_loss(stack).await;
        println!("the network is gone");
    }
}

#[embassy_executor::task]
async fn keep_reserve() {
    reserve::keep::<Board>(RESERVE).await
}

#[embassy_executor::task]
async fn keep_history() -> ! {
    history::keep::<Board>().await
}

#[embassy_executor::task]
async fn keep_restarting() -> ! {
    restart::wait::<Board>().await;
    console::reset()
}

#[embassy_executor::task]
async fn watch_trial() {
    update::watch().await
}

/// Says by mDNS where the device is.
#[cfg(feature = "mdns")]
#[embassy_executor::task]
async fn say_where(network: Stack<'static>) {
    heapbeacon_embassy::mdns::keep::<Board>(network, PORT).await
}

/// Feeds the watchdog as long as the executor runs, if it was started.
#[embassy_executor::task]
async fn feed_watchdog() {
    let started = Watchdog::find().filter(Watchdog::is_started);
    if let Some(watchdog) = started {
        let mut ticker = Ticker::every(FEED);
        loop {
            watchdog.feed();
            ticker.next().await;
        }
    }
}

#[embassy_executor::task]
async fn run_storm() -> ! {
    storm::run().await
}

#[embassy_executor::task]
async fn go_ways() -> ! {
    ways::run().await
}

#[embassy_executor::task]
async fn run_network(mut runner: Runner<'static, Backlog<Card>>) {
    runner.run().await
}

#[embassy_executor::task(pool_size = server::SOCKETS)]
async fn serve(agent: &'static Server<Board>, socket: Socket) -> ! {
    socket.serve(agent).await
}

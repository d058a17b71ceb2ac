//! The agent's tasks.

use core::fmt::Write;
use core::net::Ipv4Addr;

use embassy_executor::Spawner;
use embassy_net::Stack;
use embassy_time::{Duration, with_timeout};
use esp_hal::rng::Rng;
use esp_hal::system::software_reset;
use heapbeacon::Recorder;
use heapbeacon::http::{Asset, Guard, Server};
use heapbeacon::platform::Device;
use heapbeacon::read::bodies;
use heapbeacon::tracer::EventRing;
use heapbeacon_embassy::network::{await_address, await_loss};
use heapbeacon_embassy::server::{self, PORT, Socket};
use heapbeacon_embassy::tasks::named;
use heapbeacon_embassy::{history, reserve, restart};
use heapbeacon_shared::api::SettingsState;
use heapbeacon_shared::trace::Settings;
use static_cell::StaticCell;

use crate::board::Board;
use crate::setup::{SETUP, Setup};
use crate::{Access, Config, Network, SOCKETS, StartError, thread, trace, warnings};

/// How often it is said where the agent listens, and at which distance.
const REMINDERS: usize = 10;
const REMIND_AFTER: Duration = Duration::from_secs(30);

/// Hexadecimal digits of a token that the device makes up: 128 bits.
const TOKEN_DIGITS: usize = 32;

/// Events that to-host mode keeps until they are read: a viewer may be that far behind.
const EVENTS: usize = 128;

type Token = heapless::String<TOKEN_DIGITS>;

/// Where events go in to-host mode.
pub(crate) static EVENTS_TO_HOST: EventRing<EVENTS> = EventRing::new();
static AGENT: StaticCell<Server<Board>> = StaticCell::new();
static TOKEN: StaticCell<Token> = StaticCell::new();

/// Starts the agent: API and dashboard on a port of the network. [`trace`](crate::trace()) has begun the trace.
///
/// Call it once, on the executor's thread, when Wi-Fi has been started: tokens are made of radio noise. The agent says on
/// the console where it listens and who may come in, with the token if it had to make one up; and what the firmware lacks
/// for a good trace ([`Warning`](heapbeacon_shared::api::Warning)).
///
/// # Errors
/// See [`StartError`].
pub fn start(spawner: Spawner, network: Network, config: Config) -> Result<(), StartError> {
    let records = trace::RECORDS.try_get().ok_or(StartError::Untraced)?;
    let rng = Rng::new();
    let boot_id = rng.random();
    let setup = Setup { config, boot_id };
    SETUP.init(setup).map_err(|_| StartError::Twice)?;
    let config = &SETUP.try_get().ok_or(StartError::Twice)?.config;
    thread::remember_executor_thread();
    warnings::note_task();
    let token = token(config.access, &rng);
    let guard = Guard {
        hosts: config.hosts,
        origins: config.origins,
        token: token.filter(|_| config.access != Access::NewToken || !has_kept_token()),
    };
    let memory = server::take_memory().ok_or(StartError::Twice)?;
    let agent = Server::new(
        Recorder::of_lent(records.clone(), &EVENTS_TO_HOST),
        dashboard(),
        guard,
        memory,
    );
    let agent: &Server<Board> = AGENT.init(agent);
    spawn(spawner, network, agent, token, config).ok_or(StartError::Twice)?;
    for warning in bodies::device(agent.recorder()).warnings {
        (config.console)(format_args!("HeapBeacon warns: {}", warning.message()));
    }
    Ok(())
}

/// Returns the dashboard's files, if they are wanted.
fn dashboard() -> &'static [Asset] {
    #[cfg(feature = "dashboard")]
    return heapbeacon_dashboard_bundle::ASSETS;
    #[cfg(not(feature = "dashboard"))]
    &[]
}

fn spawn(
    spawner: Spawner,
    network: Network,
    agent: &'static Server<Board>,
    token: Option<&'static str>,
    config: &'static Config,
) -> Option<()> {
    // What of the firmware's own sockets is unknown; if smoltcp panics now, this is the last line.
    (config.console)(format_args!(
        "HeapBeacon takes {} sockets of the network's `StackResources`",
        SOCKETS
    ));
    #[cfg(feature = "provisioning")]
    if let Some(access_point) = network.access_point {
        spawner.spawn(named("guests", serve_guests(access_point.stack).ok()?));
    }
    for (index, socket) in server::open(network.stack, config.port)?.enumerate() {
        let socket = lend(network, index, socket);
        spawner.spawn(named("http", serve(agent, socket).ok()?));
    }
    spawner.spawn(named("reserve", keep_reserve(config.reserve).ok()?));
    spawner.spawn(named("history", keep_history().ok()?));
    spawner.spawn(named("restart", keep_restarting().ok()?));
    #[cfg(feature = "mdns")]
    spawner.spawn(named("mdns", say_where(network.stack, config.port).ok()?));
    #[cfg(feature = "update")]
    spawner.spawn(named("trial", watch_trial().ok()?));
    spawner.spawn(named("follow", follow(network.stack, token, config).ok()?));
    Some(())
}

/// Lends the first sockets to guests of the access point.
#[cfg(feature = "provisioning")]
fn lend(network: Network, index: usize, socket: Socket) -> Socket {
    match network.access_point {
        Some(access_point) if index < server::GUESTS => socket.for_guests(access_point.stack),
        _ => socket,
    }
}

#[cfg(not(feature = "provisioning"))]
fn lend(_: Network, _: usize, socket: Socket) -> Socket {
    socket
}

fn token(access: Access, rng: &Rng) -> Option<&'static str> {
    match access {
        Access::Token(token) => Some(token),
        Access::Everybody => None,
        Access::NewToken if has_kept_token() => None,
        Access::NewToken => {
            let mut token = Token::new();
            for _ in 0..TOKEN_DIGITS / 8 {
                // There is room for all of them.
                let _ = write!(token, "{:08x}", rng.random());
            }
            let token = &**TOKEN.init(token);
            // What is kept holds instead, and for good.
            keep(token);
            Some(token)
        }
    }
}

/// Checks whether the device keeps a token, which holds instead of any other.
fn has_kept_token() -> bool {
    let store = Board::settings();
    store.is_some_and(|store| store.get(|settings| !settings.secrets.control_token.is_empty()))
}

/// Keeps a token for the boots to come, if the device keeps settings.
fn keep(token: &str) {
    let Some(store) = Board::settings() else {
        return;
    };
    // What a firmware of another version has stored is left to it.
    if store.state() == SettingsState::Unknown {
        return;
    }
    let mut settings = store.get(Settings::clone);
    // It is shorter.
    settings.secrets.control_token = token.try_into().unwrap_or_default();
    // What could not be stored holds until the next reset, as is said then.
    let _ = store.set(settings);
}

#[embassy_executor::task(pool_size = server::SOCKETS)]
async fn serve(agent: &'static Server<Board>, socket: Socket) -> ! {
    socket.serve(agent).await
}

#[cfg(feature = "provisioning")]
#[embassy_executor::task]
async fn serve_guests(access_point: Stack<'static>) {
    heapbeacon_embassy::guests::serve::<Board>(access_point).await;
}

#[embassy_executor::task]
async fn keep_reserve(bytes: usize) {
    reserve::keep::<Board>(bytes).await
}

#[embassy_executor::task]
async fn keep_history() -> ! {
    history::keep::<Board>().await
}

#[embassy_executor::task]
async fn keep_restarting() -> ! {
    restart::wait::<Board>().await;
    software_reset()
}

#[cfg(feature = "mdns")]
#[embassy_executor::task]
async fn say_where(network: Stack<'static>, port: u16) {
    heapbeacon_embassy::mdns::keep::<Board>(network, port).await
}

#[cfg(feature = "update")]
#[embassy_executor::task]
async fn watch_trial() {
    crate::update::watch().await
}

/// Prints who may come in.
fn announce(config: &Config, token: Option<&'static str>) {
    let say = config.console;
    match (config.access, token) {
        (Access::NewToken, Some(token)) if has_kept_token() => say(format_args!(
            "HeapBeacon's token, which it keeps and does not print at its next start: {token}"
        )),
        (Access::NewToken, Some(token)) => say(format_args!(
            "HeapBeacon's token until the next reset: {token}"
        )),
        _ if has_kept_token() => say(format_args!("HeapBeacon wants the token that it keeps")),
        (Access::Token(_), _) => say(format_args!(
            "HeapBeacon wants the token that it was built with"
        )),
        _ => say(format_args!("HeapBeacon answers everybody in its network")),
    }
}

/// Prints where the agent listens.
fn locate(config: &Config, address: Option<Ipv4Addr>) {
    let say = config.console;
    match (address, config.port) {
        (None, _) => say(format_args!("HeapBeacon has no IPv4 address")),
        (Some(address), PORT) => say(format_args!("HeapBeacon listens on http://{address}")),
        (Some(address), port) => say(format_args!(
            "HeapBeacon listens on http://{address}:{port}"
        )),
    }
    if let Some(name) = bodies::local_name::<Board>() {
        say(format_args!("HeapBeacon is {name}.local in its network"));
    }
}

/// Prints when the network comes and goes; where and to whom the agent answers more than once, because
/// a console is often opened after the device has started.
#[embassy_executor::task]
async fn follow(stack: Stack<'static>, token: Option<&'static str>, config: &'static Config) -> ! {
    loop {
        let address = await_address(stack).await;
        for _ in 0..REMINDERS {
            locate(config, address);
            announce(config, token);
            let loss = with_timeout(REMIND_AFTER, await_loss(stack));
            if loss.await.is_ok() {
                break;
            }
        }
        await_loss(stack).await;
        (config.console)(format_args!("HeapBeacon has lost its network"));
    }
}

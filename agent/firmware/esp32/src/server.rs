//! The agent's tasks.

use core::fmt::Write;

use embassy_executor::Spawner;
use embassy_net::Stack;
use embassy_time::{Duration, with_timeout};
use esp_hal::rng::Rng;
use esp_println::println;
use heapbeacon::http::Guard;
use heapbeacon::platform::Platform;
use heapbeacon::tracer::Buffer;
use heapbeacon::{Agent, tracer};
use heapbeacon_embassy::network;
use heapbeacon_embassy::server::{self, Line};
use heapbeacon_embassy::tasks::named;
use heapbeacon_shared::api::Destination;
use static_cell::StaticCell;

use crate::board::{Board, EVENTS_TO_HOST, SETUP, Setup};
use crate::{Access, Config, thread};

/// How often it is said where the agent listens, and at which distance.
const REMINDERS: usize = 10;
const REMIND_AFTER: Duration = Duration::from_secs(30);

/// Hexadecimal digits of a token that the device makes up: 128 bits.
const TOKEN_DIGITS: usize = 32;

type Token = heapless::String<TOKEN_DIGITS>;

static AGENT: StaticCell<Agent<Board>> = StaticCell::new();
static TOKEN: StaticCell<Token> = StaticCell::new();

/// What keeps the agent from starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// It has been started before.
    Twice,
    /// The record buffer is of no use: it holds no record, or is in RAM that interrupts may not touch.
    Buffer(tracer::Error),
}

impl core::fmt::Display for StartError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Twice => f.write_str("the agent runs already: start it once"),
            Self::Buffer(error) => write!(
                f,
                "the record buffer can't be used ({}): make it larger, and a static outside of PSRAM",
                error.code()
            ),
        }
    }
}

impl core::error::Error for StartError {}

/// Starts the agent: API and dashboard on port 80 of the network, and the trace that `config` asks for.
///
/// Call it once, on the executor's thread, when Wi-Fi has been started: tokens are made of radio noise. The network
/// needs room for [`SOCKETS`](crate::SOCKETS) sockets beside the firmware's own. The agent says on the console where it
/// listens and who may come in, with the token if it had to make one up.
///
/// # Errors
/// See [`StartError`]. After [`StartError::Buffer`] the API runs, without a trace.
pub fn start(
    spawner: Spawner,
    network: Stack<'static>,
    records: Buffer,
    config: Config,
) -> Result<(), StartError> {
    let rng = Rng::new();
    let boot_id = rng.random();
    let setup = Setup { config, boot_id };
    SETUP.init(setup).map_err(|_| StartError::Twice)?;
    thread::is_executors();
    let guard = Guard {
        hosts: config.hosts,
        origins: config.origins,
        token: token(config.access, &rng),
    };
    let agent = Agent::new(
        records,
        &EVENTS_TO_HOST,
        server::DASHBOARD,
        guard,
        server::PLACES,
    );
    let agent: &Agent<Board> = AGENT.init(agent);
    spawn(spawner, network, agent, config.access, guard.token).ok_or(StartError::Twice)?;
    trace(agent, &config).map_err(StartError::Buffer)
}

fn trace(agent: &Agent<Board>, config: &Config) -> Result<(), tracer::Error> {
    agent.init(Destination::Standalone, None)?;
    match config.mode {
        Some(mode) => Board::tracer().start(mode, Board::now_us()).map(drop),
        None => Ok(()),
    }
}

fn spawn(
    spawner: Spawner,
    network: Stack<'static>,
    agent: &'static Agent<Board>,
    access: Access,
    token: Option<&'static str>,
) -> Option<()> {
    let line = Line::open(spawner, network)?;
    for _ in 0..server::TASKS {
        spawner.spawn(named("http", serve(agent, line).ok()?));
    }
    spawner.spawn(named("follow", follow(network, access, token).ok()?));
    Some(())
}

fn token(access: Access, rng: &Rng) -> Option<&'static str> {
    match access {
        Access::Token(token) => Some(token),
        Access::Everybody => None,
        Access::NewToken => {
            let mut token = Token::new();
            for _ in 0..TOKEN_DIGITS / 8 {
                // There is room for all of them.
                let _ = write!(token, "{:08x}", rng.random());
            }
            Some(TOKEN.init(token))
        }
    }
}

#[embassy_executor::task(pool_size = server::TASKS)]
async fn serve(agent: &'static Agent<Board>, line: &'static Line) -> ! {
    line.serve(agent).await
}

/// Says on the console who may come in.
fn announce(access: Access, token: Option<&'static str>) {
    match (access, token) {
        (Access::NewToken, Some(token)) => {
            println!("HeapBeacon's token until the next reset: {token}")
        }
        (Access::Token(_), _) => println!("HeapBeacon wants the token that it was built with"),
        _ => println!("HeapBeacon answers everybody in its network"),
    }
}

/// Says on the console when the network comes and goes; where and to whom the agent answers more than once, because
/// a console is often opened after the device has started.
#[embassy_executor::task]
async fn follow(stack: Stack<'static>, access: Access, token: Option<&'static str>) -> ! {
    loop {
        let address = network::await_address(stack).await;
        for _ in 0..REMINDERS {
            match address {
                Some(address) => println!("HeapBeacon listens on http://{address}"),
                None => println!("HeapBeacon has no IPv4 address"),
            }
            announce(access, token);
            let loss = with_timeout(REMIND_AFTER, network::await_loss(stack));
            if loss.await.is_ok() {
                break;
            }
        }
        network::await_loss(stack).await;
        println!("HeapBeacon has lost its network");
    }
}

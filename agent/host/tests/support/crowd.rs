//! Crowds of clients that hold on to an agent's connections, each kind in a way of its own.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};

use super::client::{Client, api};
use super::raw::{post, request};
use super::{await_some, await_that};

/// How long a client that was thrown out waits before it comes again.
const PAUSE: Duration = Duration::from_millis(250);
/// Between two bytes of a client that sends or reads one at a time.
const BYTE_EVERY: Duration = Duration::from_millis(120);
/// Between two requests of a busy client.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// Requests that are sent ahead at a time.
const AHEAD: usize = 50;
/// How long a client that knows nothing of its connection's end stays.
const STAY: Duration = Duration::from_secs(30);
/// How long a client that was told of the end does not close its side.
const LINGER: Duration = Duration::from_secs(2);
/// How long a client that was reset, or told to come again, waits before it does: as the page does at first.
const RETRY_AFTER: Duration = Duration::from_millis(150);
/// How long an honest client waits for an answer on one connection.
const GIVE_UP: Duration = Duration::from_secs(10);
/// Answers of which the median is taken: the machine may be busy with something else.
const ANSWERS: usize = 5;
/// The smallest receive buffer that Linux gives is larger.
const SMALL_WINDOW: u32 = 1;

/// What the clients of a crowd do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// They connect and say nothing.
    Silent,
    /// They announce a body and send none.
    NoBody,
    /// They send a request's head a byte at a time.
    SlowHead,
    /// They send a request's body a byte at a time.
    SlowBody,
    /// They ask for a large answer and read it a byte at a time, through a small window.
    SlowReader,
    /// They ask for a file of the page, or of the API, in the same way.
    SlowFileReader,
    /// They have the connection closed behind the answer, and never close their side.
    Lingering,
    /// They ask again and again on one connection.
    Busy,
    /// They send many requests at once, and read the answers.
    Pipelining,
    /// They come again as soon as they have been answered.
    Returning,
    /// They connect and leave at once.
    Fleeting,
}

/// Held while there is a crowd: tests run side by side, and each is about one.
static ALONE: Mutex<()> = Mutex::new(());

/// Clients that come and come again until this value is dropped.
pub(crate) struct Crowd {
    _alone: MutexGuard<'static, ()>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a crowd asks of an agent.
struct Plan {
    kind: Kind,
    agent: SocketAddr,
    /// What each client sends first.
    opening: Vec<u8>,
    /// Connections that were made.
    made: Arc<AtomicUsize>,
}

impl Crowd {
    /// Sends a crowd to an agent of this machine, and waits until each client has connected once.
    pub(crate) fn of(size: usize, kind: Kind, client: &Client) -> Self {
        // A test that failed leaves nothing behind.
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let agent: SocketAddr = client.authority().parse().expect("it is an address");
        assert!(agent.ip().is_loopback(), "crowds are for this machine only");
        let made = Arc::new(AtomicUsize::new(0));
        let plan = Plan {
            kind,
            agent,
            opening: opening(kind, client),
            made: Arc::clone(&made),
        };
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || run(size, plan, stopped));
        await_that("everybody has connected", || {
            thread::sleep(Duration::from_millis(10));
            made.load(SeqCst) >= size
        });
        Self {
            _alone: alone,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Returns how long an honest client waits for an answer, tries again after resets and refusals included: the median of some.
pub(crate) fn wait(client: &Client) -> Duration {
    let mut waits: Vec<_> = (0..ANSWERS).map(|_| wait_once(client)).collect();
    waits.sort_unstable();
    waits[ANSWERS / 2]
}

fn wait_once(client: &Client) -> Duration {
    let started = Instant::now();
    await_some("an answer", || match ask(client) {
        Ok(true) => Some(started.elapsed()),
        _ => {
            thread::sleep(RETRY_AFTER);
            None
        }
    })
}

/// Asks on a connection of its own, and returns whether a whole answer came.
fn ask(client: &Client) -> io::Result<bool> {
    let mut stream = std::net::TcpStream::connect(client.authority())?;
    stream.set_read_timeout(Some(GIVE_UP))?;
    let head = request(client, "GET", &api("/trace/count"));
    let close = head.trim_end().to_owned() + "\r\nConnection: close\r\n\r\n";
    stream.write_all(close.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200") && answer.ends_with('}'))
}

/// Runs all clients on one thread.
fn run(size: usize, plan: Plan, stopped: oneshot::Receiver<()>) {
    let runtime = Builder::new_current_thread().enable_all().build();
    LocalSet::new().block_on(&runtime.expect("there are descriptors left"), async {
        let plan = Arc::new(plan);
        for _ in 0..size {
            tokio::task::spawn_local(come_again(Arc::clone(&plan)));
        }
        // It ends when the other side is dropped.
        let _ = stopped.await;
    });
}

/// Returns what a client sends first.
fn opening(kind: Kind, client: &Client) -> Vec<u8> {
    let get = |path| request(client, "GET", &api(path));
    let trace = get("/trace/count");
    let half = |headers: &str| {
        let whole = post(client, &api("/trace/start"), headers, &" ".repeat(200));
        whole.trim_end().to_owned() + "\r\n\r\n"
    };
    let json = "Content-Type: application/json\r\n";
    match kind {
        Kind::Silent | Kind::Fleeting => String::new(),
        Kind::NoBody | Kind::SlowBody => half(json),
        Kind::SlowHead => trace.trim_end().to_owned() + "\r\nX: ",
        // As many as it takes to fill what lies between, too.
        Kind::SlowReader => get("/trace/records?limit=1000").repeat(AHEAD),
        Kind::SlowFileReader => get("/openapi.yaml").repeat(AHEAD),
        Kind::Lingering => trace.trim_end().to_owned() + "\r\nConnection: close\r\n\r\n",
        Kind::Busy | Kind::Returning => trace,
        Kind::Pipelining => trace.repeat(AHEAD),
    }
    .into_bytes()
}

/// Comes again and again.
async fn come_again(plan: Arc<Plan>) {
    loop {
        let connected = connect(&plan).await;
        plan.made.fetch_add(1, SeqCst);
        if let Ok(stream) = connected {
            // How it ends makes no difference.
            let _ = behave(&plan, stream).await;
        }
        match plan.kind {
            Kind::Returning | Kind::Fleeting => sleep(Duration::from_millis(10)).await,
            _ => sleep(PAUSE).await,
        }
    }
}

async fn connect(plan: &Plan) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if matches!(plan.kind, Kind::SlowReader | Kind::SlowFileReader) {
        socket.set_recv_buffer_size(SMALL_WINDOW)?;
    }
    let stream = socket.connect(plan.agent).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Does on one connection what its kind does, until that is closed.
async fn behave(plan: &Plan, mut stream: TcpStream) -> io::Result<()> {
    if plan.kind == Kind::SlowReader || plan.kind == Kind::SlowFileReader {
        let (mut reader, mut writer) = stream.split();
        // An agent that answers slowly does not take it all at once.
        return tokio::select! {
            result = async { writer.write_all(&plan.opening).await?; std::future::pending().await } => result,
            result = read_slowly(&mut reader) => result,
        };
    }
    stream.write_all(&plan.opening).await?;
    match plan.kind {
        Kind::SlowHead | Kind::SlowBody => loop {
            sleep(BYTE_EVERY).await;
            stream.write_all(b"x").await?;
            if is_over(&mut stream, Duration::from_millis(1)).await {
                return Ok(());
            }
        },
        Kind::Busy => loop {
            read_some(&mut stream).await?;
            sleep(ASK_EVERY).await;
            stream.write_all(&plan.opening).await?;
        },
        Kind::Pipelining => loop {
            read_some(&mut stream).await?;
            stream.write_all(&plan.opening).await?;
        },
        Kind::Returning => read_some(&mut stream).await,
        Kind::Fleeting => Ok(()),
        // The agent's end of the connection is no reason to close this one.
        Kind::Lingering => {
            while read_some(&mut stream).await.is_ok() {}
            sleep(LINGER).await;
            Ok(())
        }
        _ => {
            is_over(&mut stream, STAY).await;
            Ok(())
        }
    }
}

/// Reads what has come.
async fn read_some(stream: &mut TcpStream) -> io::Result<()> {
    match stream.read(&mut [0; 16 * 1024]).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

async fn read_slowly(stream: &mut (impl AsyncReadExt + Unpin)) -> io::Result<()> {
    while stream.read(&mut [0]).await? > 0 {
        sleep(BYTE_EVERY).await;
    }
    Ok(())
}

/// Checks whether the agent closes the connection within a time, whatever it says before.
async fn is_over(stream: &mut TcpStream, time: Duration) -> bool {
    let end = async { while read_some(stream).await.is_ok() {} };
    timeout(time, end).await.is_ok()
}

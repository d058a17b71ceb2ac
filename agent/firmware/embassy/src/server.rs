//! Tasks that answer HTTP on an embassy-net stack.
//!
//! Tasks of embassy-executor can't be generic, so a board writes this one down itself:
//!
//! ```ignore
//! #[embassy_executor::task(pool_size = server::TASKS)]
//! async fn http(stack: Stack<'static>) -> ! {
//!     server::serve(&AGENT, stack, 80).await
//! }
//! ```

use embassy_net::Stack;
use embassy_net::tcp::TcpSocket;
use heapbeacon::platform::Platform;
use heapbeacon::{Agent, Asset, http};
use picoserve::time::EmbassyTimer;

use crate::tasks;

/// Connections that are answered at a time; a browser opens up to six, and waits with the rest.
pub const PLACES: usize = 4;
/// Server tasks: one for each place, and one that tells who comes while all are taken to come again.
pub const TASKS: usize = PLACES + 1;

/// Bytes that may come before the task has read them: two requests.
const RECEIVE_BYTES: usize = 1024;
/// Bytes that may be on their way unacknowledged: more than one full segment (1,460), so that a
/// peer that delays acknowledgements does not hold up each.
const SEND_BYTES: usize = 3072;
/// Bytes of one request's line and headers: what browsers send takes up to 900, and a cookie of
/// another service on the same host may come along.
const HEAD_BYTES: usize = 1536;

/// The files of the dashboard that was built before this crate was, or none.
///
/// The environment variable `HEAPBEACON_DASHBOARD` names their folder when the firmware is built;
/// `cargo xtask build` sets it.
pub static DASHBOARD: &[Asset] = include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));

/// Serves one connection after the other.
pub async fn serve<P: Platform>(agent: &'static Agent<P>, stack: Stack<'static>, port: u16) -> ! {
    tasks::learn_names().await;
    let (mut receive, mut send) = ([0; RECEIVE_BYTES], [0; SEND_BYTES]);
    let mut head = [0; HEAD_BYTES];
    loop {
        let mut socket = TcpSocket::new(stack, &mut receive, &mut send);
        // An error is a peer that has gone again.
        if socket.accept(port).await.is_ok() {
            http::serve(agent, &EmbassyTimer, &mut head, socket).await;
        }
    }
}

//! The connections that were accepted, and who serves them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use heapbeacon::http::{self, Server};
use picoserve::time::TokioTimer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::board::Board;
use crate::socket::Connection;

/// Bytes of one request's line and headers; a longer one is refused.
const HEAD_BYTES: usize = 8 * 1024;
/// Bytes of an answer that are gathered before they are sent.
const OUT_BYTES: usize = 16 * 1024;

/// Where a connection has come in.
#[derive(Clone, Copy)]
pub(crate) enum Entrance {
    /// Where the agent listens.
    Network,
    /// What plays the access point.
    AccessPoint,
}

/// The connections that were accepted and that no task serves yet.
pub(crate) struct Line {
    accepted: RefCell<VecDeque<(TcpStream, Entrance)>>,
    waiting: Semaphore,
    /// Tasks that serve none.
    idle: Semaphore,
}

impl Line {
    /// Makes one for so many tasks.
    pub(crate) fn new(tasks: usize) -> Self {
        Self {
            accepted: RefCell::new(VecDeque::with_capacity(tasks)),
            waiting: Semaphore::new(0),
            idle: Semaphore::new(tasks),
        }
    }

    /// Accepts connections as long as there are tasks for them.
    pub(crate) async fn accept(&'static self, listener: TcpListener, entrance: Entrance) {
        while let Ok(idle) = self.idle.acquire().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    idle.forget();
                    self.accepted.borrow_mut().push_back((stream, entrance));
                    self.waiting.add_permits(1);
                }
                // Out of descriptors, or the peer has gone again: the next one may fare better.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Serves one connection after the other; all that it needs is allocated before the first.
    pub(crate) async fn serve(&'static self, agent: &'static Server<Board>) {
        let mut head = vec![0; HEAD_BYTES];
        let mut out = vec![0; OUT_BYTES];
        while let Ok(waiting) = self.waiting.acquire().await {
            waiting.forget();
            let accepted = self.accepted.borrow_mut().pop_front();
            if let Some((stream, entrance)) = accepted {
                // Without it, an answer waits for the peer's delayed acknowledgement.
                let _ = stream.set_nodelay(true);
                let connection = Connection::new(stream, &mut out);
                match entrance {
                    Entrance::Network => {
                        http::serve(agent, &TokioTimer, &mut head, connection).await;
                    }
                    Entrance::AccessPoint => {
                        http::serve_guest(agent, &TokioTimer, &mut head, connection).await;
                    }
                }
            }
            self.idle.add_permits(1);
        }
    }
}

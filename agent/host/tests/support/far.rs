//! A long way to an agent.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::client::Client;

/// How long bytes take, each way.
const ONE_WAY: Duration = Duration::from_millis(150);
/// Bytes that are read at a time.
const PIECE: usize = 16 * 1024;

/// Returns a client of the same agent, whose bytes take 300 ms to it and back; the threads between end with the test's process.
pub(crate) fn far(client: &Client) -> Client {
    let agent: SocketAddr = client.authority().parse().expect("it is an address");
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = listener.local_addr().expect("it has an address");
    thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            if let Ok(far) = TcpStream::connect(agent) {
                // Who is reset on the way has been told so.
                let _ = join(near, far, ONE_WAY);
            }
        }
    });
    client.at(&format!("http://{address}"))
}

/// Carries bytes both ways, `one_way` later each; the threads end with the connection.
pub(crate) fn join(near: TcpStream, far: TcpStream, one_way: Duration) -> io::Result<()> {
    for stream in [&near, &far] {
        stream.set_nodelay(true)?;
    }
    carry(near.try_clone()?, far.try_clone()?, one_way);
    carry(far, near, one_way);
    Ok(())
}

/// Carries bytes, and the end, from one to the other, later.
fn carry(mut from: TcpStream, mut to: TcpStream, one_way: Duration) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut piece = [0; PIECE];
        while let Ok(length @ 1..) = from.read(&mut piece) {
            let arrival = Instant::now() + one_way;
            if sender.send((arrival, piece[..length].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (arrival, bytes) in receiver {
            thread::sleep(arrival.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                return;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}

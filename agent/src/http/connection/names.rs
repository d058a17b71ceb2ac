//! Names of functions, told while their addresses come: what `go tool pprof` asks for (the protocol of Go's `net/http/pprof`).

use core::future::Future;
use core::pin::Pin;

use embassy_futures::select::{Either, select};
use embassy_futures::yield_now;
use picoserve::Timer;
use picoserve::io::{Read, Write};
use picoserve::response::StatusCode;

use crate::http::answer::output::Output;
use crate::http::answer::reply::{Content, Reply};
use crate::http::link::Lost;
use crate::http::request::input::{Body, Tail};
use crate::http::service::Order;
use crate::read::functions::{Found, Known};

/// Bytes of a name that are read at once.
const PIECE: usize = 32;

/// Answers with a line for each address of the body that has a name, by way of the memory for a body. The end of the connection is the end of the
/// answer, which begins before all was read: so there is one address at a time, however many come.
///
/// # Errors
/// When the body ends too soon or is too slow, the answer is not taken, or names can't be read any more.
pub(super) async fn tell<I: Read, W: Write, T: Timer<R>, R>(
    known: &Known,
    order: &mut Order<'_>,
    tail: &mut Tail<'_, I>,
    body: &mut Body,
    output: &mut Output<'_, W, T, R>,
    mut deadline: Pin<&mut impl Future<Output = ()>>,
) -> Result<(), Lost> {
    if order.expects_continue && tail.is_awaited() {
        output.go_on().await?;
    }
    order.delivery.is_last = true;
    order.delivery.has_chunks = false;
    let reply = Reply::new(StatusCode::OK, Content::Lines).with("Cache-Control", "no-store");
    reply.begin(None, output, &order.delivery).await?;
    output.write(b"num_symbols: 1\n").await?;
    let mut addresses = Addresses::default();
    let _ = body.resize(body.capacity(), 0);
    loop {
        // The deadline first: whoever always has more to say meets it, too.
        let read = match select(deadline.as_mut(), tail.read_some(body)).await {
            Either::First(()) => return Err(Lost),
            Either::Second(read) => read.map_err(|_| Lost)?,
        };
        for byte in &body[..read] {
            if let Some(address) = addresses.take(*byte) {
                line(known, address, output).await?;
            }
        }
        if read == 0 {
            break;
        }
        yield_now().await;
    }
    if let Some(address) = addresses.end() {
        line(known, address, output).await?;
    }
    output.flush().await
}

/// Writes an address and its name, if it has one.
async fn line<W: Write, T: Timer<R>, R>(
    known: &Known,
    address: u64,
    output: &mut Output<'_, W, T, R>,
) -> Result<(), Lost> {
    // Half an answer would pass for all there is: whoever asked sees that this one is cut.
    let found = known.find(address).map_err(|_| Lost)?;
    // It takes a dozen readings of flash to find one, or none.
    yield_now().await;
    let Some(name) = found else {
        return Ok(());
    };
    output.format(format_args!("{address:#x}\t")).await?;
    match name {
        Found::Text(name) => output.write(name.as_bytes()).await?,
        Found::Filed(mut name) => {
            let mut piece = [0; PIECE];
            loop {
                let bytes = known.read(&mut name, &mut piece).map_err(|_| Lost)?;
                if bytes == 0 {
                    break;
                }
                output.write(&piece[..bytes]).await?;
            }
        }
    }
    output.write(b"\n").await
}

/// Addresses that come byte by byte, as `0x4200a0b1+0x4200a0c2`. What is none is left out.
#[derive(Debug, Default)]
struct Addresses {
    address: u64,
    /// What has come of this one.
    come: Come,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Come {
    #[default]
    Nothing,
    Zero,
    X,
    Digits,
    /// Something that is no address.
    Other,
}

impl Addresses {
    /// Takes the next byte; returns the address that it ends.
    fn take(&mut self, byte: u8) -> Option<u64> {
        if byte == b'+' {
            return self.end();
        }
        let digit = char::from(byte).to_digit(16).map(u64::from);
        self.come = match (self.come, byte, digit) {
            (Come::Nothing, b'0', _) => Come::Zero,
            (Come::Zero, b'x', _) => Come::X,
            (Come::X | Come::Digits, _, Some(digit)) if self.address >> 60 == 0 => {
                self.address = self.address << 4 | digit;
                Come::Digits
            }
            _ => Come::Other,
        };
        None
    }

    /// Returns the address that ends here.
    fn end(&mut self) -> Option<u64> {
        let Self { address, come } = core::mem::take(self);
        (come == Come::Digits).then_some(address)
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn read(text: &str) -> Vec<u64> {
        let mut addresses = Addresses::default();
        let mut read: Vec<_> = text
            .bytes()
            .filter_map(|byte| addresses.take(byte))
            .collect();
        read.extend(addresses.end());
        read
    }

    #[test]
    fn what_is_no_address_is_left_out_and_hides_none_beside_it() {
        assert_eq!(read("0x42+0xdeadBEEF"), [0x42, 0xdead_beef]);
        assert_eq!(read("0xffffffffffffffff"), [u64::MAX]);
        assert_eq!(read("0x10000000000000000+0x1"), [1]);
        assert_eq!(read("+0x+42+0x4g+ 0x3+x1+00x1+0x2+\r\n"), [2]);
        assert_eq!(read(""), []);
    }
}

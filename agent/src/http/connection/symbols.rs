//! Names of an image, written as they come.

use embassy_futures::yield_now;
use heapbeacon_shared::symbol_file::Head;
use picoserve::Timer;
use picoserve::io::{Read, Write};

use crate::http::answer::output::Output;
use crate::http::connection::intake::{Intake, take_all};
use crate::http::link::Link;
use crate::http::problem::Problem;
use crate::http::request::input::{Stop, Tail};
use crate::platform::Device;
use crate::symbols::upload::{BLOCK, Refusal, Upload};

impl Intake for Upload<'_> {
    fn room(&mut self) -> &mut [u8] {
        self.room()
    }

    fn take(&mut self, bytes: usize) -> Result<(), Problem> {
        Ok(self.take(bytes)?)
    }

    fn too_slow() -> Problem {
        Problem::symbols_too_slow()
    }
}

/// Takes a symbol file of so many bytes; once all have come and are as they were sent, lets them be found. Returns what
/// the file says of itself.
///
/// # Errors
/// When they are refused, cut off or too slow: then there are no names, or those of before if nothing was written.
pub(super) async fn receive<P: Device, I: Read, W: Write, T: Timer<R>, R>(
    link: &Link,
    bytes: usize,
    expects_continue: bool,
    tail: &mut Tail<'_, I>,
    output: &mut Output<'_, W, T, R>,
) -> Result<Head, Stop> {
    let part = P::symbols().ok_or_else(|| Stop::Refused(Problem::no_room_for_symbols()))?;
    let mut block = [0; BLOCK];
    let mut upload = Upload::open(part, bytes as u64, &mut block).map_err(refused)?;
    take_all(link, &mut upload, expects_continue, tail, output).await?;
    loop {
        if let Some(head) = upload.check().map_err(refused)? {
            return Ok(head);
        }
        link.note_moved(BLOCK);
        yield_now().await;
    }
}

fn refused(refusal: Refusal) -> Stop {
    Stop::Refused(refusal.into())
}

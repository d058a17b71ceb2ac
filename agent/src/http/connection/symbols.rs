//! Names of an image, written as they come.

use embassy_futures::yield_now;
use picoserve::Timer;
use picoserve::io::{Read, Write};

use crate::http::answer::output::Output;
use crate::http::limits::UPLOAD;
use crate::http::link::{Link, Phase};
use crate::http::problem::Problem;
use crate::http::request::input::{Stop, Tail};
use crate::platform::Device;
use crate::read::symbols::Missing;
use crate::symbols::upload::{Refusal, Upload};

/// Takes a symbol file of so many bytes; once all have come and are as they were sent, lets them be found.
///
/// # Errors
/// When they are refused, cut off or too slow: then there are no names, or those of before if nothing was written.
pub(super) async fn receive<P: Device, I: Read, W: Write, T: Timer<R>, R>(
    link: &Link,
    bytes: usize,
    expects_continue: bool,
    tail: &mut Tail<'_, I>,
    output: &mut Output<'_, W, T, R>,
) -> Result<(), Stop> {
    let part = P::symbols().ok_or_else(|| Stop::Refused(Problem::no_symbols(Missing::NoPart)))?;
    let mut upload = Upload::open(part, bytes as u64).map_err(refused)?;
    if expects_continue && tail.is_awaited() {
        output.go_on().await?;
    }
    link.enter(Phase::Upload);
    while !tail.is_read() {
        let some = output.timer();
        let read = match some
            .run_with_timeout(UPLOAD, tail.read_some(upload.room()))
            .await
        {
            Ok(read) => read?,
            Err(_) => return Err(Stop::Refused(Problem::too_slow())),
        };
        link.note_moved(read);
        upload.take(read).map_err(refused)?;
        yield_now().await;
    }
    if bytes == 0 {
        return Err(refused(Refusal::NoFile));
    }
    while upload.check().map_err(refused)? {
        link.note_moved(1);
        yield_now().await;
    }
    Ok(())
}

fn refused(refusal: Refusal) -> Stop {
    Stop::Refused(refusal.into())
}

//! New firmware, written as it comes.

use embassy_futures::yield_now;
use picoserve::Timer;
use picoserve::io::{Read, Write};

use crate::field::update::Session;
use crate::http::answer::output::Output;
use crate::http::connection::intake::{Intake, STRETCH, take_all};
use crate::http::link::Link;
use crate::http::problem::Problem;
use crate::http::request::content_range::Incoming;
use crate::http::request::input::{Stop, Tail};
use crate::platform::Device;

impl Intake for Session {
    fn room(&mut self) -> &mut [u8] {
        self.room()
    }

    fn take(&mut self, bytes: usize) -> Result<(), Problem> {
        Ok(self.take(bytes)?)
    }

    fn too_slow() -> Problem {
        Problem::upload_too_slow()
    }
}

/// Takes the bytes of an upload; once all have come, has them booted next.
///
/// # Errors
/// When they are refused, cut off or too slow: what has come of them is kept if they were not refused.
pub(super) async fn receive<P: Device, I: Read, W: Write, T: Timer<R>, R>(
    link: &Link,
    incoming: &Incoming,
    tail: &mut Tail<'_, I>,
    output: &mut Output<'_, W, T, R>,
) -> Result<(), Stop> {
    let update = P::update().ok_or_else(|| Stop::Refused(Problem::takes_no_firmware()))?;
    let mut session = Session::open(update, incoming.part, incoming.may_be_older)
        .map_err(|refusal| Stop::Refused(refusal.into()))?;
    take_all(link, &mut session, incoming.expects_continue, tail, output).await?;
    while session.is_complete() {
        match session.check() {
            Ok(true) => link.note_moved(STRETCH),
            Ok(false) => return Ok(()),
            Err(refusal) => return Err(Stop::Refused(refusal.into())),
        }
        yield_now().await;
    }
    Ok(())
}

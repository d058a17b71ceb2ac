//! New firmware, written as it comes.

use embassy_futures::yield_now;
use picoserve::Timer;
use picoserve::io::{Read, Write};

use crate::field::update::Session;
use crate::http::answer::output::Output;
use crate::http::limits::UPLOAD;
use crate::http::link::{Link, Phase};
use crate::http::problem::Problem;
use crate::http::request::content_range::Incoming;
use crate::http::request::input::{Stop, Tail};
use crate::platform::Device;

/// Bytes for which a peer has its time, and behind which others get theirs.
const STRETCH: usize = 1024;

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
    if incoming.expects_continue && tail.is_awaited() {
        output.go_on().await?;
    }
    link.enter(Phase::Upload);
    while !tail.is_read() {
        let stretch = stretch(link, &mut session, tail);
        match output.timer().run_with_timeout(UPLOAD, stretch).await {
            Ok(received) => received?,
            Err(_) => return Err(Stop::Refused(Problem::upload_too_slow())),
        }
        yield_now().await;
    }
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

/// Takes the next bytes.
async fn stretch<I: Read>(
    link: &Link,
    session: &mut Session,
    tail: &mut Tail<'_, I>,
) -> Result<(), Stop> {
    let mut received = 0;
    while received < STRETCH && !tail.is_read() {
        let bytes = tail.read_some(session.room()).await?;
        link.note_moved(bytes);
        received += bytes;
        session
            .take(bytes)
            .map_err(|refusal| Stop::Refused(refusal.into()))?;
    }
    Ok(())
}

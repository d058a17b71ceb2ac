//! A body without end that is used as it comes: who sends it keeps nobody waiting for long.

use embassy_futures::yield_now;
use picoserve::Timer;
use picoserve::io::{Read, Write};

use crate::http::answer::output::Output;
use crate::http::limits::UPLOAD;
use crate::http::link::{Link, Phase};
use crate::http::problem::Problem;
use crate::http::request::input::{Stop, Tail};

/// Bytes for which a peer has its time, and behind which others get theirs.
pub(super) const STRETCH: usize = 1024;

/// What takes such a body.
pub(super) trait Intake {
    /// Returns room for some of the bytes that are missing.
    fn room(&mut self) -> &mut [u8];

    /// Takes so many bytes that have come into the room.
    ///
    /// # Errors
    /// When they are refused.
    fn take(&mut self, bytes: usize) -> Result<(), Problem>;

    /// Says that the peer makes no progress, and where it may go on.
    fn too_slow() -> Problem;
}

/// Hands a whole body on.
///
/// # Errors
/// When it is refused, cut off or too slow.
pub(super) async fn take_all<S: Intake, I: Read, W: Write, T: Timer<R>, R>(
    link: &Link,
    intake: &mut S,
    expects_continue: bool,
    tail: &mut Tail<'_, I>,
    output: &mut Output<'_, W, T, R>,
) -> Result<(), Stop> {
    if expects_continue && tail.is_awaited() {
        output.go_on().await?;
    }
    link.enter(Phase::Upload);
    while !tail.is_read() {
        let stretch = stretch(link, intake, tail);
        match output.timer().run_with_timeout(UPLOAD, stretch).await {
            Ok(taken) => taken?,
            Err(_) => return Err(Stop::Refused(S::too_slow())),
        }
        yield_now().await;
    }
    Ok(())
}

/// Takes the next bytes.
async fn stretch<S: Intake, I: Read>(
    link: &Link,
    intake: &mut S,
    tail: &mut Tail<'_, I>,
) -> Result<(), Stop> {
    let mut taken = 0;
    while taken < STRETCH && !tail.is_read() {
        let bytes = tail.read_some(intake.room()).await?;
        link.note_moved(bytes);
        taken += bytes;
        intake.take(bytes).map_err(Stop::Refused)?;
    }
    Ok(())
}

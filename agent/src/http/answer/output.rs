//! What is sent to a peer.

use core::fmt;
use core::marker::PhantomData;

use embassy_futures::yield_now;
use picoserve::Timer;
use picoserve::io::Write;

use crate::http::limits::WRITE;
use crate::http::link::{Link, Lost};

/// What is sent to a peer, which has to take some of it every now and then.
pub(crate) struct Output<'t, W, T, R> {
    writer: W,
    timer: &'t T,
    link: &'t Link,
    runtime: PhantomData<fn(&R)>,
}

impl<'t, W: Write, T: Timer<R>, R> Output<'t, W, T, R> {
    pub(crate) fn new(writer: W, timer: &'t T, link: &'t Link) -> Self {
        Self {
            writer,
            timer,
            link,
            runtime: PhantomData,
        }
    }

    /// Returns what tells its time.
    pub(crate) fn timer(&self) -> &'t T {
        self.timer
    }

    /// Asks the peer for the body.
    pub(crate) async fn go_on(&mut self) -> Result<(), Lost> {
        self.write(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        self.flush().await
    }

    /// Writes bytes.
    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Lost> {
        while !bytes.is_empty() {
            let writing = self.timer.run_with_timeout(WRITE, self.writer.write(bytes));
            match writing.await {
                Ok(Ok(written)) if written > 0 => {
                    self.link.note_moved(written);
                    bytes = bytes.get(written..).unwrap_or(&[]);
                    // A peer that takes all at once is not the only one.
                    if !bytes.is_empty() {
                        yield_now().await;
                    }
                }
                _ => return Err(Lost),
            }
        }
        Ok(())
    }

    /// Writes text, which is formatted where it is sent from, and more than once if it does not fit there.
    pub(crate) async fn format(&mut self, text: fmt::Arguments<'_>) -> Result<(), Lost> {
        let writing = self.writer.write_fmt(text);
        match self.timer.run_with_timeout(WRITE, writing).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Lost),
        }
    }

    /// Sends what was written.
    pub(crate) async fn flush(&mut self) -> Result<(), Lost> {
        match self
            .timer
            .run_with_timeout(WRITE, self.writer.flush())
            .await
        {
            Ok(Ok(())) => Ok(()),
            _ => Err(Lost),
        }
    }
}

//! A socket that is lent to the HTTP server, and listens again when that is done with it.

use embassy_net::tcp::{Error, TcpReader, TcpSocket, TcpWriter};
use picoserve::io::{Read, Socket};
use picoserve::{EmbassyRuntime, Timeouts, Timer};

/// Bytes that are read at a time from a peer that has been answered.
const DRAIN_BYTES: usize = 64;

/// A socket of someone else.
pub(crate) struct Lent<'l, 's>(pub(crate) &'l mut TcpSocket<'s>);

impl Socket<EmbassyRuntime> for Lent<'_, '_> {
    type Error = Error;
    type ReadHalf<'h>
        = TcpReader<'h>
    where
        Self: 'h;
    type WriteHalf<'h>
        = TcpWriter<'h>
    where
        Self: 'h;

    fn split(&mut self) -> (TcpReader<'_>, TcpWriter<'_>) {
        self.0.split()
    }

    /// Leaves the reset to the owner, who resets in any case.
    async fn abort<T: Timer<EmbassyRuntime>>(
        self,
        _: &Timeouts,
        _: &T,
    ) -> Result<(), picoserve::Error<Error>> {
        Ok(())
    }

    /// Waits until the peer has closed its side: a reset could overtake what it was told last.
    async fn shutdown<T: Timer<EmbassyRuntime>>(
        self,
        timeouts: &Timeouts,
        timer: &T,
    ) -> Result<(), picoserve::Error<Error>> {
        self.0.close();
        let close = async {
            let mut rest = [0; DRAIN_BYTES];
            while Read::read(self.0, &mut rest).await? > 0 {}
            self.0.flush().await
        };
        let result = timer.run_with_timeout(timeouts.read_request, close).await;
        result
            .map_err(picoserve::Error::ReadTimeout)?
            .map_err(picoserve::Error::Read)
    }
}

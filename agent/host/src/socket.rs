//! A connection whose small writes are gathered: an answer is written piece by piece, and each
//! would be a packet.

use picoserve::io::{self, BaseWrite, ErrorKind, ErrorType, Read, Write};
use picoserve::mem::{BorrowedBuffer, BorrowedCursor};
use picoserve::{Error, Timeouts, Timer, TokioRuntime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp;

/// Bytes read at a time while a peer that has been answered is let go.
const DRAIN_BYTES: usize = 1024;

/// A connection and the room for what goes out.
pub(crate) struct Connection<'b> {
    stream: TcpStream,
    out: &'b mut [u8],
}

/// Where requests come from.
pub(crate) struct Reader<'s>(tcp::ReadHalf<'s>);

/// Where answers go.
pub(crate) struct Writer<'s> {
    stream: tcp::WriteHalf<'s>,
    out: &'s mut [u8],
    len: usize,
}

/// A failure of the operating system.
#[derive(Debug)]
pub(crate) struct IoError(std::io::Error);

impl<'b> Connection<'b> {
    /// Makes one with room for some bytes at least.
    pub(crate) fn new(stream: TcpStream, out: &'b mut [u8]) -> Self {
        Self { stream, out }
    }
}

impl io::Error for IoError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl std::fmt::Display for IoError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for IoError {}

impl ErrorType for Reader<'_> {
    type Error = IoError;
}

impl Read for Reader<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, IoError> {
        self.0.read(buffer).await.map_err(IoError)
    }
}

impl Writer<'_> {
    async fn send(&mut self) -> Result<(), IoError> {
        let len = std::mem::take(&mut self.len);
        self.stream
            .write_all(&self.out[..len])
            .await
            .map_err(IoError)
    }
}

impl ErrorType for Writer<'_> {
    type Error = IoError;
}

impl BaseWrite for Writer<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, IoError> {
        if self.len == self.out.len() {
            self.send().await?;
        }
        let len = bytes.len().min(self.out.len() - self.len);
        self.out[self.len..][..len].copy_from_slice(&bytes[..len]);
        self.len += len;
        Ok(len)
    }

    async fn flush(&mut self) -> Result<(), IoError> {
        self.send().await
    }
}

impl Write for Writer<'_> {
    async fn write_with<F: FnOnce(BorrowedCursor<'_>) -> R, R>(
        &mut self,
        write: F,
    ) -> Result<R, IoError> {
        if self.len == self.out.len() {
            self.send().await?;
        }
        let mut room = BorrowedBuffer::new(&mut self.out[self.len..]);
        let result = write(room.unfilled());
        self.len += room.len();
        Ok(result)
    }
}

impl io::Socket<TokioRuntime> for Connection<'_> {
    type Error = IoError;
    type ReadHalf<'s>
        = Reader<'s>
    where
        Self: 's;
    type WriteHalf<'s>
        = Writer<'s>
    where
        Self: 's;

    fn split(&mut self) -> (Reader<'_>, Writer<'_>) {
        let (reader, stream) = self.stream.split();
        let writer = Writer {
            stream,
            out: self.out,
            len: 0,
        };
        (Reader(reader), writer)
    }

    /// Closes by going.
    async fn abort<T: Timer<TokioRuntime>>(
        self,
        _timeouts: &Timeouts,
        _timer: &T,
    ) -> Result<(), Error<IoError>> {
        Ok(())
    }

    /// Closes the sending side, and waits for the peer to say the same: what it sent and
    /// nobody read would be answered with a reset, which could overtake the last answer.
    async fn shutdown<T: Timer<TokioRuntime>>(
        mut self,
        timeouts: &Timeouts,
        timer: &T,
    ) -> Result<(), Error<IoError>> {
        let close = async {
            AsyncWriteExt::shutdown(&mut self.stream).await?;
            let mut rest = [0; DRAIN_BYTES];
            while self.stream.read(&mut rest).await? > 0 {}
            Ok::<_, std::io::Error>(())
        };
        let close = timer.run_with_timeout(timeouts.read_request, close);
        match close.await {
            Ok(result) => result.map_err(|error| Error::Write(IoError(error))),
            Err(timeout) => Err(Error::ReadTimeout(timeout)),
        }
    }
}

//! Where the block is that comes next, and which upload it is of.

/// Bytes that are checked and written at once: a header fits, and a sector holds a whole number of them.
pub(super) const BLOCK: usize = 1024;

/// Which bytes of an upload a request brings, of how many (RFC 9110, 14.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The first.
    pub first: u32,
    /// One behind the last.
    pub end: u32,
    /// All that there are, header included.
    pub total: u32,
}

/// What has come of a block, and where the block is: who has it may upload, so there is one.
#[derive(Debug)]
pub struct Lane {
    pub(super) block: [u8; BLOCK],
    /// Bytes that have come of it.
    pub(super) filled: usize,
    /// Which byte of all it begins with.
    pub(super) offset: u32,
    /// Bytes in all; 0 where there is no upload.
    pub(super) total: u32,
    /// Which of all uploads it is.
    pub(super) upload: u32,
}

impl Lane {
    /// Makes one without an upload.
    #[expect(clippy::new_without_default, reason = "it is made for a static")]
    pub const fn new() -> Self {
        Self {
            block: [0; BLOCK],
            filled: 0,
            offset: 0,
            total: 0,
            upload: 0,
        }
    }

    /// Returns the byte that is to come next.
    pub(super) fn next(&self) -> u32 {
        self.offset + self.filled as u32
    }

    /// Begins another upload, or none.
    pub(super) fn begin(&mut self, total: u32, upload: u32) {
        self.upload = upload;
        self.filled = 0;
        self.offset = 0;
        self.total = total;
    }
}

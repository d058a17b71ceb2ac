//! How much a peer may send, and how long it may take.

use heapbeacon_shared::api::Route;
use picoserve::time::Duration;

/// Most empty lines before a head: some clients send one behind a body.
pub(crate) const MAX_EMPTY_LINES: usize = 4;
/// Most fields of a head: browsers send about 20.
pub(crate) const MAX_FIELDS: usize = 64;
/// Most items of a list in a field that are looked at: browsers send about ten.
pub(crate) const MAX_ITEMS: usize = 64;
/// Most parts of a query: no path of the API takes half of them.
pub(crate) const MAX_PAIRS: usize = 16;
/// Longest body that a route takes, in bytes.
pub(crate) const MAX_BODY: usize = Route::most_body_bytes();
/// Longest body where none says anything, in bytes: it may be `{}`, or what some client always sends.
pub(crate) const SMALL_BODY: usize = 256;

/// Most bytes of addresses whose names are told at once: those of 2,000 call stacks have half of them.
#[cfg(feature = "functions")]
pub(crate) const MOST_ADDRESSES: usize = 1 << 20;

/// How long a peer may take to say something at all, an idle one holds one of few slots.
pub(crate) const FIRST: Duration = Duration::from_secs(1);
/// How long a peer that was answered may take to ask again.
pub(crate) const NEXT: Duration = Duration::from_millis(500);
/// How long a whole request may take to arrive, in seconds.
pub(crate) const READ_SECONDS: u64 = 5;
/// How long a peer may take for 1 KiB of an upload, which has no end otherwise, and keeps all others from uploading.
pub(crate) const UPLOAD: Duration = Duration::from_secs(READ_SECONDS);
/// How long who tries many tokens waits for each answer.
pub(crate) const GUESS: Duration = Duration::from_secs(1);
/// How long a peer may take nothing of an answer.
pub(crate) const WRITE: Duration = Duration::from_secs(5);
/// How long a peer may take to close its side: one that is refused while it sends a long body reads
/// the refusal only when it has sent it.
pub(crate) const CLOSE: Duration = Duration::from_secs(1);

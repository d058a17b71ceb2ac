//! A board for tests, and tests of what stands between a board and the tracer.

pub(crate) mod board;

#[cfg(all(feature = "tracing", feature = "http"))]
mod failures;
#[cfg(feature = "tracing")]
mod moving;
#[cfg(feature = "tracing")]
mod postmortem;
#[cfg(all(feature = "flash", feature = "provisioning", feature = "tracing"))]
mod provisioning;
#[cfg(feature = "tracing")]
mod realloc;
#[cfg(feature = "tracing")]
pub(crate) mod references;
#[cfg(feature = "flash")]
pub(crate) mod settings;
#[cfg(all(feature = "tracing", feature = "http"))]
mod triggers;
mod warnings;

//! What is known once the agent was started.

use embassy_sync::once_lock::OnceLock;

use crate::config::Config;

pub(crate) static SETUP: OnceLock<Setup> = OnceLock::new();

/// What is known once the agent was started.
pub(crate) struct Setup {
    pub(crate) config: Config,
    /// Differs from boot to boot.
    pub(crate) boot_id: u32,
}

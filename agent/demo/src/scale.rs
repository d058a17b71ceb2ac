//! How much the workload takes.

/// How much the workload takes, at most.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Sessions at which the table is full: a leaking server then forgets them all, as one that is started anew.
    pub sessions: usize,
    /// Steps of the network job between two clients that reconnect.
    pub steps_per_connect: usize,
    /// Pages at which the cache is full.
    pub pages: usize,
    /// Summaries of its past that the sensor keeps.
    pub summaries: usize,
    /// Bytes of the configuration's one block.
    pub config_bytes: usize,
    /// Most times that blocks are lost, three at a time: nothing gives them back.
    pub losses: usize,
}

impl Scale {
    /// For a heap of megabytes: the leak fills its table in about an hour, at less than 2 MiB.
    pub const DESKTOP: Self = Self {
        sessions: 8192,
        steps_per_connect: 1,
        pages: 128,
        summaries: 256,
        config_bytes: 64 * 1024,
        losses: 1024,
    };

    /// For a heap of some hundred KiB: at most 110 KiB in all, most of it leaked in eleven minutes.
    pub const ROOMY_DEVICE: Self = Self {
        sessions: 320,
        steps_per_connect: 5,
        pages: 32,
        summaries: 64,
        config_bytes: 16 * 1024,
        losses: 64,
    };

    /// For what Wi-Fi leaves of an ESP32's heap: at most 35 KiB in all, of which 13 leak in five minutes.
    pub const SMALL_DEVICE: Self = Self {
        sessions: 64,
        steps_per_connect: 12,
        pages: 8,
        summaries: 24,
        config_bytes: 4 * 1024,
        losses: 16,
    };
}

//! How much the workload takes.

/// How much the workload takes, at most.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Sessions at which the table refuses more: where a forgotten leak ends.
    pub sessions: usize,
    /// Pages at which the cache is full.
    pub pages: usize,
    /// Summaries of its past that the sensor keeps.
    pub summaries: usize,
    /// Bytes of the configuration's one block.
    pub config_bytes: usize,
}

impl Scale {
    /// For a heap of megabytes: the leak ends after about an hour, at less than 2 MiB.
    pub const DESKTOP: Self = Self {
        sessions: 8192,
        pages: 128,
        summaries: 256,
        config_bytes: 64 * 1024,
    };

    /// For a heap of some hundred KiB: at most 110 KiB in all, most of it leaked in two minutes.
    pub const ROOMY_DEVICE: Self = Self {
        sessions: 320,
        pages: 32,
        summaries: 64,
        config_bytes: 16 * 1024,
    };

    /// For what Wi-Fi leaves of an ESP32's heap: at most 35 KiB in all.
    pub const SMALL_DEVICE: Self = Self {
        sessions: 64,
        pages: 8,
        summaries: 24,
        config_bytes: 4 * 1024,
    };
}

use serde::{Deserialize, Serialize};

/// Most slices of time that births are counted in.
pub const MAX_BIRTHS: usize = 64;

/// Live blocks of one call stack, and what tells whether it leaks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    /// Id of the call stack.
    pub stack: u32,
    /// Number of blocks.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the oldest was allocated.
    pub oldest_us: u64,
    /// When the newest was allocated.
    pub newest_us: u64,
    /// Those among them that have lived for longer than twice the longest lifetime of a freed one.
    pub outlived: Outlived,
    /// When they were allocated.
    pub births: Births,
}

/// How many times the longest lifetime a block must be old to have outlived it.
pub const OUTLIVED_FACTOR: u64 = 2;

/// Live blocks that are older than [`OUTLIVED_FACTOR`] times the longest lifetime of a block that their call stack has freed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlived {
    /// Number of blocks.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Outlived {
    /// Returns whether it includes a live block that was allocated at `time_us`. All times are in microseconds.
    pub fn includes(time_us: u64, now_us: u64, longest_lifetime_us: u64) -> bool {
        now_us.saturating_sub(time_us) > longest_lifetime_us.saturating_mul(OUTLIVED_FACTOR)
    }
}

/// Most times in which nothing was recorded that are told of.
pub const MAX_UNRECORDED: usize = 8;

/// A time in which no allocation was recorded: a pause, or a stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unrecorded {
    /// When it began.
    pub from_us: u64,
    /// When it was over; `None` where it is not.
    pub until_us: Option<u64>,
}

/// The time that a list of leaks is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// When the trace began.
    pub started_us: u64,
    /// When the list was made.
    pub time_us: u64,
    /// Until when frees may have gone unseen: blocks from before count as live, freed or not. 0 if that never was so.
    #[serde(default)]
    pub doubtful_until_us: u64,
    /// When allocations were not recorded, in order.
    #[serde(default)]
    pub unrecorded: heapless::Vec<Unrecorded, MAX_UNRECORDED>,
}

impl Period {
    /// Returns when the last allocation may have been recorded: now, or when a pause or stop began that is not over.
    pub fn recorded_until_us(&self) -> u64 {
        let open = self.unrecorded.last().filter(|gap| gap.until_us.is_none());
        open.map_or(self.time_us, |gap| gap.from_us)
    }

    /// Returns for how long it was recorded what was allocated and freed, until now, in microseconds.
    pub fn known_us(&self) -> u64 {
        let from_us = self.started_us.max(self.doubtful_until_us);
        let now_us = self.recorded_us(self.time_us);
        now_us.saturating_sub(self.recorded_us(from_us))
    }

    /// Returns how much of the time since boot until a moment was recorded, both in microseconds.
    ///
    /// ```
    /// use heapbeacon_shared::trace::{Period, Unrecorded};
    ///
    /// let mut period = Period::default();
    /// period.unrecorded.push(Unrecorded { from_us: 10, until_us: Some(15) }).unwrap();
    /// assert_eq!([9, 12, 20].map(|time_us| period.recorded_us(time_us)), [9, 10, 15]);
    /// ```
    pub fn recorded_us(&self, time_us: u64) -> u64 {
        let passed = |gap: &Unrecorded| {
            let until_us = gap.until_us.unwrap_or(u64::MAX);
            time_us.min(until_us).saturating_sub(gap.from_us)
        };
        time_us.saturating_sub(self.unrecorded.iter().map(passed).sum())
    }
}

/// When the live blocks of a call stack were allocated, in equal slices of time until now.
///
/// They begin with the oldest block: so a leak that begins after weeks shows as soon as one that begins with the trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Births {
    /// When the first slice begins: when the oldest block was allocated.
    pub from_us: u64,
    /// Microseconds of each slice; the last one may not be over.
    pub slice_us: u64,
    /// Blocks that were allocated in each slice and are still live.
    pub counts: heapless::Vec<u32, MAX_BIRTHS>,
}

impl Births {
    /// Creates the slices from `from_us` to `now_us`, with no block in them: [`MAX_BIRTHS`] at most, and half as many at
    /// least unless that took slices of less than a microsecond. A slice is a power of two long, so that no division is needed
    /// to find the slice of a block.
    ///
    /// ```
    /// use heapbeacon_shared::trace::Births;
    ///
    /// let mut births = Births::new(1_000_000, 11_000_000);
    /// assert_eq!((births.slice_us, births.counts.len()), (1 << 18, 39));
    /// births.add(1_300_000);
    /// assert_eq!(births.counts[1], 1);
    /// ```
    pub fn new(from_us: u64, now_us: u64) -> Self {
        let span_us = now_us.saturating_sub(from_us);
        let shift = (u64::BITS - span_us.leading_zeros()).saturating_sub(MAX_BIRTHS.ilog2());
        let mut counts = heapless::Vec::new();
        // Below the capacity: the span is less than that many slices.
        let _ = counts.resize_default((span_us >> shift) as usize + 1);
        Self {
            from_us,
            slice_us: 1 << shift,
            counts,
        }
    }

    /// Counts a block that was allocated at `time_us`; one from before or after all slices in the next one.
    pub fn add(&mut self, time_us: u64) {
        self.add_many(time_us, 1);
    }

    /// Counts blocks that were allocated at one time.
    pub(crate) fn add_many(&mut self, time_us: u64, blocks: u32) {
        let since_us = time_us.saturating_sub(self.from_us);
        // The lengths of slices that `new` makes are powers of two.
        let slice = (since_us >> self.slice_us.trailing_zeros()) as usize;
        let last = self.counts.len().saturating_sub(1);
        if let Some(count) = self.counts.get_mut(slice.min(last)) {
            *count = count.saturating_add(blocks);
        }
    }

    /// Counts the blocks of others, too, in slices that both fit into: each as if it was allocated in the middle of its slice.
    ///
    /// ```
    /// use heapbeacon_shared::trace::Births;
    ///
    /// let mut births = Births::new(9_000_000, 10_000_000);
    /// let mut earlier = Births::new(1_000_000, 10_000_000);
    /// births.add(9_500_000);
    /// earlier.add(1_000_000);
    /// births.join(&earlier);
    /// assert_eq!((births.slice_us, births.counts.iter().sum::<u32>()), (earlier.slice_us, 2));
    /// ```
    pub fn join(&mut self, other: &Self) {
        if self.counts.is_empty() {
            return self.clone_from(other);
        }
        if other.counts.is_empty() {
            return;
        }
        let until_us = self.until_us().max(other.until_us());
        *self = self.over(self.from_us.min(other.from_us), until_us.saturating_sub(1));
        self.add_all(other);
    }

    /// Makes slices that reach up to a moment, and no further than needed.
    #[cfg(feature = "alloc")]
    pub(crate) fn reach(&mut self, now_us: u64) {
        if now_us >= self.until_us() {
            *self = self.over(self.from_us, now_us);
        }
    }

    /// Returns the same blocks in slices of another time.
    fn over(&self, from_us: u64, until_us: u64) -> Self {
        let mut births = Self::new(from_us, until_us);
        births.add_all(self);
        births
    }

    fn add_all(&mut self, other: &Self) {
        for (slice, count) in other.counts.iter().enumerate() {
            self.add_many(
                other.begin_us(slice).saturating_add(other.slice_us / 2),
                *count,
            );
        }
    }

    /// Returns when the last slice ends.
    fn until_us(&self) -> u64 {
        self.begin_us(self.counts.len())
    }

    /// Returns when a slice begins.
    pub fn begin_us(&self, slice: usize) -> u64 {
        self.slice_us
            .saturating_mul(slice as u64)
            .saturating_add(self.from_us)
    }
}

/// What the live blocks of a call stack do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Blocks have outlived what their call stack frees, and more of them keep coming.
    Leaking,
    /// No reference leads to a block any more.
    Lost,
    /// Every block is freed in the end, but ever more of them wait for it.
    QueueGrows,
    /// Blocks are kept as in a leak, but ever fewer come, or it is too young to tell it from one.
    Filling,
    /// Few blocks, whose bytes rise by reallocation.
    GrowsInPlace,
    /// Many blocks are held, and none have come for long.
    Plateau,
    /// Blocks come and go.
    InFlight,
    /// A few blocks that were allocated once and stay.
    OneOff,
    /// Too little was recorded to say anything.
    #[default]
    TooEarly,
}

impl Kind {
    /// Every kind, the ones that need action first.
    pub const ALL: [Self; 9] = [
        Self::Leaking,
        Self::Lost,
        Self::QueueGrows,
        Self::Filling,
        Self::GrowsInPlace,
        Self::Plateau,
        Self::InFlight,
        Self::OneOff,
        Self::TooEarly,
    ];

    /// Returns whether somebody should do something about it.
    pub const fn needs_action(self) -> bool {
        matches!(self, Self::Leaking | Self::Lost | Self::QueueGrows)
    }

    /// Returns its name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leaking => "leaking",
            Self::Lost => "lost",
            Self::QueueGrows => "queue_grows",
            Self::Filling => "filling",
            Self::GrowsInPlace => "grows_in_place",
            Self::Plateau => "plateau",
            Self::InFlight => "in_flight",
            Self::OneOff => "one_off",
            Self::TooEarly => "too_early",
        }
    }
}

/// What is said of a call stack, and how fast it grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What its blocks do.
    pub kind: Kind,
    /// Whether nothing else explains the numbers: no record was lost, and what fills up is seen to slow down.
    pub certain: bool,
    /// How fast it grows; 0 unless it does.
    pub bytes_per_minute: u64,
    /// Since when it does, as far as is known.
    pub since_us: u64,
}

impl Verdict {
    /// Returns whether what fills up may as well be a leak: it has not slowed down so far.
    pub fn may_be_leak(&self) -> bool {
        self.kind == Kind::Filling && !self.certain && self.bytes_per_minute > 0
    }
}

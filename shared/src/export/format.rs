use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// What a capture is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Live bytes by call stack, for flame graphs (inferno, `flamegraph.pl`, speedscope, Perfetto).
    Collapsed,
    /// speedscope's own JSON: live bytes and blocks, and all bytes that were allocated.
    Speedscope,
    /// A row for each block, as CSV.
    Records,
    /// A row for each call stack with live blocks, with its verdict, as CSV.
    Leaks,
    /// DHAT's JSON, for `dh_view.html` of Valgrind and Firefox Profiler.
    Dhat,
    /// `profile.proto`, for pprof, Parca and Pyroscope.
    Pprof,
    /// Firefox Profiler's own JSON: allocations and frees in time, and how full the heap was.
    Firefox,
    /// heaptrack's text, for `heaptrack_print` and `heaptrack_gui`.
    Heaptrack,
    /// Perfetto's native trace: heap profiles for each mark and region, counters, marks and tasks.
    Perfetto,
}

/// No [`Format`] has that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFormat(String);

impl Format {
    /// Every format.
    pub const ALL: [Self; 9] = [
        Self::Collapsed,
        Self::Speedscope,
        Self::Records,
        Self::Leaks,
        Self::Dhat,
        Self::Pprof,
        Self::Firefox,
        Self::Heaptrack,
        Self::Perfetto,
    ];

    /// Returns what it is called on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Collapsed => "collapsed",
            Self::Speedscope => "speedscope",
            Self::Records => "records",
            Self::Leaks => "leaks",
            Self::Dhat => "dhat",
            Self::Pprof => "pprof",
            Self::Firefox => "firefox",
            Self::Heaptrack => "heaptrack",
            Self::Perfetto => "perfetto",
        }
    }

    /// Returns what the name of a file ends in, by which viewers and people know it, behind a dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Collapsed => "folded",
            Self::Speedscope => "speedscope.json",
            Self::Records => "records.csv",
            Self::Leaks => "leaks.csv",
            Self::Dhat => "dhat.json",
            Self::Pprof => "pb",
            Self::Firefox => "firefox.json",
            Self::Heaptrack => "heaptrack",
            Self::Perfetto => "perfetto-trace",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|format| format.name() == name)
            .ok_or_else(|| UnknownFormat(name.into()))
    }
}

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no format `{}`; choose one of", self.0)?;
        Format::ALL
            .iter()
            .try_for_each(|format| write!(f, " {}", format.name()))
    }
}

impl core::error::Error for UnknownFormat {}

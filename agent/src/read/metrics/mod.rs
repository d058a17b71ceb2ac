//! Trace and heap as Prometheus scrapes them: its text format, version 0.0.4.
//!
//! Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>. Sizes are bytes, times seconds; what only ever rises ends
//! with `_total`, and begins anew with the trace or the boot that it is counted from. What is not known has no sample: neither
//! has a trace before its first start, nor live blocks without a record buffer, nor the boot of a device that does not know the time of day. Labels are
//! names of regions and words of the API, never call stacks, of which there may be any number.
//!
//! All samples of the trace are from one instant. Verdicts are counted before, a few at a time, and left out where that was
//! another trace's, or somebody else was asking for leaks.

mod families;
mod verdicts;

use core::fmt::{self, Display, Write};

use heapbeacon_shared::trace::{Mode, Reason, Region, Reserve, State};
use heapless::Vec;

use crate::field::settings::Store;
use crate::platform::{Device, uptime_us};
use crate::read::bodies;
use crate::read::cursors::now_us;
use crate::read::leaks::{Asked, Leaks};
use crate::read::stream::Out;
use crate::text::text;
use crate::tracer::{Status, Trace};
use families::{FAMILIES, Family, Of};
use verdicts::{KINDS, Verdicts};

/// Most bytes of the name of a region, with a number behind it.
const NAME: usize = 40;

const STATES: [(State, &str); 4] = [
    (State::Uninitialised, "uninitialised"),
    (State::Stopped, "stopped"),
    (State::Recording, "recording"),
    (State::Paused, "paused"),
];

/// A document under way.
pub struct Metrics(Part);

/// What it is about to do.
#[allow(
    clippy::large_enum_variant,
    reason = "there is no heap to put the large ones on"
)]
enum Part {
    Judge(Leaks, Verdicts),
    /// Tells the family of an index.
    Tell(Moment, usize),
}

/// What all samples are of.
struct Moment {
    time_us: u64,
    regions: Vec<Region, 4>,
    reserve: Option<Reserve>,
    status: Status,
    verdicts: Option<Verdicts>,
}

impl Metrics {
    /// Begins a document.
    pub fn new<P: Device>() -> Self {
        let asked = Asked {
            limit: u32::MAX,
            ..Asked::default()
        };
        let leaks = Leaks::begin(P::tracer(), uptime_us::<P>(), &asked);
        Self(match leaks {
            Some(leaks) => Part::Judge(leaks, Verdicts::default()),
            None => Part::Tell(Moment::now::<P>(None), 0),
        })
    }

    /// Writes as much as has room; returns whether there is more.
    pub fn fill<P: Device>(&mut self, out: &mut (impl Out + Write)) -> bool {
        match &mut self.0 {
            Part::Judge(leaks, verdicts) => {
                if !verdicts.count_some::<P>(leaks) {
                    let verdicts = verdicts.of_all(leaks);
                    self.0 = Part::Tell(Moment::now::<P>(verdicts), 0);
                }
                true
            }
            Part::Tell(moment, next) => {
                while out.has_room() {
                    let Some(family) = FAMILIES.get(*next) else {
                        return false;
                    };
                    // An output with room takes the longest family.
                    let _ = moment.tell::<P>(family, out);
                    *next += 1;
                }
                true
            }
        }
    }
}

impl Moment {
    /// Takes what all samples are of, with verdicts of some trace.
    fn now<P: Device>(verdicts: Option<(Trace, Verdicts)>) -> Self {
        let regions = P::regions(None);
        // One right after the other: what comes between is in one of them only.
        let status = P::tracer().status();
        let verdicts = verdicts.filter(|(trace, _)| *trace == status.trace);
        Self {
            time_us: now_us::<P>(),
            regions,
            reserve: bodies::reserve::<P>(),
            status,
            verdicts: verdicts.map(|(_, verdicts)| verdicts),
        }
    }

    /// Writes a family with all its samples, and nothing of one that has none.
    fn tell<P: Device>(&self, family: &Family, out: &mut dyn Write) -> fmt::Result {
        let mut samples = Samples {
            family,
            is_first: true,
            out,
        };
        let summary = &self.status.summary;
        let was_started = summary.mode.is_some();
        let has_buffer = was_started && summary.capacity > 0;
        match family.of {
            Of::Device => self.device::<P>(&mut samples),
            Of::ResetReason => reset_reason::<P>(&mut samples),
            Of::Restart => restart::<P>(&mut samples),
            Of::Restarts => restarts::<P>(&mut samples),
            Of::Uptime => samples.sample(&[], Value::Time(self.time_us)),
            Of::StartTime => match P::booted_unix_us() {
                Some(time_us) => samples.sample(&[], Value::Time(time_us)),
                None => Ok(()),
            },
            Of::Region(value) => self.each_region(&mut samples, value),
            Of::Reserve(value) => match &self.reserve {
                Some(reserve) => samples.sample(&[], Value::Number(value(reserve))),
                None => Ok(()),
            },
            Of::State => STATES.iter().try_for_each(|(state, name)| {
                let is_it = u64::from(*state == summary.state);
                samples.sample(&[("state", name)], Value::Number(is_it))
            }),
            Of::Start if was_started => samples.sample(&[], Value::Time(summary.started_us)),
            Of::Trace(value) if was_started => samples.sample(&[], Value::Number(value(summary))),
            Of::Records(value) if has_buffer => samples.sample(&[], Value::Number(value(summary))),
            Of::Verdicts(value) if has_buffer => match &self.verdicts {
                Some(verdicts) => samples.sample(&[], Value::Number(value(verdicts))),
                None => Ok(()),
            },
            Of::Lost if has_buffer => match P::settings().and_then(Store::lost_bytes) {
                Some(bytes) => samples.sample(&[], Value::Number(bytes)),
                None => Ok(()),
            },
            Of::Kinds(value) if has_buffer => match &self.verdicts {
                Some(verdicts) => KINDS.iter().enumerate().try_for_each(|(index, kind)| {
                    samples.sample(
                        &[("verdict", kind.name())],
                        Value::Number(value(verdicts, index)),
                    )
                }),
                None => Ok(()),
            },
            Of::Start
            | Of::Trace(_)
            | Of::Records(_)
            | Of::Verdicts(_)
            | Of::Lost
            | Of::Kinds(_) => Ok(()),
        }
    }

    fn device<P: Device>(&self, samples: &mut Samples<'_>) -> fmt::Result {
        let device = P::describe();
        let mode = match self.status.summary.mode {
            Some(Mode::All) => "all",
            Some(Mode::Leaks) => "leaks",
            None => "",
        };
        let labels = [
            ("build_id", &*device.build_id.text()),
            ("chip", &*device.chip),
            ("firmware", &*device.firmware),
            ("version", &*device.firmware_version),
            ("mode", mode),
        ];
        samples.sample(&labels, Value::Number(1))
    }

    /// Writes a sample for each region whose size is known. One that is called as another before it has its number behind the
    /// name, for no two samples may have the same labels.
    fn each_region(&self, samples: &mut Samples<'_>, value: fn(&Region) -> u64) -> fmt::Result {
        let mut regions = self.regions.iter().enumerate();
        regions.try_for_each(|(index, region)| {
            let mut others = self.regions.iter().take(index);
            let name = match others.any(|other| other.name == region.name) {
                true => text(format_args!("{} #{index}", region.name)),
                false => text::<NAME>(format_args!("{}", region.name)),
            };
            match region.size {
                0 => Ok(()),
                _ => samples.sample(&[("region", &name)], Value::Number(value(region))),
            }
        })
    }
}

fn reset_reason<P: Device>(samples: &mut Samples<'_>) -> fmt::Result {
    match &*P::describe().reset_reason {
        "" | "unknown" => Ok(()),
        reason => samples.sample(&[("reason", reason)], Value::Number(1)),
    }
}

/// Tells why the boot before has ended: what the firmware has noted, where the chip itself can't tell a panic from a restart on request.
fn restart<P: Device>(samples: &mut Samples<'_>) -> fmt::Result {
    match P::black_box().and_then(|black_box| black_box.before()) {
        None => Ok(()),
        Some(reason) => samples.sample(&[("reason", reason.name())], Value::Number(1)),
    }
}

/// Tells how many boots have ended for each reason: also that none has, for who looks at what has risen sees no first one otherwise.
fn restarts<P: Device>(samples: &mut Samples<'_>) -> fmt::Result {
    let endings = P::black_box().and_then(|black_box| black_box.endings());
    let counts = Reason::ALL.iter().zip(endings.iter().flatten());
    // A boot that had its state kept has not ended.
    let mut counts = counts.filter(|(reason, _)| **reason != Reason::Snapshot);
    counts.try_for_each(|(reason, count)| {
        samples.sample(&[("reason", reason.name())], Value::Number((*count).into()))
    })
}

/// What a sample says.
#[derive(Clone, Copy)]
enum Value {
    Number(u64),
    /// Microseconds, which are told as seconds.
    Time(u64),
}

impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Time(us) => write!(f, "{}.{:06}", us / 1_000_000, us % 1_000_000),
        }
    }
}

/// Samples of one family.
struct Samples<'o> {
    family: &'o Family,
    is_first: bool,
    out: &'o mut dyn Write,
}

impl Samples<'_> {
    /// Writes a sample, behind what stands above the first one. A label without a value is none.
    ///
    /// Never inlined: in each place that tells something, it would take a device some KB of flash.
    #[inline(never)]
    fn sample(&mut self, labels: &[(&str, &str)], value: Value) -> fmt::Result {
        let Family { name, help, .. } = self.family;
        if core::mem::take(&mut self.is_first) {
            let kind = match name.ends_with("_total") {
                true => "counter",
                false => "gauge",
            };
            write!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}\n")?;
        }
        self.out.write_str(name)?;
        let labels = labels.iter().filter(|(_, value)| !value.is_empty());
        let mut before = '{';
        for (label, value) in labels {
            write!(self.out, "{before}{label}=\"{}\"", escaped(value))?;
            before = ',';
        }
        let behind = if before == ',' { "}" } else { "" };
        writeln!(self.out, "{behind} {value}")
    }
}

/// Formats the value of a label. Control characters, which some readers take for the end, are replaced.
fn escaped(value: &str) -> impl Display {
    fmt::from_fn(move |f| {
        value.chars().try_for_each(|c| match c {
            '"' | '\\' => write!(f, "\\{c}"),
            '\n' => f.write_str("\\n"),
            c if c.is_control() => f.write_char(char::REPLACEMENT_CHARACTER),
            c => f.write_char(c),
        })
    })
}

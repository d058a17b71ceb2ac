//! What a row of the fleet says of a device: from its answers, in words.

use heapbeacon_shared::analysis::{Point, Series, is_recording, seconds_until_full};
use heapbeacon_shared::api::{Device, Heap, HeapHistory, Leak, LeaksPage, Trace};
use heapbeacon_shared::trace::{Destination, Kind, Origin, Region};
use heapbeacon_shared::words::{bytes, duration, plural};
use serde::{Deserialize, Serialize};

/// Points of a history that are looked at, more than a device keeps.
const POINTS: usize = 600;
/// Microseconds that have to be recorded before it is said that nothing leaks, as on the page of a device.
const QUIET_US: u64 = 65_000_000;

/// The answers of a device.
#[derive(Debug, Deserialize)]
struct Answers {
    device: Device,
    heap: Heap,
    /// Null where an older agent has none.
    history: Option<HeapHistory>,
    trace: Trace,
    /// The call stacks that may need action; null where there is no trace to ask.
    leaks: Option<LeaksPage>,
}

/// What is said of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Row {
    name: String,
    chip: String,
    version: String,
    build_id: String,
    /// Differs from boot to boot.
    boot_id: u32,
    up: String,
    reset: String,
    free: String,
    size: String,
    largest: String,
    /// When the heap is full if it goes on growing as it does; null where it does not.
    full: Option<String>,
    verdict: Verdict,
}

/// What is said of its trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Verdict {
    /// How it looks: `bad` is never taken back.
    tone: &'static str,
    words: String,
    /// How fast that takes memory; empty where nothing does.
    pace: String,
}

/// Returns what is said of a device, in JSON, from its answers in one object of JSON.
///
/// # Errors
/// A sentence: why they can't be read.
pub fn row(answers: &str) -> Result<String, String> {
    let answers: Answers = serde_json::from_str(answers).map_err(|error| {
        format!("Its answers can't be read ({error}). Is its agent of another version?")
    })?;
    Ok(serde_json::to_string(&told(&answers)).unwrap_or_default())
}

fn told(answers: &Answers) -> Row {
    let Answers { device, heap, .. } = answers;
    let sum = |of: fn(&Region) -> u64| regions(heap).map(|(_, region)| of(region)).sum();
    let largest = regions(heap).map(|(_, region)| region.largest_free_block);
    let full_us = seconds_to_full(heap, answers.history.as_ref());
    Row {
        name: device.name.to_string(),
        chip: device.chip.to_string(),
        version: format!("{} {}", device.firmware, device.firmware_version),
        build_id: device.build_id.to_string(),
        boot_id: device.boot_id,
        up: duration(device.uptime_us),
        reset: device.reset_reason.to_string(),
        free: bytes(sum(|region| region.free)),
        size: bytes(sum(|region| region.size)),
        largest: bytes(largest.max().unwrap_or_default()),
        full: full_us.map(|seconds| duration(seconds.saturating_mul(1_000_000))),
        verdict: verdict(&answers.trace, answers.leaks.as_ref()),
    }
}

/// Returns the regions of the firmware's heap with their indices: without those that serve only HeapBeacon itself.
fn regions(heap: &Heap) -> impl Iterator<Item = (usize, &Region)> {
    let regions = heap.regions.iter().enumerate();
    regions.filter(|(_, region)| region.origin != Origin::Agent)
}

/// Returns when all regions are full, by the low-water line of what they have handed out since boot; `None` where that does not rise.
fn seconds_to_full(heap: &Heap, history: Option<&HeapHistory>) -> Option<u64> {
    let history = history?;
    let names = heap.regions.iter().map(|region| &region.name);
    if !names.eq(&history.regions) {
        return None;
    }
    let mut series = Series::new(POINTS);
    let mut push = |time_us, used: &dyn Fn(usize) -> u64| {
        let bytes = regions(heap).map(|(index, _)| used(index)).sum();
        series.push(Point {
            time_us,
            bytes,
            count: 0,
        });
    };
    for point in &history.points {
        let level = |index: usize| point.regions.get(index).map_or(0, |level| level.used);
        push(point.until_us, &level);
    }
    push(heap.time_us, &|index| heap.regions[index].used);
    let (bytes_per_minute, _) = series.lasting_growth()?;
    let free = regions(heap).map(|(_, region)| region.free).sum();
    seconds_until_full(free, bytes_per_minute)
}

/// Judges as the page of a device does before it has watched that: by the numbers of one answer.
fn verdict(trace: &Trace, leaks: Option<&LeaksPage>) -> Verdict {
    let said = |tone, words: &str| Verdict {
        tone,
        words: words.to_owned(),
        pace: String::new(),
    };
    let Some(page) = leaks else {
        return match trace.summary.destination {
            Some(Destination::ToHost) => said("", "Records go to a host"),
            _ => said("", "Not tracing"),
        };
    };
    let of_kind = |kind: fn(&Leak) -> bool| {
        let own = page
            .leaks
            .iter()
            .filter(|leak| leak.stack.origin != Origin::Agent);
        own.filter(move |leak| kind(leak))
    };
    // Where blocks without a record may still be held, nothing is certain.
    let knows_all = trace.summary.evicted_live == 0;
    let leaking = of_kind(|leak| leak.verdict.kind == Kind::Leaking && leak.verdict.certain);
    let growing = of_kind(|leak| leak.verdict.kind == Kind::Leaking || leak.verdict.may_be_leak());
    let queues = of_kind(|leak| leak.verdict.kind == Kind::QueueGrows);
    let stacks = |number: usize, one: &str, many: &str| {
        let verb = if number == 1 { one } else { many };
        format!("{} {verb}", plural(number as u64, "call stack"))
    };
    let (certain, likely, waiting) = (
        if knows_all {
            leaking.clone().count()
        } else {
            0
        },
        growing.clone().count(),
        queues.count(),
    );
    match (certain, likely, waiting) {
        (1.., ..) => Verdict {
            pace: pace(leaking),
            ..said("bad", &stacks(certain, "leaks", "leak"))
        },
        (_, 1.., _) => Verdict {
            pace: pace(growing),
            ..said("info", &stacks(likely, "may leak", "may leak"))
        },
        (_, _, 1..) => said(
            "info",
            &format!(
                "{} filled faster than emptied",
                plural(waiting as u64, "queue")
            ),
        ),
        _ if !is_recording(&trace.summary) => said("", "Nothing is recorded now"),
        _ if !knows_all => said("", "No leak shows, but records were lost"),
        _ if page.period.known_us() < QUIET_US => said("", "Too early to tell"),
        _ => said("good", "No leak shows"),
    }
}

fn pace<'l>(leaks: impl Iterator<Item = &'l Leak>) -> String {
    let rates = leaks.map(|leak| leak.verdict.bytes_per_minute);
    match rates.fold(0, u64::saturating_add) {
        0 => String::new(),
        rate => format!("{} a minute", bytes(rate)),
    }
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::trace::{Level, Mode, Period, State, Summary, name};
    use heapbeacon_shared::{api, trace};

    use super::*;

    const SECOND: u64 = 1_000_000;

    fn region(text: &str, used: u64, origin: Origin) -> Region {
        Region {
            name: name(text),
            size: 100_000,
            used,
            free: 100_000 - used,
            largest_free_block: (100_000 - used) / 2,
            origin,
            ..Region::default()
        }
    }

    /// A heap whose first region has handed out `rate` bytes more in each second, and what the device remembers of it.
    fn grown(seconds: u64, rate: u64) -> (Heap, HeapHistory) {
        let mut heap = Heap {
            time_us: seconds * SECOND,
            ..Heap::default()
        };
        let own = region("own", 90_000, Origin::Agent);
        let regions = [region("heap", seconds * rate, Origin::Application), own];
        heap.regions.extend(regions);
        let point = |second: u64| trace::Point {
            from_us: (second - 1) * SECOND,
            until_us: second * SECOND,
            regions: [second * rate, 90_000]
                .map(|used| Level {
                    used,
                    ..Level::default()
                })
                .into_iter()
                .collect(),
        };
        let history = HeapHistory {
            regions: vec![name("heap"), name("own")],
            points: (1..seconds).map(point).collect(),
            ..HeapHistory::default()
        };
        (heap, history)
    }

    fn recording(evicted_live: u64) -> Trace {
        Trace {
            summary: Summary {
                state: State::Recording,
                destination: Some(Destination::Standalone),
                mode: Some(Mode::Leaks),
                evicted_live,
                ..Summary::EMPTY
            },
            ..Trace::default()
        }
    }

    fn page(leaks: &[(Kind, bool, u64)], known_us: u64) -> LeaksPage {
        let leak = |(kind, certain, bytes_per_minute): &(Kind, bool, u64)| Leak {
            verdict: trace::Verdict {
                kind: *kind,
                certain: *certain,
                bytes_per_minute: *bytes_per_minute,
                ..Default::default()
            },
            ..Leak::default()
        };
        LeaksPage {
            period: Period {
                time_us: known_us,
                ..Period::default()
            },
            leaks: leaks.iter().map(leak).collect(),
            ..LeaksPage::default()
        }
    }

    #[test]
    fn the_heap_is_full_when_what_is_left_of_the_firmwares_regions_is_handed_out() {
        let (heap, history) = grown(300, 50);
        // 85,000 bytes at 50 a second; the agent's own region does not count.
        assert_eq!(seconds_to_full(&heap, Some(&history)), Some(1_700));
        let (heap, history) = grown(300, 0);
        assert_eq!(seconds_to_full(&heap, Some(&history)), None);
        assert_eq!(seconds_to_full(&heap, None), None);
    }

    #[test]
    fn a_history_of_other_regions_tells_nothing() {
        let (heap, mut history) = grown(300, 50);
        history.regions.pop();
        assert_eq!(seconds_to_full(&heap, Some(&history)), None);
    }

    #[test]
    fn only_what_is_certain_is_bad() {
        let leaking = page(
            &[(Kind::Leaking, true, 2_048), (Kind::Leaking, true, 1_024)],
            0,
        );
        for (evicted_live, tone, words) in [
            (0, "bad", "2 call stacks leak"),
            (1, "info", "2 call stacks may leak"),
        ] {
            let said = verdict(&recording(evicted_live), Some(&leaking));
            assert_eq!((said.tone, &*said.words), (tone, words));
            assert_eq!(said.pace, "3.0 KiB a minute");
        }
        let filling = page(&[(Kind::Filling, false, 60)], 0);
        let said = verdict(&recording(0), Some(&filling));
        assert_eq!((said.tone, &*said.words), ("info", "1 call stack may leak"));
    }

    #[test]
    fn that_nothing_leaks_is_said_once_it_is_known() {
        let of = |trace: &Trace, known_us| verdict(trace, Some(&page(&[], known_us))).words;
        assert_eq!(of(&recording(0), QUIET_US - 1), "Too early to tell");
        assert_eq!(of(&recording(0), QUIET_US), "No leak shows");
        assert_eq!(
            of(&recording(3), QUIET_US),
            "No leak shows, but records were lost"
        );
        assert_eq!(of(&Trace::default(), QUIET_US), "Nothing is recorded now");
        assert_eq!(verdict(&Trace::default(), None).words, "Not tracing");
    }

    #[test]
    fn answers_are_read_as_the_device_writes_them() {
        let (heap, history) = grown(300, 50);
        let device = Device {
            name: name("lamp"),
            firmware: name("lamp"),
            firmware_version: name("2.1.0"),
            uptime_us: 192 * 60 * SECOND,
            ..Device::default()
        };
        let answers = serde_json::json!({
            "device": device, "heap": heap, "history": history, "trace": api::Trace::default(), "leaks": null,
        });
        let told = row(&answers.to_string()).expect("they are answers");
        for words in [
            "\"lamp 2.1.0\"",
            "\"3 h 12 min\"",
            "\"83.0 KiB\"",
            "\"28 min\"",
            "Not tracing",
        ] {
            assert!(told.contains(words), "{words}: {told}");
        }
        let refusal = row("{\"device\":1}").expect_err("it is no answer");
        assert!(refusal.contains("another version"), "{refusal}");
    }
}

//! The sentence above the leak list of a device.

use heapbeacon_shared::analysis::{
    Caveat, Conclusion, GrowingSites, LEAK_BLOCKS, LEAK_US, LeakList, Rest, is_recording,
};
use heapbeacon_shared::api::Trace;
use heapbeacon_shared::trace::{Kind, Mode, State};

use super::completeness::completeness;
use super::{Finding, Part, Tone, View};
use crate::format;
use crate::model::record_buffer::more_records;
use crate::model::sites::Site;

/// Growing sites that the sentence names.
const NAMED_SITES: usize = 3;
/// Blocks that a leak gains before it shows.
const SHOWING_BLOCKS: u64 = 8;
/// Times between two blocks that are told, in seconds: so many that a sentence seldom changes.
const INTERVALS: [u64; 7] = [10, 60, 600, 3_600, 6 * 3_600, 24 * 3_600, 7 * 24 * 3_600];

/// Describes what a leak list shows. While nothing is recorded, that is what it showed before.
pub fn describe(sites: &[&Site], view: &View<'_>) -> Finding {
    let listed: Vec<_> = sites.iter().map(|site| site.listed()).collect();
    let list = LeakList {
        sites: &listed,
        summary: &view.trace.summary,
        is_cut: view.is_cut(),
        known_us: view.known_us,
        piles_up: view.piles_up,
    };
    let mut finding = match list.conclude() {
        Conclusion::Empty => Finding {
            headline: "No block is live.".to_owned(),
            ..Finding::default()
        },
        Conclusion::Growing(growing) => some_grow(sites, &growing, view),
        Conclusion::TooEarly { rising } => too_early(rising, view),
        Conclusion::Level { stopped, caveat } => none_grows(sites, &stopped, caveat, view),
    };
    let as_of = as_of(view).map(text);
    finding.details.splice(..0, as_of);
    finding.facts = [rest(list.rest()), completeness(view, 0)].concat();
    finding
}

/// Describes how old a finding is, and why.
fn as_of(view: &View<'_>) -> Option<String> {
    let (end, since) = match view.trace.summary.state {
        State::Recording => return None,
        State::Paused => ("pause", "only frees were"),
        State::Stopped | State::Uninitialised => ("stop", "nothing was"),
    };
    let ago = view.trace.summary.time_us.saturating_sub(view.watched_us?);
    let ago = format::duration(ago);
    Some(format!(
        "This is as of the {end}, {ago} ago: {since} recorded since."
    ))
}

fn too_early(rising: usize, view: &View<'_>) -> Finding {
    let (headline, when) = match is_recording(&view.trace.summary) {
        true => ("Too early to say.", "after a minute"),
        false => (
            "Too little was recorded to say.",
            "only while allocations are recorded",
        ),
    };
    let watched = match view.known_us {
        0 => String::new(),
        known_us => format!(", and the trace has {} by now", format::duration(known_us)),
    };
    let rising = match rising {
        0 => String::new(),
        _ => format!(
            " By now {} more than before, as leaks do, and also what only fills up at the start.",
            match rising {
                1 => "one site holds".to_owned(),
                _ => format!("{rising} sites hold"),
            }
        ),
    };
    let words =
        format!("Growth shows {when}{watched}.{rising} The list below says what is known so far.");
    Finding {
        headline: headline.to_owned(),
        details: vec![text(words)],
        ..Finding::default()
    }
}

fn none_grows(
    sites: &[&Site],
    stopped: &[usize],
    caveat: Option<Caveat>,
    view: &View<'_>,
) -> Finding {
    let (tone, headline) = match caveat {
        Some(caveat) => (Tone::Neutral, not_known(caveat, view)),
        None => (Tone::Good, nothing_leaks(sites, stopped, view.known_us)),
    };
    let now_us = view.now_us();
    let stopped = stopped.iter().take(NAMED_SITES);
    let details = stopped.map(|site| ended(sites[*site], now_us));
    Finding {
        tone,
        headline,
        details: details.chain(advice(view.trace).map(text)).collect(),
        facts: String::new(),
    }
}

/// Describes what keeps the page from saying that nothing leaks.
fn not_known(caveat: Caveat, view: &View<'_>) -> String {
    match caveat {
        Caveat::PilesUp => "Blocks pile up, but none of these call sites shows it.".to_owned(),
        Caveat::Cut => {
            let [listed, total] = [view.listed, view.total].map(format::count);
            format!("None of the {listed} largest of {total} call stacks is growing.")
        }
        Caveat::Evicted => "No leak shows, but not every block is seen.".to_owned(),
        Caveat::NotRecording => "Nothing was leaking while it recorded.".to_owned(),
    }
}

fn nothing_leaks(sites: &[&Site], stopped: &[usize], known_us: u64) -> String {
    // A slow leak hides longer where blocks come and go.
    let in_flight = |site: &&Site| site.judgement.kind() == Kind::InFlight;
    match (stopped.is_empty(), sites.iter().any(in_flight)) {
        (false, _) => "Nothing is leaking any more.".to_owned(),
        (true, true) => "No leak shows.".to_owned(),
        (true, false) => format!("Nothing is leaking faster than {}.", slowest(known_us)),
    }
}

/// Returns the pace of the slowest leak that would show by now, in words.
fn slowest(known_us: u64) -> String {
    let seconds = known_us / 1_000_000 / SHOWING_BLOCKS;
    let interval = INTERVALS.iter().find(|interval| seconds <= **interval);
    match interval.unwrap_or(&seconds) {
        60 => "a block a minute".to_owned(),
        3_600 => "a block an hour".to_owned(),
        86_400 => "a block a day".to_owned(),
        seconds => format!("a block in {}", format::duration(seconds * 1_000_000)),
    }
}

/// Describes what a leak that has ended left behind.
fn ended(site: &Site, now_us: u64) -> Vec<Part> {
    let ago = format::duration(now_us.saturating_sub(site.judgement.ended_us()));
    let blocks = format::plural(site.count, "block");
    let bytes = format::bytes(site.bytes);
    vec![
        Part::Code(site.name.clone()),
        Part::Text(format!(
            "{} stopped growing {ago} ago and still holds {blocks}, {bytes}.",
            place(site)
        )),
    ]
}

/// Describes which sites grow, and calls it a leak where that is certain.
fn some_grow(sites: &[&Site], growing: &GrowingSites, view: &View<'_>) -> Finding {
    let now_us = view.now_us();
    let GrowingSites {
        certain, leaking, ..
    } = *growing;
    let all = || growing.sites.iter().map(|site| sites[*site]);
    // The headline speaks of what is certain only.
    let grown = |site: &Site| grown(site, certain > 0 && !site.judgement.leaks(), now_us);
    // What was lost is told with that.
    let others = all().filter(|site| site.lost.count == 0);
    let mut details: Vec<_> = others.take(NAMED_SITES).map(grown).collect();
    details.extend(time_left(view));
    if leaking == 0 {
        details.push(text(format!(
            "What still fills up looks the same: after {} blocks, or {} of steady growth, it is called a leak.",
            format::count(LEAK_BLOCKS),
            format::duration(LEAK_US)
        )));
    }
    if all().any(|site| !site.judgement.is_known) {
        details.extend(doubt(view.trace));
    }
    let (tone, headline) = called_a_leak(growing);
    Finding {
        tone,
        headline,
        details,
        facts: String::new(),
    }
}

/// Describes how many sites leak, or may.
fn called_a_leak(growing: &GrowingSites) -> (Tone, String) {
    let sites = format::plural_in_words(growing.sites.len() as u64, "call site");
    match growing.certain {
        0 if growing.is_leak => {
            let sites = sites.to_ascii_lowercase();
            (Tone::Bad, format!("At least one of {sites} is leaking."))
        }
        0 => (Tone::Neutral, format!("{sites} may be leaking.")),
        certain => (Tone::Bad, call_sites_are(certain, "leaking.")),
    }
}

fn call_sites_are(number: usize, what: &str) -> String {
    let sites = format::plural_in_words(number as u64, "call site");
    let verb = if number == 1 { "is" } else { "are" };
    format!("{sites} {verb} {what}")
}

/// Describes why it is uncertain, and what would make it certain.
fn doubt(trace: &Trace) -> Option<Vec<Part>> {
    let reason =
        "Some blocks live longer than their records, and whether those were freed can't be told.";
    advice(trace).map(|advice| text(format!("{reason} {advice}")))
}

/// Returns how to see every block; `None` if none was evicted.
fn advice(trace: &Trace) -> Option<String> {
    (trace.summary.evicted_live > 0).then(|| match trace.summary.mode {
        Some(Mode::All) => {
            "Start leaks mode to be sure: there, freed blocks take no room.".to_owned()
        }
        _ => match more_records(trace) {
            Some(most) => format!(
                "To be sure, stop and start again: then there is room for {} records.",
                format::count(u64::from(most))
            ),
            None => "To be sure, give the device a larger record buffer.".to_owned(),
        },
    })
}

fn text(words: String) -> Vec<Part> {
    vec![Part::Text(words)]
}

/// Describes what the heap loses, and when it is full.
fn time_left(view: &View<'_>) -> Option<Vec<Part>> {
    let outlook = &view.outlook;
    let seconds = outlook.seconds?;
    let (value, unit) = format::bytes_parts(outlook.bytes_per_minute);
    let time = |seconds: u64| Part::Strong(format::duration(seconds.saturating_mul(1_000_000)));
    let plain = |words: &str| Part::Text(words.to_owned());
    let mut parts = vec![
        plain("The heap loses "),
        Part::Strong(format!("{value} {unit} a minute")),
        plain(" in all, with what the allocator rounds up. At this rate "),
    ];
    let region = |(index, seconds): (usize, u64)| Some((view.regions.get(index)?, seconds));
    match outlook.first.and_then(region) {
        Some((name, first)) => parts.extend([
            plain("region "),
            Part::Code(name.to_string()),
            plain(" is full in "),
            time(first),
            plain(", and all of it in "),
            time(seconds),
            plain("."),
        ]),
        None => parts.extend([plain("it is full in "), time(seconds), plain(".")]),
    }
    Some(parts)
}

/// Returns where a site is, in brackets.
fn place(site: &Site) -> String {
    let place = site.place.as_ref();
    place.map_or_else(String::new, |place| format!(" ({place})"))
}

/// Describes how a site grows, and that it may do so for another reason than a leak where `is_exception` to the headline.
fn grown(site: &Site, is_exception: bool, now_us: u64) -> Vec<Part> {
    let (value, unit) = format::bytes_parts(site.judgement.growth());
    let blocks = format::plural(site.count, "block");
    let bytes = format::bytes(site.bytes);
    let place = place(site);
    let takes = match is_exception {
        true => "may leak, too: it takes",
        false => "takes",
    };
    let (up_to, rest) = match site.history.in_doubt() {
        0 => {
            let age = format::duration(now_us.saturating_sub(site.oldest_us));
            ("", format!("; the oldest is {age} old."))
        }
        evicted => {
            let evicted = format::count(evicted);
            ("up to ", format!(", and up to {evicted} without a record."))
        }
    };
    vec![
        Part::Code(site.name.clone()),
        Part::Text(format!("{place} {takes} {up_to}")),
        Part::Strong(format!("{value} {unit} a minute")),
        Part::Text(format!(" and holds {blocks}, {bytes}{rest}")),
    ]
}

/// Counts what is not growing.
fn rest(rest: Rest) -> String {
    let counted = [
        (rest.steady, "large but steady"),
        (rest.in_flight, "in flight"),
        (rest.new, "too new to tell"),
    ];
    let words = |(count, what): (usize, &str)| match count {
        0 => String::new(),
        1 => format!("One site is {what}. "),
        _ => {
            let sites = format::plural_in_words(count as u64, "site");
            format!("{sites} are {what}. ")
        }
    };
    counted.map(words).concat()
}

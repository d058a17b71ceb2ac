//! The sentence above the leak list.

use heapbeacon_shared::analysis::{Verdict, WINDOW_US, seconds_until_full};
use heapbeacon_shared::api::Trace;

use super::ranking::ranked;
use super::sites::Site;
use crate::format;

/// Growing sites that the sentence names.
const NAMED_SITES: usize = 2;
/// A block that was held for so long and still is, is large but steady from this share on.
const LARGE_SHARE: u64 = 10;

/// What grows for as long as this is called a leak: one window to see it, and another to see that it
/// goes on. Before that it may be a cache that still fills.
const LEAK_AFTER_US: u64 = 2 * WINDOW_US;

/// How a finding is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Somebody should act.
    Bad,
    /// All is well.
    Good,
    /// There is nothing to say yet.
    #[default]
    Neutral,
}

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Plain words.
    Text(String),
    /// The name of a function.
    Code(String),
    /// The number that matters.
    Strong(String),
}

/// What the leak list says, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// How it is meant.
    pub tone: Tone,
    /// The answer.
    pub headline: String,
    /// One line for each growing site.
    pub details: Vec<Vec<Part>>,
    /// What else there is, and whether the list is complete.
    pub facts: String,
}

/// Says what a leak list shows; `free_bytes` is what the heap has left.
pub fn finding(sites: &[&Site], trace: &Trace, free_bytes: u64, now_us: u64) -> Finding {
    let growing: Vec<&Site> = by_growth(sites);
    let mut finding = match seconds_of_data(sites) {
        _ if sites.is_empty() => Finding {
            tone: Tone::Neutral,
            headline: "No block is live.".to_owned(),
            ..Finding::default()
        },
        Some(seconds) if growing.is_empty() => too_early(seconds),
        _ if growing.is_empty() => Finding {
            tone: Tone::Good,
            headline: "Nothing is leaking.".to_owned(),
            ..Finding::default()
        },
        _ => leaking(&growing, free_bytes, now_us),
    };
    finding.facts = [rest(sites), completeness(trace)].concat();
    finding
}

fn by_growth<'s>(sites: &[&'s Site]) -> Vec<&'s Site> {
    let growing = sites.iter().filter(|site| site.growth() > 0.0).copied();
    ranked(growing, sites.len(), |a, b| a.growth() > b.growth())
}

/// Returns how much data there is while it is too little.
fn seconds_of_data(sites: &[&Site]) -> Option<u64> {
    let seconds = |site: &&Site| match site.verdict {
        Verdict::TooEarly { seconds_of_data } => Some(seconds_of_data),
        _ => None,
    };
    sites.iter().filter_map(seconds).max()
}

fn too_early(seconds: u64) -> Finding {
    let words =
        "Growth shows after a few seconds more. Until then the list below is in order of size.";
    Finding {
        tone: Tone::Neutral,
        headline: format!("Too early to say ({seconds} s of data)."),
        details: vec![vec![Part::Text(words.to_owned())]],
        facts: String::new(),
    }
}

fn leaking(growing: &[&Site], free_bytes: u64, now_us: u64) -> Finding {
    let named = growing.iter().take(NAMED_SITES);
    let mut details: Vec<_> = named.map(|site| grown(site, now_us)).collect();
    let total: f64 = growing.iter().map(|site| site.growth()).sum();
    if let (Some(seconds), Some(last)) = (seconds_until_full(free_bytes, total), details.last_mut())
    {
        last.push(Part::Text(" At this rate the heap is full in ".to_owned()));
        last.push(Part::Strong(format::duration(
            seconds.saturating_mul(1_000_000),
        )));
        last.push(Part::Text(".".to_owned()));
    }
    let sites = format::plural_in_words(growing.len() as u64, "call site");
    let verb = if growing.len() == 1 { "is" } else { "are" };
    let watched_us = growing
        .iter()
        .map(|site| watched_us(site))
        .max()
        .unwrap_or(0);
    if watched_us >= LEAK_AFTER_US {
        return Finding {
            tone: Tone::Bad,
            headline: format!("{sites} {verb} leaking."),
            details,
            facts: String::new(),
        };
    }
    let watched = format::duration(watched_us);
    details.push(vec![Part::Text(format!(
        "After {watched} this may be a leak, or something that is still filling up."
    ))]);
    Finding {
        tone: Tone::Neutral,
        headline: format!("{sites} {verb} growing."),
        details,
        facts: String::new(),
    }
}

fn watched_us(site: &Site) -> u64 {
    match site.points.as_slice() {
        [first, .., last] => last.time_us.saturating_sub(first.time_us),
        _ => 0,
    }
}

fn grown(site: &Site, now_us: u64) -> Vec<Part> {
    let (value, unit) = format::bytes_parts(site.growth());
    let age = format::duration(now_us.saturating_sub(site.oldest_us));
    let blocks = format::plural(site.count, "block");
    let bytes = format::bytes(site.bytes);
    let place = site
        .place
        .as_ref()
        .map_or_else(String::new, |place| format!(" ({place})"));
    vec![
        Part::Code(site.name.clone()),
        Part::Text(format!("{place} grows by ")),
        Part::Strong(format!("{value} {unit} a minute")),
        Part::Text(format!(
            " and holds {blocks}, {bytes}; the oldest is {age} old."
        )),
    ]
}

/// Counts what is not growing.
fn rest(sites: &[&Site]) -> String {
    let total: u64 = sites.iter().map(|site| site.bytes).sum();
    let steady = |site: &&&Site| matches!(site.verdict, Verdict::Plateau | Verdict::OneOff);
    let large = sites
        .iter()
        .filter(steady)
        .filter(|site| site.bytes > total / LARGE_SHARE);
    let in_flight = sites
        .iter()
        .filter(|site| site.verdict == Verdict::InFlight);
    let mut text = String::new();
    match large.count() as u64 {
        0 => {}
        1 => text += "One site is large but steady. ",
        count => {
            text += &format!(
                "{} are large but steady. ",
                format::plural_in_words(count, "site")
            )
        }
    }
    match in_flight.count() as u64 {
        0 => {}
        1 => text += "One site is in flight. ",
        count => text += &format!("{} are in flight. ", format::plural_in_words(count, "site")),
    }
    text
}

pub(super) fn completeness(trace: &Trace) -> String {
    let lost = [
        (trace.evicted_live, "live record", "evicted for room"),
        (trace.dropped, "event", "dropped on the way"),
    ];
    let told = lost.iter().filter(|(number, ..)| *number > 0);
    let told: Vec<_> = told
        .map(|(number, thing, fate)| {
            let verb = if *number == 1 { "was" } else { "were" };
            format!("{} {verb} {fate}", format::plural(*number, thing))
        })
        .collect();
    if told.is_empty() {
        "Nothing was evicted, so this list is complete.".to_owned()
    } else {
        format!("{}: this list is incomplete.", told.join(" and "))
    }
}

#[cfg(test)]
#[path = "finding_tests.rs"]
pub(super) mod tests;

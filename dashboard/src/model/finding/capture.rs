//! The sentence above the list of a capture: what its numbers say, which are of one moment.

use heapbeacon_shared::capture::Loss;
use heapbeacon_shared::trace::State;

use super::completeness::completeness;
use super::{Finding, Part, Tone, View};
use crate::format;
use crate::model::sites::Site;

/// Leaking sites that the sentence names.
const NAMED_SITES: usize = 3;

/// Describes what was held when a capture was taken; `sites` are in the order of their size.
pub fn describe(sites: &[&Site], view: &View<'_>, loss: &Loss) -> Finding {
    let bytes: u64 = sites.iter().map(|site| site.bytes).sum();
    let number = format::plural_in_words(sites.len() as u64, "call site");
    let headline = match sites.len() {
        0 => "No block was live.".to_owned(),
        _ => format!("{number} held {}.", format::bytes(bytes)),
    };
    let taken_us = view.trace.summary.time_us;
    let growing: Vec<&Site> = sites
        .iter()
        .copied()
        .filter(|site| site.judgement.is_growing())
        .collect();
    let is_weighed = sites.iter().any(|site| site.judgement.told.is_some());
    let largest = sites.first().map(|site| largest(site, taken_us));
    let (tone, headline, details) = match growing.as_slice() {
        [] => {
            let limits = vec![Part::Text(limits(is_weighed).to_owned())];
            let details = largest.map_or_else(Vec::new, |largest| vec![largest, limits]);
            (Tone::Neutral, headline, details)
        }
        growing => {
            let (tone, headline) = leaking(growing);
            // What may have been leaking is not named where others were.
            let is_counted = |site: &&&Site| tone == Tone::Neutral || site.judgement.leaks();
            let named = growing.iter().filter(is_counted).take(NAMED_SITES);
            let details = named.map(|site| grew(site, taken_us)).chain(largest);
            (tone, headline, details.collect())
        }
    };
    let facts = if loss.is_incomplete() {
        "Part of the file is missing, so this list is incomplete.".to_owned()
    } else {
        format!(
            "{}{}",
            completeness(view, view.trace.summary.dropped),
            stopped(view.trace.summary.state)
        )
    };
    Finding {
        tone,
        headline,
        details,
        facts,
    }
}

/// Returns what a capture in which nothing leaks can't tell.
fn limits(is_weighed: bool) -> &'static str {
    match is_weighed {
        true => {
            "None of them has outlived what its call site frees, or kept coming until the capture: nothing here says leak."
        }
        false => {
            "A capture is one moment, and this one has no lifetimes, so nothing here says what grows. Look at when the live \
             blocks were allocated: a leak rises all along, what is held for good is a step."
        }
    }
}

/// Describes how many sites leaked, or may have.
fn leaking(growing: &[&Site]) -> (Tone, String) {
    let certain = growing.iter().filter(|site| site.judgement.leaks()).count();
    let number = |sites: usize| format::plural_in_words(sites as u64, "call site");
    match certain {
        0 => (
            Tone::Neutral,
            format!("{} may have been leaking.", number(growing.len())),
        ),
        1 => (Tone::Bad, "One call site was leaking.".to_owned()),
        _ => (Tone::Bad, format!("{} were leaking.", number(certain))),
    }
}

/// Describes a site that grew until the capture.
fn grew(site: &Site, taken_us: u64) -> Vec<Part> {
    let place = site.place.as_ref();
    let place = place.map_or_else(String::new, |place| format!(" ({place})"));
    let (value, unit) = format::bytes_parts(site.judgement.growth());
    let blocks = format::plural(site.count, "block");
    let bytes = format::bytes(site.bytes);
    let age = format::duration(taken_us.saturating_sub(site.oldest_us));
    vec![
        Part::Code(site.name.clone()),
        Part::Text(format!("{place} took ")),
        Part::Strong(format!("{value} {unit} a minute")),
        Part::Text(format!(
            " and held {blocks}, {bytes}; the oldest was {age} old."
        )),
    ]
}

/// Returns what is missing from a capture of a stopped trace.
fn stopped(state: State) -> &'static str {
    match state {
        State::Stopped => " The trace was stopped: of what came after that there is nothing here.",
        _ => "",
    }
}

fn largest(site: &Site, taken_us: u64) -> Vec<Part> {
    let place = site.place.as_ref();
    let place = place.map_or_else(String::new, |place| format!(" ({place})"));
    let blocks = format::plural(site.count, "block");
    let age = format::duration(taken_us.saturating_sub(site.oldest_us));
    vec![
        Part::Code(site.name.clone()),
        Part::Text(format!("{place} held the most: ")),
        Part::Strong(format::bytes(site.bytes)),
        Part::Text(format!(" in {blocks}; the oldest was {age} old.")),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::tests::{site, suspected, view, words};
    use heapbeacon_shared::analysis::Judgement;
    use heapbeacon_shared::api::Trace;
    use heapbeacon_shared::trace::{Kind, Summary};

    use super::*;

    fn told(sites: &[Site], loss: Loss) -> Finding {
        let sites: Vec<_> = sites.iter().collect();
        let trace = Trace {
            summary: Summary {
                time_us: 15 * 60_000_000,
                ..Summary::default()
            },
            ..Trace::default()
        };
        describe(&sites, &view(&trace), &loss)
    }

    #[test]
    fn the_largest_site_is_named_with_its_age_at_the_capture_and_nothing_is_said_to_grow() {
        // Nothing is known of its call stacks.
        let sites = ["session::open", "cache::fill"].map(|name| Site {
            judgement: Judgement::default(),
            ..site(name, Kind::Plateau)
        });
        let finding = told(&sites, Loss::default());
        assert_eq!(finding.headline, "Two call sites held 78.0 KiB.");
        assert_eq!(
            words(&finding.details[0]),
            "session::open (src/a.rs:8) held the most: 39.0 KiB in 312 blocks; the oldest was 14 \
             min old."
        );
        assert_eq!(finding.tone, Tone::Neutral);
    }

    #[test]
    fn where_some_were_leaking_no_other_is_named_as_if_it_was() {
        let told = |sites: &[Site]| {
            let finding = told(sites, Loss::default());
            let took = finding.details.iter().map(|details| words(details));
            let took = took.filter(|words| words.contains(" took ")).collect();
            (finding.headline, took)
        };
        let filling = suspected("cache::fill");
        let (headline, took): (_, Vec<String>) =
            told(&[filling.clone(), site("session::open", Kind::Leaking)]);
        assert_eq!(headline, "One call site was leaking.");
        assert!(
            took.len() == 1 && took[0].starts_with("session::open"),
            "{took:?}"
        );
        let (headline, took) = told(&[filling]);
        assert_eq!(headline, "One call site may have been leaking.");
        assert_eq!(took.len(), 1);
    }

    #[test]
    fn a_stop_before_the_capture_is_said() {
        let facts = |state| {
            let trace = Trace {
                summary: Summary {
                    state,
                    ..Summary::default()
                },
                ..Trace::default()
            };
            describe(&[], &view(&trace), &Loss::default()).facts
        };
        assert!(facts(State::Stopped).contains("was stopped"));
        assert!(!facts(State::Recording).contains("was stopped"));
    }

    #[test]
    fn a_list_from_a_damaged_file_is_called_incomplete() {
        let loss = Loss {
            is_cut_off: true,
            ..Loss::default()
        };
        let finding = told(&[], loss);
        assert_eq!(finding.headline, "No block was live.");
        assert!(finding.facts.contains("incomplete"), "{}", finding.facts);
    }
}

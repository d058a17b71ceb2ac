//! What is said of blocks that nothing refers to any more.

use super::{Finding, Part, Tone};
use crate::format;
use crate::model::sites::Site;

/// Sites that are named.
const NAMED_SITES: usize = 3;

/// Adds to a finding which sites have lost blocks: nothing is as certain.
pub fn add_lost(finding: &mut Finding, sites: &[&Site]) {
    let lost: Vec<_> = sites.iter().filter(|site| site.lost.count > 0).collect();
    if lost.is_empty() {
        return;
    }
    let number = format::plural_in_words(lost.len() as u64, "call site");
    let verb = if lost.len() == 1 { "has" } else { "have" };
    finding.headline = match finding.tone {
        Tone::Bad => {
            let before = finding.headline.trim_end_matches('.');
            let number = number.to_lowercase();
            let who = match lost.iter().all(|site| site.judgement.leaks()) {
                // They were counted before.
                true => number
                    .replace("call sites", "of them")
                    .replace("call site", "of them"),
                false => number,
            };
            format!("{before}, and {who} {verb} lost blocks.")
        }
        _ => format!("{number} {verb} lost blocks."),
    };
    finding.tone = Tone::Bad;
    let named = lost.iter().take(NAMED_SITES);
    finding.details.splice(..0, named.map(|site| told(site)));
}

fn told(site: &Site) -> Vec<Part> {
    let place = site.place.as_ref();
    let place = place.map_or_else(String::new, |place| format!(" ({place})"));
    let lost = site.lost;
    let them = if lost.count == 1 { "it" } else { "them" };
    vec![
        Part::Code(site.name.clone()),
        Part::Text(format!("{place} has lost ")),
        Part::Strong(format::plural(lost.count, "block")),
        Part::Text(format!(
            ", {}: nothing refers to {them} any more, so no code can free {them}.",
            format::bytes(lost.bytes)
        )),
    ]
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::trace::Kind;

    use super::super::tests::{site, words};
    use super::*;
    use crate::model::holders::Lost;

    fn with_lost(tone: Tone, headline: &str) -> Finding {
        with_lost_of(Kind::OneOff, tone, headline)
    }

    fn with_lost_of(kind: Kind, tone: Tone, headline: &str) -> Finding {
        let steady = site("cache::fill", Kind::Plateau);
        let loser = Site {
            lost: Lost {
                count: 2,
                bytes: 80,
            },
            ..site("lost::forget", kind)
        };
        let mut finding = Finding {
            tone,
            headline: headline.to_owned(),
            ..Finding::default()
        };
        add_lost(&mut finding, &[&steady]);
        assert_eq!((finding.tone, finding.headline.as_str()), (tone, headline));
        add_lost(&mut finding, &[&steady, &loser]);
        finding
    }

    #[test]
    fn lost_blocks_are_said_whatever_else_was_found() {
        let good = with_lost(Tone::Good, "No leak shows.");
        assert_eq!(good.headline, "One call site has lost blocks.");
        assert_eq!(
            words(&good.details[0]),
            "lost::forget (src/a.rs:8) has lost 2 blocks, 80 B: nothing refers to them any more, so no code can free them."
        );
        let bad = with_lost(Tone::Bad, "One call site is leaking.");
        assert_eq!(
            bad.headline,
            "One call site is leaking, and one call site has lost blocks."
        );
        assert_eq!((good.tone, bad.tone), (Tone::Bad, Tone::Bad));
        let both = with_lost_of(Kind::Leaking, Tone::Bad, "Two call sites are leaking.");
        assert_eq!(
            both.headline,
            "Two call sites are leaking, and one of them has lost blocks."
        );
    }
}

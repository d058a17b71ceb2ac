use heapbeacon_shared::trace::{Births, Kind};
use leptos::prelude::*;

use crate::format;
use crate::model::sites::Site;
use crate::store::Store;

/// Height of the chart of births, in its own units; a slice is one wide.
const HEIGHT: f64 = 20.0;

/// What says what a site does: how many of its blocks were freed, how old they became, and when the live ones were allocated.
#[component]
pub(super) fn Evidence(site: Memo<Option<Site>>) -> impl IntoView {
    let store = Store::of_app();
    view! { {move || site.read().as_ref().and_then(|site| evidence(site, store.known_us()))} }
}

fn evidence(site: &Site, known_us: u64) -> Option<AnyView> {
    let evidence = &site.evidence;
    evidence.is_known().then(|| {
        let since = since_words(&evidence.births, known_us);
        view! {
            <dl class="evidence" data-testid="evidence">
                <div>
                    <dt>{evidence.freed()}</dt>
                    <dd>{evidence.ages()}</dd>
                </div>
                <div>
                    <dt>"Live blocks, by when allocated"</dt>
                    <dd>{births(&evidence.births)} <span>{since}</span></dd>
                </div>
                <div>
                    <dt>{certainty(site).0}</dt>
                    <dd>{certainty(site).1}</dd>
                </div>
            </dl>
        }
        .into_any()
    })
}

/// Describes the time since the oldest block was allocated, and the time that is known where that is longer.
fn since_words(births: &Births, known_us: u64) -> String {
    let span_us = births.slice_us * births.counts.len() as u64;
    // The last slice reaches beyond now.
    match [span_us.min(known_us), known_us].map(format::duration) {
        [span, known] if span == known => format!("over all {known} that are known"),
        [span, known] => format!("over {span}, of {known} that are known"),
    }
}

/// Describes how sure the verdict is, and why.
fn certainty(site: &Site) -> (&'static str, &'static str) {
    let Some(told) = site.judgement.told else {
        return (
            "From what this page has watched",
            "records of it were evicted, so its numbers alone don't say it",
        );
    };
    let kind = match site.lost.count {
        0 => told.verdict.kind,
        _ => Kind::Lost,
    };
    match (kind, told.verdict.certain) {
        (Kind::Leaking | Kind::QueueGrows, true) => {
            ("Certain", "from the device's own counters, without waiting")
        }
        (Kind::Leaking, false) => (
            "Not certain",
            "records of it were evicted, or it has no entry of its own: what became of some blocks is not known",
        ),
        (Kind::QueueGrows, false) => (
            "Not certain yet",
            "what comes and goes by chance may grow for a while",
        ),
        (Kind::Filling, false) => (
            "Not certain yet",
            "what still fills up looks the same while none of it was ever freed",
        ),
        (Kind::Lost, _) => ("Certain", "nothing led to them in two scans of the memory"),
        (Kind::GrowsInPlace, _) => (
            "From several answers",
            "their bytes rise and their number does not",
        ),
        _ => ("From one answer", "of the device's own counters"),
    }
}

/// Draws how many live blocks were allocated in each slice of the time since the oldest.
fn births(births: &Births) -> AnyView {
    let most = births.counts.iter().copied().max().unwrap_or(0).max(1);
    let bar = |(slice, count): (usize, &u32)| {
        let height = HEIGHT * f64::from(*count) / f64::from(most);
        (*count > 0).then(|| {
            view! {
                <rect x=slice.to_string() width="0.8" y=format!("{:.1}", HEIGHT - height) height=format!("{height:.1}") />
            }
            .into_any()
        })
    };
    let bars: Vec<_> = births.counts.iter().enumerate().filter_map(bar).collect();
    let width = births.counts.len();
    let filled = births.counts.iter().filter(|count| **count > 0).count();
    let label = format!("Allocated in {filled} of {width} equal slices since the oldest");
    view! {
        <svg
            class="births"
            viewBox=format!("0 0 {width} {HEIGHT}")
            preserveAspectRatio="none"
            role="img"
            aria-label=label
        >
            {bars}
        </svg>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_once_where_all_that_is_known_is_that_long() {
        let births = Births::new(0, 60_000_000);
        let words = |known_us| since_words(&births, known_us);
        assert_eq!(words(60_400_000), "over all 60 s that are known");
        assert_eq!(words(600_000_000), "over 60 s, of 10 min that are known");
        assert_eq!(words(58_400_000), "over all 58 s that are known");
    }
}

use leptos::prelude::*;

use crate::components::Switch;
use crate::format;
use crate::model::holders::{HeldBy, Holding, How, Scanned, Step};
use crate::store::Store;
use crate::store::settings::Setting;

/// Ways to be held that are told of a site.
const HOLDINGS_SHOWN: usize = 4;

const HINT: &str = "Asks the device now and then which words of its memory point into the heap: that names what still holds \
                    a block, and tells what is lost";

/// Asks the device for who holds its blocks, or no more.
#[component]
pub(super) fn HoldersSwitch() -> impl IntoView {
    let store = Store::of_app();
    let on_change = Callback::new(move |on| {
        Setting::Scans.turn(on);
        store.wants_scans.set(on);
    });
    view! {
        <Switch
            label="Look for who holds blocks"
            hint=HINT.to_owned()
            test_id="scans".to_owned()
            on=store.wants_scans
            on_change
        />
    }
}

/// Finds in a scan who holds some blocks.
type Find = Box<dyn Fn(&Scanned) -> Option<HeldBy> + Send>;

/// Who holds the blocks of a site, or of a record.
#[component]
pub(in crate::pages) fn HoldersPart(
    /// Finds that in a scan.
    held: Find,
) -> impl IntoView {
    let store = Store::of_app();
    store.opened_rows.update(|rows| *rows += 1);
    on_cleanup(move || {
        // The store may have gone with the row.
        let _ = store.opened_rows.try_update(|rows| *rows -= 1);
    });
    let held = move || {
        store.symbols.track();
        held(store.scans.read().last.as_ref()?)
    };
    view! {
        <section class="holders" data-testid="holders">
            <h3>"Who holds it"</h3>
            {move || match held() {
                Some(held) => list(&held),
                None => view! { <p class="note">{lacking(store)}</p> }.into_any(),
            }}
        </section>
    }
}

/// Returns why nobody knows.
fn lacking(store: Store) -> String {
    let scans = store.scans.read();
    let words = match &scans.problem {
        _ if store.is_file => {
            "This capture does not tell what points into the heap: save one from /api/v1/capture?references=1."
        }
        _ if !store.wants_scans.get() => "It was not looked for: the switch above the list is off.",
        Some(problem) => return problem.clone(),
        None => "The device is being asked.",
    };
    words.to_owned()
}

fn list(held: &HeldBy) -> AnyView {
    let shown = held.holdings.iter().take(HOLDINGS_SHOWN);
    let shown: Vec<AnyView> = shown.map(|holding| drawn(holding, held)).collect();
    let rest = held.holdings.iter().skip(HOLDINGS_SHOWN);
    let rest: u64 = rest.map(|holding| holding.blocks).sum();
    let note = match rest {
        0 if held.blocks == 0 => {
            "The last scan knew none of these blocks: they came later, or are freed by now."
                .to_owned()
        }
        0 if held.sampled == held.blocks => String::new(),
        0 => format!(
            "{} of {} blocks were looked at.",
            held.sampled,
            format::count(held.blocks)
        ),
        _ => format!(
            "{} are held in other ways.",
            format::plural(rest, "more block")
        ),
    };
    view! {
        {shown}
        <p class="stack-title">{note}</p>
    }
    .into_any()
}

fn drawn(holding: &Holding, held: &HeldBy) -> AnyView {
    let steps: Vec<AnyView> = holding.chain.iter().map(step).collect();
    let class = match holding.how {
        How::Lost => "holding bad",
        _ => "holding",
    };
    view! {
        <div class=class>
            <p>{sentence(holding, held)}</p>
            <ol>{steps}</ol>
        </div>
    }
    .into_any()
}

fn step(step: &Step) -> AnyView {
    let times = match step.times {
        1 => String::new(),
        times => format!("{} in a row", format::count(times)),
    };
    view! {
        <li data-testid="holder">
            {step.what} " " <code>{step.name.clone()}</code> " " <code class="place">{step.place.clone()}</code>
            " " <small>{times}</small>
        </li>
    }
    .into_any()
}

/// Describes how blocks are held.
fn sentence(holding: &Holding, held: &HeldBy) -> String {
    let number = match (holding.blocks, held.sampled) {
        (1, 1) => "The block".to_owned(),
        (some, all) if some == all => format!("All {} blocks", format::count(some)),
        (some, all) => format!("{} of {} blocks", format::count(some), format::count(all)),
    };
    let (is, them) = match holding.blocks {
        1 => ("is", "it"),
        _ => ("are", "them"),
    };
    let rest = match holding.how {
        How::Held => format!("{is} held by"),
        How::Lost => format!(
            "{is} lost: in two scans nothing refers to {them}, so no code can free {them} any more."
        ),
        How::Unreached => format!(
            "{is} referred to by nothing that one scan has found. It takes a second one to call {them} lost."
        ),
        How::Untraced => format!(
            "{is} referred to by memory that may be free, a word that has moved, or blocks in doubt themselves, so whether somebody holds {them} is not certain:"
        ),
        How::Uncertain => format!(
            "{is} referred to by nothing that was found, but not all could be looked at, or the scan began before {them}: that is not certain."
        ),
    };
    format!("{number} {rest}")
}

use std::sync::Arc;

use heapbeacon_shared::report::Version;
use leptos::prelude::*;

use super::records::read_when_needed;
use super::span::latest_mark;
use crate::components::{DropZone, Empty, When, copy_text, follow, memo};
use crate::format;
use crate::model::compare::{Choice, Told};

mod choice;
mod look;
mod table;

use choice::Choices;
use look::Look;
use table::Changes;

/// What changed from one capture to another, or to the device as it is now.
#[component]
pub fn ComparePage() -> impl IntoView {
    let look = Look::of_view();
    begin_at_mark(look);
    follow(move || look.note());
    view! {
        <h1 class="unseen">"Compare"</h1>
        <Choices look />
        <When is=move || look.both().is_some() fallback=move || view! { <Lacking /> }>
            <Compared look />
        </When>
    }
}

/// Lets a comparison begin at the device's latest mark, where nothing else is there from before.
fn begin_at_mark(look: Look) {
    let device = look.sources.device();
    follow(move || {
        if look.choice(0).is_none()
            && device.has_leaks()
            && let Some((_, at_us)) = latest_mark(device)
        {
            look.chosen[0].set(Some(Choice::at_mark(at_us)));
        }
    });
}

/// Why there is nothing to see yet, and how to get it.
#[component]
fn Lacking() -> impl IntoView {
    view! {
        <Empty title="Nothing to compare yet">
            <p>
                "Press Mark, let the device run, and choose that mark above as what was before. Or save a capture, on the page \
                 Device, and open it above later. Two captures may be of two firmware versions."
            </p>
        </Empty>
    }
}

/// What both sides come to: their call sites, and what changed.
type Outcome = ([Arc<Version>; 2], Result<Told, String>);

#[component]
fn Compared(look: Look) -> impl IntoView {
    // What comes with the next answers changes nothing that somebody reads.
    let is_told = memo(move || {
        let both = look.both();
        both.is_some_and(|both| both.iter().all(|choice| look.is_told(*choice)))
    });
    let outcome: Memo<Option<Arc<Outcome>>> = memo(move || {
        look.looks.track();
        let [before, after] = look.both()?;
        if !is_told.get() {
            return None;
        }
        let versions = [look.version(before)?, look.version(after)?].map(Arc::new);
        let told = Told::new(&versions[0], &versions[1]).map(|mut told| {
            let lacking = [before, after].into_iter();
            told.caveats
                .extend(lacking.flat_map(|choice| look.lacks(choice)));
            told
        });
        let told = told.map_err(|problem| problem.to_string());
        Some(Arc::new((versions, told)))
    });
    let told = memo(move || {
        let outcome = outcome.get()?;
        outcome.1.clone().ok().map(Arc::new)
    });
    view! {
        <When is=move || needs_records(look)>
            <DeviceRecords look />
        </When>
        <When
            is=move || told.with(Option::is_some)
            fallback=move || view! { <Problem outcome /> }
        >
            <Sentence look told outcome />
        </When>
        <Needs look outcome />
        <When is=move || told.with(Option::is_some)>
            <Changes look told />
        </When>
    }
}

/// Returns whether a mark of the device is compared: its records tell what it held then.
fn needs_records(look: Look) -> bool {
    let is_live = |choice: &Choice| choice.at_us.is_some() && !look.store(*choice).is_file;
    look.both().is_some_and(|both| both.iter().any(is_live))
}

/// Reads the records of the device while it is there.
#[component]
fn DeviceRecords(look: Look) -> impl IntoView {
    read_when_needed(look.sources.device());
}

/// Says why the two can't be compared.
#[component]
fn Problem(outcome: Memo<Option<Arc<Outcome>>>) -> impl IntoView {
    let words = move || match outcome.get().map(|outcome| outcome.1.clone()) {
        Some(Err(problem)) => capitalised(&problem) + ".",
        _ => "One moment: who holds memory is being read.".to_owned(),
    };
    view! {
        <Empty title="They can't be compared so far">
            <p>{words}</p>
        </Empty>
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Asks for ELF files where functions have no names: each names the build that it is of.
#[component]
fn Needs(look: Look, outcome: Memo<Option<Arc<Outcome>>>) -> impl IntoView {
    let source = memo(move || {
        let outcome = outcome.get()?;
        // Where nothing was held there is nothing to name.
        let is_nameless = |version: &Arc<Version>| !version.has_names && !version.sites.is_empty();
        let side = outcome.0.iter().position(is_nameless)?;
        Some(look.both()?[side].source)
    });
    let on_file = Callback::new(move |file| {
        if let Some(source) = source.get_untracked() {
            look.sources.name(source, file);
        }
    });
    let problem = move || {
        look.sources.all()[source.get()?]
            .symbols
            .with(|it| it.problem.clone())
    };
    view! {
        <When is=move || source.get().is_some()>
            <DropZone
                label="Drop the ELF of either firmware here, or choose it"
                hint="It names the functions, is read in this browser and goes nowhere."
                test_id="elf-of-either"
                on_file
            />
            <p class="wrong" role="status">{problem}</p>
        </When>
    }
}

/// Says what changed before any table does.
#[component]
fn Sentence(
    look: Look,
    told: Memo<Option<Arc<Told>>>,
    outcome: Memo<Option<Arc<Outcome>>>,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let told_now = move || told.get().unwrap_or_default();
    let copy = move |_| copied.set(copy_text(&untrack(told_now).text));
    let class = move || tone(&told_now());
    let caveats = move || {
        let told = told_now();
        let caveats = told.caveats.iter().map(|caveat| {
            let caveat = with_code(caveat);
            view! { <li>{caveat}</li> }.into_any()
        });
        caveats.collect::<Vec<AnyView>>()
    };
    let facts = move || {
        let outcome = outcome.get()?;
        let facts = outcome.0.iter().map(|version| facts(version));
        let facts: Vec<AnyView> = facts.collect();
        Some(facts)
    };
    let is_live = move || {
        look.both()
            .is_some_and(|both| both.iter().any(|choice| choice.source == 0))
    };
    view! {
        <section class=class aria-label="What changed">
            <div role="status">
                <h2 data-testid="conclusion">{move || with_code(&told_now().conclusion)}</h2>
            </div>
            {facts}
            <ul class="caveats">{caveats}</ul>
            <p class="row">
                <button type="button" data-testid="copy-comparison" on:click=copy>
                    "Copy as issue text"
                </button>
                <span class="copied" role="status">
                    {move || copied.get().then_some("Copied")}
                </span>
                <button type="button" data-testid="swap" on:click=move |_| look.swap()>
                    "Swap before and after"
                </button>
                <When is=is_live>
                    <button
                        type="button"
                        data-testid="compare-again"
                        on:click=move |_| look.looks.update(|looks| *looks += 1)
                    >
                        "Look at the device again"
                    </button>
                </When>
            </p>
        </section>
    }
}

/// Returns the class of what is said: whether it got worse or better.
fn tone(told: &Told) -> &'static str {
    match told {
        told if told.is_worse => "panel verdict bad",
        told if told.is_better => "panel verdict good",
        _ => "panel verdict",
    }
}

/// Says what one side is of.
fn facts(version: &Version) -> AnyView {
    let build = match version.build_id.is_empty() {
        true => "build unknown".to_owned(),
        false => format!("build {}", format::short_id(&version.build_id.to_string())),
    };
    let firmware = match version.firmware.is_empty() {
        true => build,
        false => format!("{}, {build}", version.firmware),
    };
    let words = format!(
        ": {firmware}; {} live in {}, recorded for {}",
        format::bytes(version.bytes()),
        format::plural(version.blocks(), "block"),
        format::duration(version.known_us)
    );
    view! { <p class="facts"><strong>{version.title.clone()}</strong> {words}</p> }.into_any()
}

/// Shows what stands between backticks as code.
fn with_code(text: &str) -> Vec<AnyView> {
    let parts = text.split('`').enumerate().map(|(index, part)| {
        let part = part.to_owned();
        match index % 2 {
            0 => part.into_any(),
            _ => view! { <code>{part}</code> }.into_any(),
        }
    });
    parts.collect()
}

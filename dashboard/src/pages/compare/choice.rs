use leptos::prelude::*;

use super::look::{Look, SIDES};
use crate::components::{DropZone, Offered, options};
use crate::model::compare::Choice;
use crate::pages::span::marks;
use crate::pages::version::title;
use crate::store::sources::SOURCES;

/// Lets somebody choose what is compared: the device, or captures, which are opened here, too.
#[component]
pub(super) fn Choices(look: Look) -> impl IntoView {
    view! {
        <div class="sides">
            {side(look, 0, "Before", "Open a capture from before")}
            {side(look, 1, "After", "Open a capture from after")}
        </div>
    }
}

fn side(look: Look, side: usize, label: &'static str, open: &'static str) -> AnyView {
    let choose = move |event| {
        look.named
            .update_value(|named| named[side] = Default::default());
        look.chosen[side].set(Choice::named(&event_target_value(&event), SOURCES));
    };
    let wanted = move || {
        let opened = look.opened(side);
        look.named.with_value(|named| named[side].wanted(&opened))
    };
    let on_file = Callback::new(move |file| {
        let other = untrack(|| look.choice(1 - side)).map(|other| other.source);
        let opened = Callback::new(move |source| look.take(source, side));
        look.sources.open_beside(file, side == 1, other, opened);
    });
    view! {
        <section class="panel side" aria-label=label>
            <label>
                <span>{label}</span>
                <select data-testid=SIDES[side] on:change=choose>
                    {move || options(offered(look, side))}
                </select>
            </label>
            <p class="wanted" role="status" data-testid=["wanted-before", "wanted-after"][side]>{wanted}</p>
            <DropZone
                label=open
                hint="A .hbc file; it is read in this browser and goes nowhere."
                test_id=["capture-before", "capture-after"][side]
                on_file
            />
        </section>
    }
    .into_any()
}

fn offered(look: Look, side: usize) -> Vec<Offered> {
    let chosen = look.choice(side);
    let all = look.sources.all();
    let known = all.iter().enumerate().filter(|(_, store)| store.is_known());
    let moments = known.flat_map(|(source, store)| {
        let marks = marks(*store).into_iter().map(|mark| Some(mark.time_us));
        let marks = marks.filter(|_| store.has_leaks());
        [None].into_iter().chain(marks).map(move |at_us| {
            let choice = Choice { source, at_us };
            (choice.name(), title(*store, at_us), chosen == Some(choice))
        })
    });
    let mut offered: Vec<_> = moments.collect();
    if let Some(missing) = chosen.filter(|choice| !look.store(*choice).is_known()) {
        let words = "a capture that is not open here".to_owned();
        offered.insert(0, (missing.name(), words, true));
    } else if chosen.is_none() {
        offered.insert(0, (String::new(), "nothing yet".to_owned(), true));
    }
    offered
}

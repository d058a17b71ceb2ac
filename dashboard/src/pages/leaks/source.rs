use std::cell::RefCell;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlInputElement};

use crate::components::{When, follow};
use crate::files::folder::{Folder, excerpt};
use crate::format;
use crate::model::sites::Site;
use crate::store::Store;

/// The source line of a site, once somebody has given the folder that it is in.
#[component]
pub(super) fn SourceLines(site: Memo<Option<Site>>) -> impl IntoView {
    let store = Store::of_app();
    let place = move || site.read().as_ref().and_then(place);
    let text = RwSignal::new(None::<String>);
    let asked = RefCell::new(None);
    follow(move || {
        let wanted = place().map(|(path, _)| (path, store.folder_version.get()));
        // A site changes every second, and its place hardly ever.
        if *asked.borrow() == wanted {
            return;
        }
        asked.replace(wanted.clone());
        let folder = store.folder.get_value();
        spawn_local(async move {
            if let Some((path, _)) = wanted {
                // The row may have been closed.
                let _ = text.try_set(folder.read(&path).await);
            }
        });
    });
    let lines = move || {
        let (path, line) = place()?;
        let text = text.read();
        let lines = excerpt(text.as_ref()?, line);
        (!lines.is_empty()).then(|| drawn(&path, &lines, line))
    };
    view! {
        <When is=move || place().is_some()>
            {lines}
            <FolderChoice missing=Signal::derive(move || text.read().is_none()) />
        </When>
    }
}

/// Returns where a site is: the path that the ELF has, and the line.
fn place(site: &Site) -> Option<(String, u32)> {
    if site.call_sites > 0 {
        return None;
    }
    let frame = site.stacks.first()?.named.call_site()?;
    Some((frame.path.clone()?, frame.line?))
}

fn drawn(path: &str, lines: &[(usize, String)], meant: u32) -> AnyView {
    let line = |(number, text): &(usize, String)| {
        let is_meant = *number == meant as usize;
        view! {
            <code class:meant=is_meant data-testid=is_meant.then_some("source-line")>
                <b>{*number}</b>
                {text.clone()}
            </code>
        }
        .into_any()
    };
    let lines: Vec<AnyView> = lines.iter().map(line).collect();
    view! { <pre class="source" tabindex="0" aria-label=format!("Source: {path}")>{lines}</pre> }
        .into_any()
}

/// Takes the project's folder; nothing once that has the file.
#[component]
fn FolderChoice(#[prop(into)] missing: Signal<bool>) -> impl IntoView {
    let store = Store::of_app();
    let chosen = move |event: Event| {
        let input = event.target();
        let input = input.and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
        if let Some(files) = input.and_then(|input| input.files()) {
            store.folder.set_value(Folder::of(&files));
            store.folder_version.update(|version| *version += 1);
        }
    };
    let words = move || {
        store.folder_version.track();
        match store.folder.with_value(Folder::len) as u64 {
            0 => "Drop the project's folder here, or choose it, to see the line. It never leaves this browser.".to_owned(),
            files => format!(
                "None of the {} in that folder is surely this one. Drop or choose another.",
                format::plural(files, "source file")
            ),
        }
    };
    view! {
        <When is=missing>
            <label class="folder">
                <input
                    type="file"
                    prop:webkitdirectory=true
                    multiple=true
                    data-testid="folder"
                    aria-label="The project's folder"
                    on:change=chosen
                    on:drop=|event| event.stop_propagation()
                />
                <span>{words}</span>
            </label>
        </When>
    }
}

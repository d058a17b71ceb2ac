use heapbeacon_shared::api::Feature;
use leptos::html::Input;
use leptos::prelude::*;
use web_sys::SubmitEvent;

use crate::components::{DropZone, When};
use crate::files::kind::FileKind;
use crate::format;
use crate::store::Store;
use crate::store::sources::Sources;
use crate::symbols::server;
use crate::symbols::source::{Source, SymbolState};

/// Returns whether there are names.
fn has_names(store: Store) -> bool {
    store.symbols.with(|symbols| symbols.source.is_some())
}

/// Shows where names come from, or what is wrong with the file that was chosen.
#[component]
pub(super) fn SymbolStatus() -> impl IntoView {
    let store = Store::of_app();
    view! {
        <div class="symbol-status" data-testid="elf-status" role="status">
            <p>{move || store.symbols.with(|symbols| sentence(symbols, store.is_file))}</p>
            {move || {
                let problem = store.symbols.with(|symbols| symbols.problem.clone());
                problem.map(|problem| view! { <p class="bad">{problem}</p> }.into_any())
            }}
        </div>
    }
}

fn sentence(symbols: &SymbolState, is_file: bool) -> String {
    let from = match &symbols.source {
        _ if symbols.loading => return "Reading names from the ELF…".to_owned(),
        None => return "Addresses only: no ELF is loaded.".to_owned(),
        Some(Source::Device) => "the device itself".to_owned(),
        Some(Source::File(name)) => name.clone(),
        Some(Source::Server) => "your symbol server".to_owned(),
    };
    let build = match symbols.build_id.as_str() {
        "" => "it has no build id to compare".to_owned(),
        id => {
            let same = if is_file {
                "in the capture"
            } else {
                "on the device"
            };
            format!("build {}, as {same}", format::short_id(id))
        }
    };
    let missing = symbols.missing.join(" ");
    let lines = if symbols.has_lines || !missing.is_empty() {
        missing.as_str()
    } else {
        "It has no debug information: there are no lines, and your code can't be told from \
         libraries. Build with `debug = \"limited\"`, and choose the ELF before it is stripped."
    };
    format!("Names come from {from}: {build}. {lines}")
}

/// Takes an ELF.
#[component]
pub(super) fn ElfDrop() -> impl IntoView {
    let sources = Sources::of_app();
    let on_file = Callback::new(move |file| sources.open(file, Some(FileKind::Elf)));
    let label = "Drop the firmware's ELF here, or choose it";
    let hint = "Or what “cargo xtask symbols” made of it. It gives names and lines to addresses, and never leaves this browser.";
    view! { <DropZone label hint test_id="elf-input" on_file /> }
}

/// Invites to give an ELF that knows more; nothing where there are names and lines.
#[component]
pub(super) fn SymbolInvitation() -> impl IntoView {
    let store = Store::of_app();
    let invited = move || {
        let symbols = store.symbols.read();
        symbols.source.is_none()
            || symbols.problem.is_some()
            || !symbols.has_lines
            || !symbols.missing.is_empty()
    };
    let idle = move || !store.symbols.read().loading;
    view! {
        <When is=invited>
            <section class="panel invitation" aria-label="Names of functions">
                <SymbolStatus />
                <When is=idle>
                    <ElfDrop />
                </When>
            </section>
        </When>
    }
}

/// Everything about symbols.
#[component]
pub(super) fn SymbolPanel() -> impl IntoView {
    let store = Store::of_app();
    let offered = move || store.offers(Feature::Elf) && !has_names(store);
    view! {
        <section class="panel">
            <h2>"Names of functions"</h2>
            <SymbolStatus />
            <ElfDrop />
            <p class="row">
                <When is=offered>
                    <button type="button" on:click=move |_| store.use_device_elf()>
                        "Use the names that the device holds"
                    </button>
                </When>
                <When is=move || has_names(store)>
                    <button
                        type="button"
                        data-testid="save-names"
                        title="A small file, as “cargo xtask symbols” writes it: for captures of this firmware, when the device runs another one, and for devices that keep it"
                        on:click=move |_| store.save_names()
                    >
                        "Save the names"
                    </button>
                </When>
                <When is=move || has_names(store)>
                    <button type="button" on:click=move |_| store.forget_symbols()>
                        "Forget the names"
                    </button>
                </When>
            </p>
            <SymbolServer />
        </section>
    }
}

/// Takes the address of a server that has the names of every build.
#[component]
fn SymbolServer() -> impl IntoView {
    let store = Store::of_app();
    let problem = RwSignal::new(String::new());
    let field = NodeRef::<Input>::new();
    let keep = move |event: SubmitEvent| {
        event.prevent_default();
        let address = field.get_untracked().map(|field| field.value());
        let kept = server::keep(address.unwrap_or_default().trim());
        if kept.is_ok() {
            store.use_server();
        }
        problem.set(kept.err().unwrap_or_default());
    };
    view! {
        <details class="folded symbol-server" data-testid="symbol-server">
            <summary>"A server that has the names of every build"</summary>
            <form on:submit=keep>
                <label class="note" for="symbol-server">
                    "It has what “cargo xtask symbols” makes of each release, by build id, and is asked where neither this browser nor the device has names."
                </label>
                <p class="row">
                    <input
                        id="symbol-server"
                        type="text"
                        inputmode="url"
                        placeholder="https://example.com/{build_id}.symbols"
                        value=server::kept()
                        node_ref=field
                    />
                    <button type="submit">"Keep it"</button>
                </p>
                <p class="bad" role="status">
                    {problem}
                </p>
            </form>
        </details>
    }
}

use heapbeacon_shared::api::Device;
use leptos::prelude::*;

use super::sign::sign;
use crate::components::copy_text;
use crate::format;
use crate::model::holders::{HeldBy, How, Step};
use crate::model::sites::Site;
use crate::model::sites::order::Group;
use crate::store::Store;

/// Sites that a text is about, at most.
const SITES: usize = 3;
/// Frames of a call stack that it lists.
const FRAMES: usize = 12;

/// Copies what is known of sites as a text for an issue tracker: of one, or of all that need action.
#[component]
pub(super) fn CopyIssue(
    /// The one.
    #[prop(optional)]
    site: Option<Memo<Option<Site>>>,
) -> impl IntoView {
    let store = Store::of_app();
    let copied = RwSignal::new(false);
    let copy = move |_| {
        let text = untrack(|| match site {
            Some(site) => issue(store, site.get().iter()),
            None => {
                let sites = store.sites.get();
                let urgent = sites.iter().filter(|site| Group::of(site).is_urgent());
                issue(store, urgent.take(SITES))
            }
        });
        copied.set(copy_text(&text));
    };
    view! {
        <button type="button" data-testid="copy-issue" on:click=copy>
            "Copy as issue text"
        </button>
        <span class="copied" role="status">
            {move || copied.get().then_some("Copied")}
        </span>
    }
}

fn issue<'s>(store: Store, sites: impl Iterator<Item = &'s Site>) -> String {
    let device = store.device.read();
    let now_us = store
        .leaks
        .with(|page| page.as_ref().map_or(0, |page| page.period.time_us));
    let scan = store.scans.with(|scans| scans.last.clone());
    let held = |site: &Site| {
        let stacks = site.stack_ids();
        let scan = scan.as_ref()?;
        store
            .names
            .try_update_value(|names| scan.held_by(&stacks, names))
    };
    let mut text = device.as_ref().map(about).unwrap_or_default();
    for site in sites {
        let word = sign(site, store.is_file).word;
        text += &of_site(site, word, now_us, held(site).as_ref());
    }
    text
}

/// Describes the device that it is about.
fn about(device: &Device) -> String {
    format!(
        "Device {} ({}), firmware {} {}, build {}, up for {}.\n",
        device.name,
        device.chip,
        device.firmware,
        device.firmware_version,
        device.build_id,
        format::duration(device.uptime_us)
    )
}

/// Describes a site in Markdown.
fn of_site(site: &Site, word: &str, now_us: u64, held: Option<&HeldBy>) -> String {
    let place = site.place.as_deref().unwrap_or("no line known");
    let blocks = format::plural(site.count, "block");
    let age = format::duration(now_us.saturating_sub(site.oldest_us));
    let mut lines = vec![
        format!("\n### `{}` ({place}): {word}\n", site.name),
        format!(
            "- {blocks}, {} live; the oldest is {age} old",
            format::bytes(site.bytes)
        ),
    ];
    if site.evidence.is_known() {
        lines.push(format!(
            "- {}: {}",
            site.evidence.freed(),
            site.evidence.ages()
        ));
    }
    if site.judgement.growth() > 0.0 {
        lines.push(format!("- {}", format::growth(site.judgement.growth())));
    }
    if !site.tasks.is_empty() {
        lines.push(format!("- task {}", site.tasks.join(", ")));
    }
    if site.lost.count > 0 {
        let lost = format::plural(site.lost.count, "block");
        lines.push(format!("- {lost} lost: nothing refers to them any more"));
    }
    let holdings = held.iter().flat_map(|held| &held.holdings);
    if let Some(holding) = holdings.into_iter().find(|it| it.how == How::Held) {
        let chain: Vec<_> = holding.chain.iter().map(step).collect();
        lines.push(format!("- held by {}", chain.join(" → ")));
    }
    if let Some(stack) = site.stacks.first() {
        lines.push("\n```text".to_owned());
        let frames = stack.named.lines().take(FRAMES);
        lines.extend(frames.map(|frame| {
            let place = frame.place.as_deref().filter(|place| *place != frame.name);
            format!("{}  {}", frame.name, place.unwrap_or_default())
                .trim_end()
                .to_owned()
        }));
        lines.push("```".to_owned());
    }
    lines.join("\n") + "\n"
}

fn step(step: &Step) -> String {
    let words = format!("{} `{}` {}", step.what, step.name, step.place);
    words.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use heapbeacon_shared::trace::Kind;

    use super::*;
    use crate::model::finding::tests::site;
    use crate::model::holders::{Holding, Lost};
    use crate::model::sites::SiteStack;
    use crate::symbols::names::{FrameLine, LineSection, NamedStack};

    #[test]
    fn an_issue_has_what_somebody_needs_who_sees_no_page() {
        let line = |name: &str, place: &str| FrameLine {
            name: name.to_owned(),
            place: Some(place.to_owned()),
            ..FrameLine::default()
        };
        let named = NamedStack {
            sections: vec![LineSection {
                fold: None,
                lines: vec![line("open", "src/a.rs:8:3"), line("0x42", "0x42")],
            }],
            ..NamedStack::default()
        };
        let site = Site {
            tasks: vec!["net".to_owned()],
            lost: Lost { count: 1, bytes: 8 },
            stacks: vec![SiteStack {
                id: 1,
                named: Arc::new(named),
                alike: Vec::new(),
                bytes: 8,
                count: 1,
            }],
            ..site("session::open", Kind::Plateau)
        };
        let held = HeldBy {
            holdings: vec![Holding {
                how: How::Held,
                blocks: 1,
                chain: vec![
                    Step {
                        what: "static",
                        name: "net::NET".to_owned(),
                        place: "+ 0x10".to_owned(),
                        times: 1,
                    },
                    Step {
                        what: "block of",
                        name: "Table::new".to_owned(),
                        ..Step::default()
                    },
                ],
            }],
            ..HeldBy::default()
        };
        let text = of_site(&site, "lost", 15 * 60_000_000, Some(&held));
        assert_eq!(
            text,
            "\n### `session::open` (src/a.rs:8): lost\n\n\
             - 312 blocks, 39.0 KiB live; the oldest is 14 min old\n\
             - task net\n\
             - 1 block lost: nothing refers to them any more\n\
             - held by static `net::NET` + 0x10 → block of `Table::new`\n\
             \n```text\nopen  src/a.rs:8:3\n0x42\n```\n"
        );
    }
}

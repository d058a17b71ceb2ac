use leptos::prelude::*;

use super::row::{SiteRow, Sites};
use crate::components::{Item, KeyedList, When, sort_head};
use crate::format;
use crate::model::sites::order::{Column, Group, Order, cause};
use crate::model::sites::{Grouping, Site};
use crate::store::Store;

const VERDICT_HINT: &str = "What the blocks do; what needs action comes first";
const GROWTH_HINT: &str = "Bytes gained since this page opened, and the rate while it is growing";
const SURVIVORS_HINT: &str = "When the live bytes were allocated, from the start of the trace to the \
                              capture: a leak rises all along, what is held for good is a step";

/// Rows that are drawn at first, and so many more whenever somebody asks for them: each takes its time at every change.
const ROWS: usize = 100;

/// Lists who holds memory: what needs action first.
#[component]
pub(super) fn SiteTable(
    sites: Memo<Sites>,
    grouping: RwSignal<Grouping>,
    order: RwSignal<Order>,
    /// Keys of the rows that are open.
    opened: RwSignal<Vec<String>>,
) -> impl IntoView {
    let store = Store::of_app();
    let is_file = store.is_file;
    let most = RwSignal::new(ROWS);
    // With those that an address opens.
    let drawn = move || {
        let (sites, opened) = (sites.read(), opened.read());
        let last = sites.iter().rposition(|site| opened.contains(&site.key));
        let least = last.map_or(0, |last| last + 1);
        most.get().max(least).min(sites.len())
    };
    let items = Callback::new(move |()| items(store, sites, drawn(), opened));
    let head =
        move |class, column, title: &'static str, hint| head(order, class, column, title, hint);
    view! {
        <table class="sites" class:of-file=is_file>
            <caption class="unseen">"Live blocks by who allocated them, by what there is to do about them"</caption>
            <thead>
                <tr>
                    {move || head("", Column::Name, who(grouping.get()), "Who allocated them")}
                    {head("verdict-cell", Column::Verdict, "Verdict", VERDICT_HINT)}
                    {head("r", Column::Live, "Live", "Bytes allocated and not freed")}
                    {head("r blocks", Column::Blocks, "Blocks", "Blocks allocated and not freed")}
                    {(!is_file).then(|| head("r", Column::Growth, "Growth", GROWTH_HINT))}
                    {head("r oldest", Column::Oldest, "Oldest", "Age of its oldest live block")}
                    {match is_file {
                        true => plain_head("Allocated", SURVIVORS_HINT),
                        false => plain_head("Trend", "Live bytes since this page opened"),
                    }}
                </tr>
            </thead>
            <KeyedList items />
        </table>
        <When is=move || sites.read().is_empty()>
            <p class="nothing">"Nothing to list here."</p>
        </When>
        <When is=move || drawn() < sites.read().len()>
            <button type="button" data-testid="more-rows" on:click=move |_| most.set(untrack(drawn) + ROWS)>
                "Show a hundred more"
            </button>
        </When>
    }
}

/// Returns the rows that are drawn: the first so many of the list, in groups where anything tells what blocks do.
fn items(
    store: Store,
    sites: Memo<Sites>,
    drawn: usize,
    opened: RwSignal<Vec<String>>,
) -> Vec<Item> {
    let all = sites.read();
    let all = &all[..drawn];
    let row = |site| row_item(site, sites, opened);
    if !store.is_grouped() {
        return all.iter().map(row).collect();
    }
    let mut items = Vec::new();
    for group in Group::ALL {
        let of_group = || all.iter().filter(|site| Group::of(site) == group);
        if of_group().next().is_some() {
            items.push(head_item(group, sites));
            items.extend(of_group().map(row));
        }
    }
    items
}

fn who(grouping: Grouping) -> &'static str {
    match grouping {
        Grouping::CallSite => "Call site",
        Grouping::CallStack => "Call stack",
        Grouping::Task => "Task",
    }
}

fn row_item(site: &Site, sites: Memo<Sites>, opened: RwSignal<Vec<String>>) -> Item {
    let key = site.key.clone();
    Item::new(key.clone(), move || {
        view! { <SiteRow key=key.clone() sites opened /> }.into_any()
    })
}

fn head_item(group: Group, sites: Memo<Sites>) -> Item {
    // No key of a site begins with a blank.
    Item::new(format!(" {}", group.name()), move || {
        view! {
            <tbody class="group" class:bad=group.is_urgent()>
                <tr>
                    <th scope="rowgroup" colspan="7" data-testid="group">
                        {group.name()}
                        <small>{move || group_words(&sites.read(), group)}</small>
                    </th>
                </tr>
            </tbody>
        }
        .into_any()
    })
}

/// Describes what is in a group.
fn group_words(sites: &[Site], group: Group) -> String {
    let of_group = || sites.iter().filter(|site| Group::of(site) == group);
    let number = of_group().count() as u64;
    let bytes = |bytes: fn(&Site) -> u64| format::bytes(of_group().map(bytes).sum());
    let urgent: Vec<&Site> = of_group().filter(|_| group.is_urgent()).collect();
    let cause = match cause(&urgent) {
        Some((caller, called)) if called == urgent.len() => format!(", one cause: {caller}"),
        Some((caller, called)) => format!(", {called} of them called by {caller}"),
        None => String::new(),
    };
    let sites = format::plural(number, "site") + &cause;
    match group {
        Group::Lost => format!(
            " · {sites} · {} that nothing refers to",
            bytes(|site| site.lost.bytes)
        ),
        _ => format!(" · {sites} · {}", bytes(|site| site.bytes)),
    }
}

/// Draws the head of a column that the list can be ordered by.
fn head(
    order: RwSignal<Order>,
    class: &'static str,
    column: Column,
    title: &'static str,
    hint: &'static str,
) -> AnyView {
    let rises = move || {
        let order = order.get();
        let rises = matches!(column, Column::Name | Column::Verdict);
        (order.column == column).then_some(order.is_reversed != rises)
    };
    let choose = move || order.update(|order| *order = order.chosen(column));
    sort_head(class, title, hint, rises, choose)
}

fn plain_head(title: &'static str, hint: &'static str) -> AnyView {
    view! { <th scope="col" class="trend" title=hint tabindex="0">{title}</th> }.into_any()
}

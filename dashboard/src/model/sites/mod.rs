//! Live blocks grouped by who holds them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use heapbeacon_shared::analysis::{History, Judgement, Listed, Snapshot, Watched, ranked};
use heapbeacon_shared::api::{Leak, LeaksPage};
use heapbeacon_shared::trace::Origin;

use crate::model::holders::{Lost, Scanned};
use crate::symbols::names::{NamedStack, Names};

pub mod evidence;
pub mod opened;
pub mod order;

use evidence::Evidence;

/// What the rows of the leak list stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// One row for each function and line of the user's code.
    #[default]
    CallSite,
    /// One row for each way to get there.
    CallStack,
    /// One row for each task.
    Task,
}

impl Grouping {
    /// Every grouping, with its name in the address of a view; that of the usual one is empty.
    const NAMES: [(Self, &'static str); 3] = [
        (Self::CallSite, ""),
        (Self::CallStack, "stack"),
        (Self::Task, "task"),
    ];

    /// Returns its name in the address of a view.
    pub fn name(self) -> &'static str {
        let mut names = Self::NAMES.into_iter();
        names
            .find(|(it, _)| *it == self)
            .map_or("", |(_, name)| name)
    }

    /// Returns the grouping of a name, or the usual one.
    pub fn named(name: &str) -> Self {
        let mut names = Self::NAMES.into_iter();
        let named = names.find(|(_, known)| *known == name);
        named.map(|(it, _)| it).unwrap_or_default()
    }
}

/// A call stack of a [`Site`].
#[derive(Clone, Debug, PartialEq)]
pub struct SiteStack {
    /// Its id on the device.
    pub id: u32,
    /// Its names.
    pub named: Arc<NamedStack>,
    /// Ids and names of others that differ in library frames only: their blocks are added.
    pub alike: Vec<(u32, Arc<NamedStack>)>,
    /// Live bytes.
    pub bytes: u64,
    /// Live blocks.
    pub count: u64,
}

/// Who holds memory: a call site, a call stack or a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Unique among the sites of a list.
    pub key: String,
    /// Key of the call site that colours it.
    pub colour_key: String,
    /// Short name.
    pub name: String,
    /// File and line.
    pub place: Option<String>,
    /// Tasks that allocated there, where it is no task itself.
    pub tasks: Vec<String>,
    /// Call sites that it adds up, where it is a task.
    pub call_sites: u64,
    /// Whose code allocated all of it.
    pub origin: Origin,
    /// Its call stacks, most bytes first.
    pub stacks: Vec<SiteStack>,
    /// Live bytes.
    pub bytes: u64,
    /// Live blocks.
    pub count: u64,
    /// Blocks whose records were evicted: they may be freed or not.
    pub evicted: u64,
    /// When its oldest block was allocated, microseconds since boot.
    pub oldest_us: u64,
    /// When its newest block was allocated, microseconds since boot.
    pub newest_us: u64,
    /// What its counters say.
    pub evidence: Evidence,
    /// What it held since the page opened.
    pub history: History,
    /// What that shows.
    pub judgement: Judgement,
    /// Those of its blocks that nobody can free any more.
    pub lost: Lost,
}

impl Site {
    /// Returns what there is to know of it in a whole list.
    pub fn listed(&self) -> Listed<'_> {
        Listed {
            bytes: self.bytes,
            count: self.count,
            judgement: &self.judgement,
        }
    }

    /// Returns the ids of its call stacks.
    pub fn stack_ids(&self) -> Vec<u32> {
        let ids = self.stacks.iter().flat_map(|stack| {
            let alike = stack.alike.iter().map(|(id, _)| *id);
            alike.chain([stack.id])
        });
        ids.collect()
    }

    /// Returns the function that all of its call stacks come from, on the way to the call site.
    pub fn caller(&self) -> Option<&str> {
        let mut callers = self.stacks.iter().map(|stack| stack.named.caller());
        let first = callers.next()??;
        callers.all(|caller| caller == Some(first)).then_some(first)
    }

    /// Returns a one-word tag for where its call stacks end; a task has too many.
    pub fn tag(&self) -> Option<&'static str> {
        let mut tags = self.stacks.iter().map(|stack| stack.named.tag);
        tags.find_map(|tag| tag).filter(|_| self.call_sites == 0)
    }

    /// Returns whether a text occurs in its names or places.
    pub fn matches(&self, text: &str) -> bool {
        let text = text.trim().to_ascii_lowercase();
        let holds = |words: &str| words.to_ascii_lowercase().contains(&text);
        let mut frames = self.stacks.iter().flat_map(|stack| stack.named.lines());
        text.is_empty()
            || holds(&self.name)
            || self.place.as_deref().is_some_and(holds)
            || self.tasks.iter().any(|task| holds(task))
            || frames
                .any(|frame| holds(&frame.full_name) || frame.file.as_deref().is_some_and(holds))
    }
}

/// Groups a page of leaks; most bytes first. The `snapshots` become the histories of the sites.
pub fn group(
    page: &LeaksPage,
    snapshots: &[Snapshot],
    names: &mut Names,
    grouping: Grouping,
) -> Vec<Site> {
    let mut sites: Vec<Site> = Vec::new();
    let mut index_of_key = HashMap::new();
    let mut held = Vec::new();
    for leak in &page.leaks {
        let named = names.of(&leak.stack);
        let task = task(leak, names);
        let task = task.as_deref();
        let key = key(leak, &named, task, grouping);
        let index = *index_of_key.entry(key.clone()).or_insert_with(|| {
            sites.push(empty_site(key, leak, &named, task, grouping));
            sites.len() - 1
        });
        held.push((index, leak.held()));
        add(&mut sites[index], leak, named, task, grouping);
    }
    let histories = History::of_each(sites.len(), &held, snapshots);
    for (site, history) in sites.iter_mut().zip(histories) {
        site.history = history;
    }
    let all = sites.len();
    ranked(sites, all, |a, b| (b.bytes, &a.key) < (a.bytes, &b.key))
}

fn key(leak: &Leak, named: &NamedStack, task: Option<&str>, grouping: Grouping) -> String {
    // Blocks of different origin stay apart, so that they can be hidden.
    let owner = match leak.stack.origin {
        Origin::Application => "",
        Origin::Agent => "agent ",
        Origin::Driver => "driver ",
    };
    match grouping {
        Grouping::CallSite => format!("{owner}{}", named.key),
        Grouping::CallStack if named.path.is_empty() => format!("{owner}#{}", leak.stack.id),
        Grouping::CallStack => {
            let mut hasher = DefaultHasher::new();
            (&named.path, task).hash(&mut hasher);
            format!("{owner}#{:x}", hasher.finish())
        }
        Grouping::Task => format!("{owner}task {}", task.unwrap_or_default()),
    }
}

fn task(leak: &Leak, names: &Names) -> Option<String> {
    let given = leak.stack.task.as_deref().filter(|task| !task.is_empty());
    given.map(|given| names.task(given))
}

fn empty_site(
    key: String,
    leak: &Leak,
    named: &NamedStack,
    task: Option<&str>,
    grouping: Grouping,
) -> Site {
    let by_task = grouping == Grouping::Task;
    let name = if by_task {
        task.map_or_else(|| "no task".to_owned(), |task| format!("task {task}"))
    } else {
        named.name.clone()
    };
    Site {
        colour_key: if by_task {
            key.clone()
        } else {
            named.key.clone()
        },
        key,
        name,
        place: named.place.clone().filter(|_| !by_task),
        tasks: Vec::new(),
        call_sites: 0,
        origin: leak.stack.origin,
        stacks: Vec::new(),
        bytes: 0,
        count: 0,
        evicted: 0,
        oldest_us: u64::MAX,
        newest_us: 0,
        evidence: Evidence::default(),
        history: History::default(),
        judgement: Judgement::default(),
        lost: Lost::default(),
    }
}

fn add(
    site: &mut Site,
    leak: &Leak,
    named: Arc<NamedStack>,
    task: Option<&str>,
    grouping: Grouping,
) {
    site.bytes += leak.bytes;
    site.count += leak.count;
    site.evicted += leak.stack.evicted;
    site.evidence.add(leak);
    if leak.count > 0 {
        site.oldest_us = site.oldest_us.min(leak.oldest_us);
        site.newest_us = site.newest_us.max(leak.newest_us);
    }
    // A task says how many call sites it adds up, and a call site which tasks it belongs to.
    if grouping == Grouping::Task {
        let known = |stack: &SiteStack| stack.named.key == named.key;
        site.call_sites += u64::from(!site.stacks.iter().any(known));
    } else if let Some(task) = task.filter(|task| site.tasks.iter().all(|other| other != task)) {
        site.tasks.push(task.to_owned());
    }
    let is_alike = |known: &&mut SiteStack| {
        !named.path.is_empty()
            && (&known.named.path, known.named.end.is_some()) == (&named.path, named.end.is_some())
    };
    if let Some(known) = site.stacks.iter_mut().find(is_alike) {
        known.bytes += leak.bytes;
        known.count += leak.count;
        known.alike.push((leak.stack.id, named));
        return;
    }
    // The page is in order of size, and so is what is taken from it.
    site.stacks.push(SiteStack {
        id: leak.stack.id,
        named,
        alike: Vec::new(),
        bytes: leak.bytes,
        count: leak.count,
    });
}

/// Judges what the blocks of each site do, from the snapshots that it was grouped with and nothing since.
pub fn judge(sites: &mut [Site], watched: &Watched) {
    let judged = watched.judge(sites.iter().map(|site| &site.history));
    for (site, judgement) in sites.iter_mut().zip(judged) {
        site.judgement = judgement;
    }
}

/// Says of each site what is said of it in another list; of one that is not in it, that it is too early to say.
pub fn judge_as(sites: &mut [Site], others: &[Site]) {
    for site in sites {
        let other = others.iter().find(|other| other.key == site.key);
        site.judgement = other.map(|other| other.judgement).unwrap_or_default();
    }
}

/// Notes which blocks two scans have found lost. What the agent has is its own matter.
pub fn mark_lost(sites: &mut [Site], scanned: &Scanned) {
    for site in sites.iter_mut().filter(|site| site.origin != Origin::Agent) {
        site.lost = scanned.lost_of(&site.stack_ids());
    }
}

/// Takes what the numbers of a capture say: it is one moment, and has no history.
pub fn weigh(sites: &mut [Site], watched: &Watched) {
    for site in sites {
        site.judgement = watched.weighed(&site.history);
    }
}

#[cfg(test)]
mod tests;

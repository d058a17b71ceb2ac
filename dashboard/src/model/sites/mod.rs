//! Live blocks grouped by who holds them.

use std::collections::HashMap;
use std::sync::Arc;

use heapbeacon_shared::analysis::{
    Blocks, Known, Moment, Point, Standing, Suspect, Verdict, ranked, verdict,
};
use heapbeacon_shared::api::{Leak, LeaksPage};
use heapbeacon_shared::trace::Origin;

use super::history::{Held, Recorded, Snapshot, recorded_us};
use super::watched::Watched;
use crate::symbols::names::{NamedStack, Names};

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

/// A call stack of a [`Site`].
#[derive(Clone, Debug, PartialEq)]
pub struct SiteStack {
    /// Its id on the device.
    pub id: u32,
    /// Its names.
    pub named: Arc<NamedStack>,
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
    /// What its blocks did lately.
    pub verdict: Verdict,
    /// What is said of its growth.
    pub suspect: Suspect,
    /// Whether what is said of its growth is known of blocks with records, or of the whole heap.
    pub is_certain: bool,
    /// Live bytes.
    pub bytes: u64,
    /// Live blocks.
    pub count: u64,
    /// Blocks whose records were evicted: they may be freed or not.
    pub evicted: u64,
    /// Bytes gained since the page opened.
    pub gained: i64,
    /// When its oldest block was allocated, microseconds since boot.
    pub oldest_us: u64,
    /// When its newest block was allocated, microseconds since boot.
    pub newest_us: u64,
    /// What it held when it was last watched, with ages in microseconds since boot.
    pub seen: Blocks,
    /// Most bytes that it ever held, where one call stack tells it.
    pub peak_bytes: u64,
    /// Microseconds of its history that were recorded, since it last held nothing.
    pub watched_us: u64,
    /// Its live blocks since the page opened.
    pub points: Vec<Point>,
    /// The same with those whose records were evicted since: they may be freed or not.
    pub moments: Vec<Moment>,
}

impl Site {
    /// Returns what is said of its growth.
    pub fn standing(&self) -> Standing {
        self.suspect.standing()
    }

    /// Returns whether it leaks for certain.
    pub fn leaks(&self) -> bool {
        self.standing() == Standing::Leaking && self.is_certain
    }

    /// Returns whether it grows, as a leak does.
    pub fn is_growing(&self) -> bool {
        matches!(self.standing(), Standing::Suspected | Standing::Leaking)
    }

    /// Returns whether it rises, and has done so for too short a time to say more.
    pub fn only_rises(&self) -> bool {
        let rises = matches!(self.verdict, Verdict::Growing { .. });
        rises && self.standing() == Standing::Quiet
    }

    /// Returns the bytes a minute that it grows by; 0 unless it is growing.
    pub fn growth(&self) -> f64 {
        let lasting = self.suspect.growth().filter(|_| self.is_growing());
        match (lasting, self.verdict) {
            (None, _) => 0.0,
            (_, Verdict::Growing { bytes_per_minute }) => bytes_per_minute,
            (Some(growth), _) => growth.bytes_per_minute,
        }
    }

    /// Returns the blocks that its history has beyond the live ones: their records were evicted since the
    /// page opened, and whether they were freed after that can't be told.
    pub fn in_doubt(&self) -> u64 {
        self.seen.evicted
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

/// Groups a page of leaks; most bytes first. The `snapshots` become the points of the sites.
pub fn group(
    page: &LeaksPage,
    snapshots: &[Snapshot],
    names: &mut Names,
    grouping: Grouping,
) -> Vec<Site> {
    let mut sites: Vec<Site> = Vec::new();
    let mut index_of_key = HashMap::new();
    let mut tracks = Vec::new();
    let mut track_of_stack = HashMap::new();
    let evicted_size = snapshots.last().map_or(0, |last| last.evicted_size);
    for leak in &page.leaks {
        let named = names.of(&leak.stack);
        let task = task(leak, names);
        let task = task.as_deref();
        let key = key(leak, &named, task, grouping);
        let index = *index_of_key.entry(key.clone()).or_insert_with(|| {
            sites.push(empty_site(key, leak, &named, task, grouping));
            sites.len() - 1
        });
        track_of_stack.insert(leak.stack.id, tracks.len());
        tracks.push(Track::new(leak, index, evicted_size));
        add(&mut sites[index], leak, named, task, grouping);
    }
    for snapshot in snapshots {
        for held in &snapshot.held {
            if let Some(track) = track_of_stack.get(&held.stack) {
                tracks[*track].see(held, snapshot.time_us);
            }
        }
        see_moment(snapshot.time_us, &mut tracks, &mut sites);
    }
    let last = snapshots.last();
    for held in last.into_iter().flat_map(|last| &last.held) {
        if let Some(track) = track_of_stack.get(&held.stack) {
            see_last(&mut sites[tracks[*track].site].seen, held);
        }
    }
    for track in &tracks {
        let seen = &mut sites[track.site].seen;
        seen.count += track.evicted;
        seen.evicted += track.evicted;
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
        Grouping::CallStack => format!("{owner}#{}", leak.stack.id),
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
        verdict: Verdict::TooEarly { seconds_of_data: 0 },
        suspect: Suspect::default(),
        is_certain: true,
        bytes: 0,
        count: 0,
        evicted: 0,
        gained: 0,
        oldest_us: u64::MAX,
        newest_us: 0,
        seen: Blocks {
            oldest_us: u64::MAX,
            ..Blocks::default()
        },
        peak_bytes: 0,
        watched_us: 0,
        points: Vec::new(),
        moments: Vec::new(),
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
    // The peaks of several need not have been at the same time.
    site.peak_bytes = match site.stacks.is_empty() {
        true => leak.stack.peak_live_bytes,
        false => 0,
    };
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
    // The page is in order of size, and so is what is taken from it.
    site.stacks.push(SiteStack {
        id: leak.stack.id,
        named,
        bytes: leak.bytes,
        count: leak.count,
    });
}

/// Adds what a call stack held last.
fn see_last(seen: &mut Blocks, held: &Held) {
    seen.count += held.count;
    if held.count > 0 {
        seen.oldest_us = seen.oldest_us.min(held.oldest_us);
        seen.newest_us = seen.newest_us.max(held.newest_us);
    }
}

/// Judges what the blocks of each site do, from the snapshots that it was grouped with and nothing since.
pub fn judge(sites: &mut [Site], watched: &mut Watched) {
    for site in sites.iter_mut() {
        judge_one(site, watched);
    }
    // What piles up in all is the only one that may.
    let mut growing = sites.iter_mut().filter(|site| site.is_growing());
    if let (Some(only), None, true) = (growing.next(), growing.next(), watched.piles_up()) {
        only.is_certain = true;
    }
}

fn judge_one(site: &mut Site, watched: &mut Watched) {
    let snapshots = watched.snapshots();
    let now_us = snapshots.last().map_or(0, Snapshot::recorded_us);
    let known = snapshots.iter().zip(&site.moments);
    // What a cut list does not name may be small, and is not nothing.
    let known = known.filter(|(snapshot, moment)| snapshot.is_complete || moment.count > 0);
    let mut history = Recorded::new(snapshots.len());
    let mut moments = Vec::new();
    let mut first = None;
    let mut began_us = None;
    for (snapshot, moment) in known {
        first.get_or_insert(moment.bytes);
        // What held nothing starts over.
        let recorded = snapshot.recorded_us();
        began_us = began_us.filter(|_| moment.count > 0).or(Some(recorded));
        if history.push(snapshot, point_of(moment)) {
            moments.clear();
        }
        moments.push(Moment {
            time_us: recorded,
            oldest_us: recorded_us(snapshots, moment.oldest_us),
            newest_us: recorded_us(snapshots, moment.newest_us),
            ..*moment
        });
    }
    let series = &history.series;
    let [oldest_us, newest_us] =
        [site.seen.oldest_us, site.seen.newest_us].map(|us| recorded_us(snapshots, us));
    let blocks = Blocks {
        oldest_us,
        newest_us,
        now_us,
        ..site.seen
    };
    site.verdict = verdict(series, &blocks);
    let held_us = now_us.saturating_sub(began_us.unwrap_or(now_us));
    site.watched_us = series.span_us().min(held_us);
    let last = series.last().map_or(0, |last| last.bytes);
    site.gained = last.wrapping_sub(first.unwrap_or(0)).cast_signed();
    site.is_certain = site.in_doubt() == 0;
    let stacks = site.stacks.iter();
    let lifetimes = stacks.map(|stack| watched.lifetimes.longest_us(stack.id));
    let known = Known {
        longest_lifetime_us: lifetimes.max().unwrap_or(0),
        peak_bytes: site.peak_bytes,
    };
    site.suspect = watched.suspects.look(&site.key, &moments, &known);
}

fn point_of(moment: &Moment) -> Point {
    Point {
        time_us: moment.time_us,
        bytes: moment.bytes,
        count: moment.count,
    }
}

/// A call stack, followed from moment to moment.
struct Track {
    /// Index of its site.
    site: usize,
    /// Mean size of its blocks, once records of it were evicted: the bytes of those are not known.
    size: Option<u64>,
    /// What it had done when it was first listed.
    first: Option<Held>,
    /// What it holds at this moment.
    now: Held,
    /// Blocks whose records were evicted since.
    evicted: u64,
    /// When its newest block was allocated, evicted ones included.
    newest_us: u64,
}

impl Track {
    fn new(leak: &Leak, site: usize, evicted_size: u64) -> Self {
        let size = leak.bytes.checked_div(leak.count).unwrap_or(evicted_size);
        Self {
            site,
            size: (leak.stack.evicted > 0).then_some(size),
            first: None,
            now: Held::default(),
            evicted: 0,
            newest_us: 0,
        }
    }

    fn see(&mut self, held: &Held, time_us: u64) {
        let first = *self.first.get_or_insert(*held);
        let evicted = held.evicted.saturating_sub(first.evicted);
        // A record that was evicted since belongs to a block that was allocated before.
        let newest_us = if held.count > 0 { held.newest_us } else { 0 };
        let lost = if evicted > self.evicted { time_us } else { 0 };
        self.newest_us = self.newest_us.max(newest_us).max(lost);
        self.evicted = evicted;
        self.now = *held;
    }

    /// Adds what it holds to its site. What is live is gone when the next moment does not list it; what was evicted stays.
    fn add_to(&mut self, point: &mut Point, moment: &mut Moment) {
        let held = &mut self.now;
        point.bytes += held.bytes;
        point.count += held.count;
        let count = held.count + self.evicted;
        moment.bytes += self.size.map_or(held.bytes, |size| size * count);
        moment.count += count;
        let first = self.first.unwrap_or_default();
        moment.allocations += held.allocations.saturating_sub(first.allocations);
        moment.frees += held.frees.saturating_sub(first.frees);
        moment.newest_us = moment.newest_us.max(self.newest_us);
        let oldest_us = match (self.evicted, held.count) {
            (0, 0) => u64::MAX,
            (0, _) => held.oldest_us,
            _ => 0,
        };
        moment.oldest_us = moment.oldest_us.min(oldest_us);
        (held.bytes, held.count) = (0, 0);
    }
}

/// Adds up what each site holds at one moment.
fn see_moment(time_us: u64, tracks: &mut [Track], sites: &mut [Site]) {
    for site in sites.iter_mut() {
        site.points.push(Point {
            time_us,
            ..Point::default()
        });
        site.moments.push(Moment {
            time_us,
            oldest_us: u64::MAX,
            ..Moment::default()
        });
    }
    for track in tracks {
        let site = &mut sites[track.site];
        if let (Some(point), Some(moment)) = (site.points.last_mut(), site.moments.last_mut()) {
            track.add_to(point, moment);
        }
    }
}

#[cfg(test)]
mod tests;

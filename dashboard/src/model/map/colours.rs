//! What the blocks of a heap map are coloured by.

use std::collections::HashMap;

use heapbeacon_shared::analysis::layout::Kind;
use heapbeacon_shared::analysis::sort_keys;

use super::{HeapMap, MapRegion};
use crate::format;
use crate::model::palette::{CLASSES, Palette};
use crate::model::sites::Site;
use crate::model::sites::order::Group;
use crate::model::span::Span;

/// Ages, in minutes, that begin another colour.
const AGES: [(u64, &str); 4] = [
    (1, "older than a minute"),
    (10, "older than 10 minutes"),
    (60, "older than an hour"),
    (24 * 60, "older than a day"),
];
const AGE_CLASSES: [&str; 5] = ["age0", "age1", "age2", "age3", "age4"];
/// How blocks are drawn that nobody has asked for.
pub const OUTSIDE: &str = "outside";
/// How each group of call sites is coloured, in the order of the groups.
const VERDICT_CLASSES: [&str; 5] = ["v-bad", "v-bad", "v-warn", "v-info", "c0"];

/// What blocks are coloured by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourBy {
    /// Who allocated them.
    #[default]
    Site,
    /// The task that did.
    Task,
    /// How old they are.
    Age,
    /// What is said of their call site.
    Verdict,
}

impl ColourBy {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Site, Self::Task, Self::Age, Self::Verdict];

    /// Returns its name on the page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Site => "Call site",
            Self::Task => "Task",
            Self::Age => "Age",
            Self::Verdict => "Verdict",
        }
    }

    /// Returns its name in the address of a view; that of the usual one is empty.
    pub fn name(self) -> &'static str {
        match self {
            Self::Site => "",
            Self::Task => "task",
            Self::Age => "age",
            Self::Verdict => "verdict",
        }
    }
}

/// A colour, and what has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its class.
    pub class: &'static str,
    /// What has it.
    pub name: String,
    /// Bytes of those blocks.
    pub bytes: u64,
}

/// The colours of a heap map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Colours {
    /// Colours, with what has them, the most bytes first.
    pub key: Vec<Entry>,
    /// Index among those of each piece of each region; of a piece that is no block, of none.
    of: Vec<Vec<usize>>,
}

impl Colours {
    /// Colours the blocks of a map that were allocated in a part of the trace, and the others alike. `now_us` is when its records
    /// were read.
    pub fn new(
        map: &HeapMap,
        by: ColourBy,
        palette: &Palette,
        sites: &[Site],
        task: &dyn Fn(&str) -> String,
        now_us: u64,
        span: Span,
    ) -> Self {
        let tasks = tasks(map, task);
        let groups = groups(map, sites);
        let entry = |region: &MapRegion, piece: usize, owner: u32| -> (&'static str, String) {
            let record = region.record(map, piece);
            if !record.is_none_or(|record| span.includes(record.time_us)) {
                return (OUTSIDE, "allocated at another time".to_owned());
            }
            match by {
                ColourBy::Site => {
                    let owner = map.owner(owner);
                    (palette.class(&owner.key), owner.label.clone())
                }
                ColourBy::Task => {
                    let given = record.and_then(|record| record.task.as_deref());
                    let name = given.map_or_else(|| "no task".to_owned(), task);
                    (tasks.class(&name), name)
                }
                ColourBy::Age => {
                    let since = record.map_or(0, |record| now_us.saturating_sub(record.time_us));
                    age(since)
                }
                ColourBy::Verdict => {
                    let group = groups[owner as usize];
                    let class = group.map_or("c0", |group| VERDICT_CLASSES[group as usize]);
                    let name = group.map_or("not judged", Group::name);
                    (class, name.to_owned())
                }
            }
        };
        let mut colours = Self::default();
        let mut known = HashMap::new();
        for region in &map.regions {
            let pieces = region.layout.pieces.iter().enumerate();
            let of = pieces.map(|(piece, it)| match it.kind {
                Kind::Block(block) => {
                    let (class, name) = entry(region, piece, block.owner);
                    colours.add(&mut known, class, name, it.bytes)
                }
                _ => usize::MAX,
            });
            let of = of.collect();
            colours.of.push(of);
        }
        colours.in_order()
    }

    /// Returns the class of a piece of a region; `None` if it is no block.
    pub fn class(&self, region: usize, piece: usize) -> Option<&'static str> {
        let entry = *self.of.get(region)?.get(piece)?;
        self.key.get(entry).map(|entry| entry.class)
    }

    /// Adds bytes to what has a colour. What has no colour of its own is added up.
    fn add(
        &mut self,
        known: &mut HashMap<String, usize>,
        class: &'static str,
        name: String,
        bytes: u64,
    ) -> usize {
        let name = match class {
            "c0" if name != "not judged" && name != Group::InFlight.name() => "others".to_owned(),
            _ => name,
        };
        let key = &mut self.key;
        let index = *known.entry(format!("{class} {name}")).or_insert(key.len());
        if index == key.len() {
            key.push(Entry {
                class,
                name,
                bytes: 0,
            });
        }
        key[index].bytes += bytes;
        index
    }

    /// Puts those with most bytes first.
    fn in_order(mut self) -> Self {
        let keys = self.key.iter().zip(0..);
        let mut keys: Vec<_> = keys
            .map(|(entry, index)| [u64::MAX - entry.bytes, index, 0])
            .collect();
        sort_keys(&mut keys);
        let mut place = vec![0; keys.len()];
        let mut key = Vec::new();
        for (to, [_, from, _]) in keys.iter().enumerate() {
            place[*from as usize] = to;
            key.push(self.key[*from as usize].clone());
        }
        let entries = self.of.iter_mut().flatten();
        entries.for_each(|entry| *entry = place.get(*entry).copied().unwrap_or(usize::MAX));
        Self { key, of: self.of }
    }
}

/// Returns the colour of blocks that are so old, and what has it.
fn age(us: u64) -> (&'static str, String) {
    let minutes = us / 60_000_000;
    let older = AGES.iter().take_while(|(from, _)| minutes >= *from);
    let index = older.count();
    let name = match index {
        0 => "a minute at most",
        _ => AGES[index - 1].1,
    };
    (AGE_CLASSES[index], name.to_owned())
}

/// Gives each task a colour, those with most bytes first.
fn tasks(map: &HeapMap, task: &dyn Fn(&str) -> String) -> Palette {
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut bytes: Vec<(&str, u64)> = Vec::new();
    for record in map.records.iter().filter(|record| !record.freed) {
        if let Some(task) = record.task.as_deref() {
            let index = *known.entry(task.to_owned()).or_insert(bytes.len());
            if index == bytes.len() {
                bytes.push((task, 0));
            }
            bytes[index].1 += record.size;
        }
    }
    let keys = bytes.iter().zip(0..);
    let mut keys: Vec<_> = keys
        .map(|((_, bytes), index)| [u64::MAX - bytes, index, 0])
        .collect();
    sort_keys(&mut keys);
    let ordered: Vec<_> = keys
        .iter()
        .take(CLASSES.len())
        .map(|[_, index, _]| task(bytes[*index as usize].0))
        .collect();
    let mut palette = Palette::default();
    palette.assign(ordered.iter().map(String::as_str));
    palette
}

/// Returns what is said of each owner.
fn groups(map: &HeapMap, sites: &[Site]) -> Vec<Option<Group>> {
    let group = |key: &str| {
        let mut sites = sites.iter();
        let site = sites.find(|site| site.colour_key == key)?;
        Some(Group::of(site))
    };
    map.owners.iter().map(|owner| group(&owner.key)).collect()
}

/// Describes a colour of the key.
pub fn entry_words(entry: &Entry) -> String {
    format!("{} {}", entry.name, format::bytes(entry.bytes))
}

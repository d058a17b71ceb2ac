//! The flame graph: call stacks with values as a tree of named frames.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use heapbeacon_shared::analysis::CallTree;

use crate::symbols::names::{FrameLine, NamedStack, Names};

pub mod measure;

use measure::{Measure, Weight};

/// Id of a node that is never there.
pub const NOWHERE: usize = 0;

/// How call stacks become a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Whether the call sites come first, and behind each who called it.
    pub is_inverted: bool,
    /// Whether call stacks of different tasks are added up.
    pub joins_tasks: bool,
    /// Whether frames are there, too, that lists fold.
    pub has_all_frames: bool,
}

/// What a node of the tree stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// What it is called in few letters.
    pub name: String,
    /// Line of a call site, as `:62`.
    pub line: String,
    /// The whole name.
    pub full_name: String,
    /// Short file name and line.
    pub place: Option<String>,
    /// The key that colours it, where it is a call site.
    pub site: Option<String>,
    /// Unique among labels.
    key: String,
}

/// The label of a node that is not there.
static NO_LABEL: Label = Label {
    name: String::new(),
    line: String::new(),
    full_name: String::new(),
    place: None,
    site: None,
    key: String::new(),
};

impl Label {
    fn of_words(kind: &str, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            full_name: name.to_owned(),
            key: format!("{kind} {name}"),
            ..Self::default()
        }
    }

    fn of_line(line: &FrameLine) -> Self {
        Self {
            name: line.name.clone(),
            full_name: line.full_name.clone(),
            place: line.file.clone(),
            key: format!("f {}", line.full_name),
            ..Self::default()
        }
    }

    /// A call site is told apart from others in the same function by its line.
    fn of_site(line: &FrameLine, named: &NamedStack) -> Self {
        let number = line.line.map(|number| format!(":{number}"));
        Self {
            line: number.unwrap_or_default(),
            place: named.place.clone(),
            site: Some(named.key.clone()),
            key: format!("s {}", named.key),
            ..Self::of_line(line)
        }
    }

    /// Returns whether a text, in lower case, occurs in its name or place.
    fn matches(&self, text: &str) -> bool {
        let place = self.place.as_deref().unwrap_or_default();
        [self.full_name.as_str(), place]
            .iter()
            .any(|words| words.to_ascii_lowercase().contains(text))
    }
}

/// A tree of frames, each as wide as what it and those behind it come to.
#[derive(Clone, Debug, Default)]
pub struct Flame {
    tree: CallTree<usize>,
    labels: Vec<Label>,
    /// What stays the same of a node from one reading to the next, and from visit to visit: a hash of its way. Where two of
    /// thousands share one, the first is found.
    ids: Vec<usize>,
    totals: Vec<u64>,
    blocks: Vec<u64>,
    children: Vec<Vec<usize>>,
}

/// What has the same ids has the same tree.
impl PartialEq for Flame {
    fn eq(&self, other: &Self) -> bool {
        self.ids == other.ids
            && self.totals == other.totals
            && self.blocks == other.blocks
            && self.labels == other.labels
    }
}

impl Flame {
    /// Makes a tree of call stacks.
    pub fn new(weights: &[Weight<'_>], names: &mut Names, shape: Shape) -> Self {
        let mut labels = Labels::default();
        let mut flame = Self::default();
        let mut ends = Vec::new();
        let root = match shape.joins_tasks {
            true => "everything",
            false => "all tasks",
        };
        let root = labels.number(Label::of_words("", root));
        for weight in weights.iter().filter(|weight| weight.value > 0) {
            let mut way = labels.way(weight, names, shape);
            if !shape.is_inverted {
                way.reverse();
            }
            let end = flame.tree.add([root].into_iter().chain(way));
            ends.push((end, weight));
        }
        let values = ends.iter().map(|(end, weight)| (*end, weight.value));
        flame.totals = flame.tree.totals(values);
        let blocks = ends.iter().map(|(end, weight)| (*end, weight.blocks));
        flame.blocks = flame.tree.totals(blocks);
        flame.children = flame.tree.children(&flame.totals);
        flame.labels = labels.all;
        flame.ids = flame.named_nodes();
        flame
    }

    fn named_nodes(&self) -> Vec<usize> {
        let mut ids: Vec<usize> = Vec::new();
        for node in self.tree.nodes() {
            let mut hasher = DefaultHasher::new();
            node.parent.map(|parent| ids[parent]).hash(&mut hasher);
            self.labels[node.key].key.hash(&mut hasher);
            ids.push(hasher.finish() as usize);
        }
        ids
    }

    /// Returns whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.totals.is_empty()
    }

    /// Returns what a node stands for.
    pub fn label(&self, node: usize) -> &Label {
        let node = self.tree.nodes().get(node);
        let label = node.and_then(|node| self.labels.get(node.key));
        label.unwrap_or(&NO_LABEL)
    }

    /// Returns what finds a node again in another reading.
    pub fn id(&self, node: usize) -> usize {
        self.ids.get(node).copied().unwrap_or(NOWHERE)
    }

    /// Returns the node of an id; the root where that is not there, or no longer.
    pub fn find(&self, id: usize) -> usize {
        let found = self.ids.iter().position(|known| *known == id);
        found.unwrap_or(0)
    }

    /// Returns whether there is a node of an id.
    pub fn has(&self, id: usize) -> bool {
        self.ids.contains(&id)
    }

    /// Returns what each node comes to.
    pub fn totals(&self) -> &[u64] {
        &self.totals
    }

    /// Returns what is behind each node, those with most first.
    pub fn children(&self) -> &[Vec<usize>] {
        &self.children
    }

    fn behind(&self, node: usize) -> &[usize] {
        self.children.get(node).map_or(&[], Vec::as_slice)
    }

    /// Returns what a node comes to.
    pub fn total(&self, node: usize) -> u64 {
        self.totals.get(node).copied().unwrap_or(0)
    }

    /// Returns what ends at a node.
    pub fn own(&self, node: usize) -> u64 {
        let behind = self.behind(node).iter().map(|child| self.total(*child));
        self.total(node).saturating_sub(behind.sum())
    }

    /// Returns the blocks of a node.
    pub fn blocks(&self, node: usize) -> u64 {
        self.blocks.get(node).copied().unwrap_or(0)
    }

    /// Returns the nodes from the root to a node.
    pub fn path(&self, node: usize) -> Vec<usize> {
        match self.is_empty() {
            true => Vec::new(),
            false => self.tree.path(node),
        }
    }

    /// Returns which nodes have a text in their name or place; none where it is empty.
    pub fn matches(&self, text: &str) -> Vec<bool> {
        let text = text.trim().to_ascii_lowercase();
        if text.is_empty() {
            return Vec::new();
        }
        let of_labels: Vec<bool> = self
            .labels
            .iter()
            .map(|label| label.matches(&text))
            .collect();
        let nodes = self.tree.nodes().iter();
        nodes.map(|node| of_labels[node.key]).collect()
    }

    /// Returns what a node comes to with a match on the way to it or behind it, each block once.
    pub fn matching(&self, from: usize, matches: &[bool]) -> u64 {
        let is_found = |node: &usize| matches.get(*node) == Some(&true);
        if self.path(from).iter().any(is_found) {
            return self.total(from);
        }
        let mut sum = 0;
        let mut left = vec![from];
        while let Some(node) = left.pop() {
            match is_found(&node) {
                true => sum += self.total(node),
                false => left.extend(self.behind(node)),
            }
        }
        sum
    }

    /// Returns the nodes at and behind one that come to at least so much, in the order of the drawing, with how far behind it
    /// each is; at most so many.
    pub fn outline(&self, from: usize, least: u64, most: usize) -> Vec<(usize, usize)> {
        let mut rows = Vec::new();
        let mut left = vec![(from, 0)];
        while let Some((node, depth)) = left.pop().filter(|_| rows.len() < most) {
            rows.push((node, depth));
            let behind = self.behind(node).iter().rev();
            let behind = behind.filter(|child| self.total(**child) >= least);
            left.extend(behind.map(|child| (*child, depth + 1)));
        }
        rows
    }

    /// Describes what a node comes to, and which share of all that is.
    pub fn words(&self, node: usize, measure: Measure) -> String {
        let total = self.total(node);
        let mut words = measure.words(total);
        if node > 0 {
            words += &format!(" · {} of all", share(total, self.total(0)));
        }
        if measure.is_bytes() {
            let blocks = crate::format::plural(self.blocks(node), "block");
            words += &format!(" · {blocks}");
        }
        words
    }
}

/// Writes a share, such as `44 %` or `<1 %`.
pub fn share(part: u64, whole: u64) -> String {
    let (part, whole) = (u128::from(part) * 100, u128::from(whole.max(1)));
    match (part + whole / 2) / whole {
        _ if part > 0 && part < whole => "<1 %".to_owned(),
        percent => format!("{percent} %"),
    }
}

/// Labels, each once.
#[derive(Default)]
struct Labels {
    all: Vec<Label>,
    numbers: HashMap<String, usize>,
}

impl Labels {
    fn number(&mut self, label: Label) -> usize {
        if let Some(number) = self.numbers.get(&label.key) {
            return *number;
        }
        let number = self.all.len();
        self.numbers.insert(label.key.clone(), number);
        self.all.push(label);
        number
    }

    /// Returns the frames of a call stack, innermost first, and its task behind them.
    fn way(&mut self, weight: &Weight<'_>, names: &mut Names, shape: Shape) -> Vec<usize> {
        let named = names.of(weight.stack);
        let mut way = Vec::new();
        let mut has_site = false;
        for section in &named.sections {
            for line in &section.lines {
                let is_site = section.fold.is_none() && !has_site;
                has_site |= is_site;
                if is_site {
                    way.push(self.number(Label::of_site(line, &named)));
                } else if section.fold.is_none() || shape.has_all_frames {
                    way.push(self.number(Label::of_line(line)));
                }
            }
        }
        if !has_site {
            let site = Some(named.key.clone());
            way.push(self.number(Label {
                site,
                ..Label::of_words("s", &named.name)
            }));
        }
        // Behind what started the user's code there is nothing that anybody looks for.
        let is_open = named
            .sections
            .last()
            .is_none_or(|section| section.fold.is_none());
        if let Some(end) = named
            .end
            .as_ref()
            .filter(|_| is_open || shape.has_all_frames)
        {
            let name = named.tag.unwrap_or("callers unknown");
            way.push(self.number(Label {
                full_name: end.clone(),
                ..Label::of_words("cut", name)
            }));
        }
        if !shape.joins_tasks {
            let given = weight.stack.task.as_deref();
            let task = given.filter(|task| !task.is_empty());
            let task = task.map_or_else(
                || "no task".to_owned(),
                |task| format!("task {}", names.task(task)),
            );
            way.push(self.number(Label::of_words("t", &task)));
        }
        way
    }
}

#[cfg(test)]
mod tests;

//! Names of call stacks: from the symbols of an ELF file, or from bare addresses without one.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use heapbeacon_shared::api::Stack;
use heapbeacon_shared::frames::{
    Fold, Frame, Role, StackFrame, SymbolizedStack, short_file, short_name,
};
use heapbeacon_shared::trace::{Address, Origin};
use heapbeacon_worker::protocol::{Found, Wanted};

use super::lookup::Lookup;
use super::truncation;

/// How many addresses name a call stack that has no symbols.
const ADDRESSES_IN_A_NAME: usize = 3;

/// How many functions that share their code are named.
const SHARED_NAMES: usize = 4;

/// One frame as a page shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameLine {
    /// Short name of the function, or its address.
    pub name: String,
    /// Full path of the function, or the address again.
    pub full_name: String,
    /// Short file name, as `src/session.rs`.
    pub file: Option<String>,
    /// File name as the ELF has it.
    pub path: Option<String>,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Short file name, line and column.
    pub place: Option<String>,
    /// The same with the whole path, which a click copies: several crates have a `src/main.rs`.
    pub full_place: Option<String>,
    /// Whether it was inlined into the next frame.
    pub inlined: bool,
    /// Whether it belongs to the user's own code.
    pub own: bool,
    /// Which other functions have the same code, in a sentence; `None` if none has.
    pub shared: Option<String>,
}

/// Frames that follow each other and are shown in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineSection {
    /// Why they may be folded; `None` where they should be seen.
    pub fold: Option<Fold>,
    /// The frames, innermost first.
    pub lines: Vec<FrameLine>,
}

/// A call stack with names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedStack {
    /// Names the call site: two stacks with the same key share it.
    pub key: String,
    /// Short name of the call site.
    pub name: String,
    /// Where the call site is, as `src/session.rs:88`.
    pub place: Option<String>,
    /// The user's own frames, innermost first, in one text; two stacks with the same differ in library frames at most. It is empty
    /// if there are none.
    pub path: String,
    /// All frames, innermost first; the first that is not folded is the call site.
    pub sections: Vec<LineSection>,
    /// Why it ends early, in a sentence; `None` if it does not.
    pub end: Option<String>,
    /// The same in a word beside the name of the call site; `None` where it is not worth one.
    pub tag: Option<&'static str>,
}

impl NamedStack {
    /// Returns all frames, innermost first.
    pub fn lines(&self) -> impl Iterator<Item = &FrameLine> {
        self.sections.iter().flat_map(|section| &section.lines)
    }

    /// Returns the short name of who called the call site: the next of the user's own functions.
    pub fn caller(&self) -> Option<&str> {
        let mut own = self.lines().filter(|line| line.own);
        own.next();
        own.next().map(|line| line.name.as_str())
    }

    /// Returns the frame of the call site.
    pub fn call_site(&self) -> Option<&FrameLine> {
        let mut seen = self
            .sections
            .iter()
            .filter(|section| section.fold.is_none());
        seen.next()?.lines.first()
    }
}

/// Names call stacks by what was found in an ELF so far, and otherwise by their addresses.
#[derive(Clone, Default)]
pub struct Names {
    lookup: Option<Rc<Lookup>>,
    /// What was found, by return address.
    frames: HashMap<u64, Vec<Frame>>,
    /// The same for tasks, by where they are stored.
    tasks: HashMap<u64, Option<String>>,
    /// The same for statics, by an address inside.
    statics: HashMap<u64, Option<(String, u64)>>,
    /// What was worked out of it, by the addresses of a call stack.
    known: HashMap<Vec<u64>, Arc<NamedStack>>,
}

impl Names {
    /// Creates names that come from an ELF.
    pub fn new(lookup: Lookup) -> Self {
        Self {
            lookup: Some(lookup.into()),
            ..Self::default()
        }
    }

    /// Returns who finds names; `None` without an ELF.
    pub fn lookup(&self) -> Option<Rc<Lookup>> {
        self.lookup.clone()
    }

    /// Returns what is to be found before these call stacks and tasks have names.
    pub fn wanted<'s>(
        &self,
        stacks: impl IntoIterator<Item = &'s Stack>,
        tasks: impl IntoIterator<Item = &'s str>,
    ) -> Wanted {
        let mut wanted = (BTreeSet::new(), BTreeSet::new());
        let mut want_task = |given: &str| wanted.1.extend(storage(given));
        for stack in stacks {
            wanted.0.extend(stack.frames.iter().map(|frame| frame.0));
            stack.task.iter().for_each(|task| want_task(task));
        }
        tasks.into_iter().for_each(want_task);
        let (addresses, tasks) = (wanted.0.into_iter(), wanted.1.into_iter());
        Wanted {
            addresses: addresses
                .filter(|address| !self.frames.contains_key(address))
                .collect(),
            tasks: tasks
                .filter(|task| !self.tasks.contains_key(task))
                .collect(),
            statics: Vec::new(),
        }
    }

    /// Adds to what is to be found the statics around addresses, which come in their order.
    pub fn want_statics(&self, wanted: &mut Wanted, addresses: &BTreeSet<u64>) {
        let unknown = addresses.iter().copied();
        wanted.statics = unknown
            .filter(|address| !self.statics.contains_key(address))
            .collect();
    }

    /// Takes what was found.
    pub fn learn(&mut self, wanted: &Wanted, found: Found) {
        let is_new = |address: &u64| wanted.addresses.binary_search(address).is_ok();
        self.known.retain(|stack, _| !stack.iter().any(is_new));
        let addresses = wanted.addresses.iter().copied();
        self.frames.extend(addresses.zip(found.frames));
        let tasks = wanted.tasks.iter().copied();
        self.tasks.extend(tasks.zip(found.tasks));
        let statics = wanted.statics.iter().copied();
        self.statics.extend(statics.zip(found.statics));
    }

    /// Returns the short name of the static around an address, and how far behind its start that is; `None` where the symbols
    /// name none.
    pub fn variable(&self, address: u64) -> Option<(String, u64)> {
        let (path, offset) = self.statics.get(&address)?.as_ref()?;
        Some((short_name(path), *offset))
    }

    /// Names a task: one that the device knows only the address of has its name in the symbols.
    pub fn task(&self, given: &str) -> String {
        let found = storage(given).and_then(|storage| self.tasks.get(&storage)?.as_deref());
        found.unwrap_or(given).to_owned()
    }

    /// Names a call stack.
    pub fn of(&mut self, stack: &Stack) -> Arc<NamedStack> {
        if stack.frames.is_empty() {
            return Arc::new(without_frames(stack));
        }
        let addresses: Vec<u64> = stack.frames.iter().map(|address| address.0).collect();
        if let Some(named) = self.known.get(&addresses) {
            return Arc::clone(named);
        }
        let named = Arc::new(match self.frames_at(&addresses) {
            Some(frames) => with_symbols(frames, stack),
            None => by_address(stack, &addresses),
        });
        self.known.insert(addresses, Arc::clone(&named));
        named
    }

    /// Returns the functions that a call returns to, innermost first; none where that is not known.
    pub fn functions(&self, address: u64) -> Vec<Frame> {
        self.frames.get(&address).cloned().unwrap_or_default()
    }

    /// Returns the functions at all of these addresses; `None` where one of them is not known.
    fn frames_at(&self, addresses: &[u64]) -> Option<Vec<Frame>> {
        let frames = addresses.iter().map(|address| self.frames.get(address));
        let frames: Option<Vec<&Vec<Frame>>> = frames.collect();
        Some(frames?.into_iter().flatten().cloned().collect())
    }
}

/// Returns where a task is stored that is called by that: `task@3fc95510`.
fn storage(given: &str) -> Option<u64> {
    let address = given.strip_prefix("task@")?;
    u64::from_str_radix(address, 16).ok()
}

/// Returns which other functions the code of a frame may be of, in a sentence.
fn shared(with: &[String]) -> Option<String> {
    let names: Vec<_> = with
        .iter()
        .take(SHARED_NAMES)
        .map(|name| short_name(name))
        .collect();
    let more = match with.len().saturating_sub(SHARED_NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = names.join(", ");
    (!with.is_empty()).then(|| format!("The linker has kept one code for this and {names}{more}."))
}

fn without_frames(stack: &Stack) -> NamedStack {
    let name = match (stack.id, stack.origin) {
        (0, _) => "call stacks without room",
        (_, Origin::Driver) => "driver without call stack",
        _ => "unknown call stack",
    };
    NamedStack {
        key: name.to_owned(),
        name: name.to_owned(),
        ..NamedStack::default()
    }
}

fn by_address(stack: &Stack, frames: &[u64]) -> NamedStack {
    let texts: Vec<String> = frames
        .iter()
        .map(|frame| Address(*frame).to_string())
        .collect();
    let shown = &texts[..texts.len().min(ADDRESSES_IN_A_NAME)];
    let line = |text: &String| FrameLine {
        name: text.clone(),
        full_name: text.clone(),
        place: Some(text.clone()),
        full_place: Some(text.clone()),
        // Nobody knows whose it is: none is folded.
        own: true,
        ..FrameLine::default()
    };
    NamedStack {
        key: texts.join(" "),
        name: shown.join(" ← "),
        place: None,
        path: String::new(),
        sections: vec![LineSection {
            fold: None,
            lines: texts.iter().map(line).collect(),
        }],
        end: truncation::sentence(stack),
        tag: truncation::tag(stack.cut, false),
    }
}

fn with_symbols(frames: Vec<Frame>, stack: &Stack) -> NamedStack {
    let stack_with_names = SymbolizedStack::new(frames);
    let site = stack_with_names
        .call_site()
        .map(frame_line)
        .unwrap_or_default();
    let own = stack_with_names.frames().iter();
    let own = own.filter(|frame| frame.role == Role::Own);
    let sections = stack_with_names.sections();
    let sections = sections.iter().map(|section| LineSection {
        fold: section.fold,
        lines: section.frames.iter().map(frame_line).collect(),
    });
    let from_driver = stack.origin == Origin::Driver;
    let place = site.file.as_ref().map(|file| match site.line {
        Some(line) => format!("{file}:{line}"),
        None => file.clone(),
    });
    NamedStack {
        key: format!(
            "{} {}",
            site.full_name,
            place.as_deref().unwrap_or_default()
        ),
        name: site.name,
        path: own.map(|StackFrame { frame, .. }| part(frame)).collect(),
        place: place.or_else(|| from_driver.then(|| "driver".to_owned())),
        sections: sections.collect(),
        end: truncation::sentence(stack),
        tag: truncation::tag(stack.cut, site.own),
    }
}

/// Returns what a frame is in the path of a call stack.
fn part(frame: &Frame) -> String {
    let function = frame.function.as_deref().unwrap_or_default();
    let line = frame.line.unwrap_or(0);
    format!("{function}:{line} ")
}

fn frame_line(StackFrame { frame, role }: &StackFrame) -> FrameLine {
    let address = Address(frame.address).to_string();
    let function = frame.function.as_deref();
    let file = frame.file.as_ref().map(|file| short_file(file, None));
    let parts = [frame.line, frame.column];
    let with_parts = |file: &String| {
        let parts = parts.into_iter().flatten();
        parts.fold(file.clone(), |place, part| format!("{place}:{part}"))
    };
    FrameLine {
        name: function.map_or_else(|| address.clone(), short_name),
        full_name: function.map_or(address, str::to_owned),
        place: file.as_ref().map(with_parts),
        full_place: frame.file.as_ref().map(with_parts),
        file,
        path: frame.file.clone(),
        line: frame.line,
        inlined: frame.inlined,
        own: *role == Role::Own,
        shared: shared(&frame.shared_with),
    }
}

#[cfg(test)]
mod tests;

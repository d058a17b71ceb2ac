//! Names of call stacks: from the symbols of an ELF file, or from bare addresses without one.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use heapbeacon_shared::api::Stack;
use heapbeacon_shared::symbols::{
    Fold, Role, StackFrame, SymbolizedStack, Symbols, short_file, short_name,
};
use heapbeacon_shared::trace::{Address, Origin};

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
}

/// Names call stacks and remembers the names.
#[derive(Default)]
pub struct Names {
    symbols: Option<Rc<Symbols>>,
    known: HashMap<Vec<u64>, Arc<NamedStack>>,
    tasks: RefCell<HashMap<String, String>>,
}

impl Names {
    /// Takes the symbols that names come from; `None` goes back to addresses.
    pub fn new(symbols: Option<Rc<Symbols>>) -> Self {
        Self {
            symbols,
            ..Self::default()
        }
    }

    /// Returns the symbols that names come from.
    pub fn symbols(&self) -> Option<Rc<Symbols>> {
        self.symbols.clone()
    }

    /// Names a task: one that the device knows only the address of has its name in the symbols.
    pub fn task(&self, given: &str) -> String {
        let Some(symbols) = &self.symbols else {
            return given.to_owned();
        };
        let mut tasks = self.tasks.borrow_mut();
        let named = || task_of_address(symbols, given).unwrap_or_else(|| given.to_owned());
        tasks.entry(given.to_owned()).or_insert_with(named).clone()
    }

    /// Names a call stack.
    pub fn of(&mut self, stack: &Stack) -> Arc<NamedStack> {
        if stack.frames.is_empty() {
            return Arc::new(without_frames(stack));
        }
        let frames: Vec<u64> = stack.frames.iter().map(|address| address.0).collect();
        if let Some(named) = self.known.get(&frames) {
            return Arc::clone(named);
        }
        let named = Arc::new(match &self.symbols {
            Some(symbols) => with_symbols(symbols, stack, &frames),
            None => by_address(stack, &frames),
        });
        self.known.insert(frames, Arc::clone(&named));
        named
    }
}

/// Names a task by its storage, of which it is called `task@3fc95510`. In a pool of several it has a
/// number, from 0; where nothing tells how many those are, it says how many bytes behind the first it is.
fn task_of_address(symbols: &Symbols, given: &str) -> Option<String> {
    let address = given.strip_prefix("task@")?;
    let task = symbols.task_at(u64::from_str_radix(address, 16).ok()?)?;
    Some(match (task.index, task.offset) {
        (Some(index), _) => format!("{}[{index}]", task.name),
        (None, 0) => task.name,
        (None, offset) => format!("{} +{offset}", task.name),
    })
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
        sections: vec![LineSection {
            fold: None,
            lines: texts.iter().map(line).collect(),
        }],
        end: truncation::sentence(stack),
        tag: truncation::tag(stack.cut, false),
    }
}

fn with_symbols(symbols: &Symbols, stack: &Stack, frames: &[u64]) -> NamedStack {
    let stack_with_names = SymbolizedStack::new(symbols.call_stack(frames));
    let site = stack_with_names
        .call_site()
        .map(frame_line)
        .unwrap_or_default();
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
        place: place.or_else(|| from_driver.then(|| "driver".to_owned())),
        sections: sections.collect(),
        end: truncation::sentence(stack),
        tag: truncation::tag(stack.cut, site.own),
    }
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
        line: frame.line,
        inlined: frame.inlined,
        own: *role == Role::Own,
        shared: shared(&frame.shared_with),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapbeacon_shared::symbols::Frame;

    fn stack(frames: &[u64]) -> Stack {
        Stack {
            frames: frames.iter().map(|frame| Address(*frame)).collect(),
            ..Stack::default()
        }
    }

    #[test]
    fn without_symbols_a_stack_is_named_by_its_innermost_addresses() {
        let named = Names::default().of(&stack(&[
            0x4200_0010,
            0x4200_0020,
            0x4200_0030,
            0x4200_0040,
        ]));
        assert_eq!(named.name, "0x42000010 ← 0x42000020 ← 0x42000030");
        assert_eq!(named.lines().count(), 4);
    }

    #[test]
    fn stacks_that_differ_in_their_depth_are_not_joined_without_symbols() {
        let mut names = Names::default();
        let (one, other) = (
            names.of(&stack(&[1, 2, 3, 4])),
            names.of(&stack(&[1, 2, 3, 5])),
        );
        assert_eq!(one.name, other.name);
        assert_ne!(one.key, other.key);
    }

    #[test]
    fn stacks_without_frames_have_names_too() {
        let mut names = Names::default();
        let mut name = |id, origin| {
            let stack = Stack {
                id,
                origin,
                ..Stack::default()
            };
            names.of(&stack).name.clone()
        };
        assert_eq!(name(0, Origin::Application), "call stacks without room");
        assert_eq!(name(7, Origin::Driver), "driver without call stack");
        assert_eq!(name(8, Origin::Application), "unknown call stack");
    }

    #[test]
    fn functions_that_share_their_code_are_named_up_to_a_few() {
        assert_eq!(shared(&[]), None);
        let names: Vec<_> = ["app::a::close", "app::b::drop", "c", "d", "e", "f"]
            .map(str::to_owned)
            .into();
        let two = "The linker has kept one code for this and a::close, b::drop.";
        assert_eq!(shared(&names[..2]).as_deref(), Some(two));
        let all = "The linker has kept one code for this and a::close, b::drop, c, d and 2 more.";
        assert_eq!(shared(&names).as_deref(), Some(all));
    }

    #[test]
    fn without_symbols_a_task_has_the_name_that_the_device_gives() {
        let names = Names::default();
        for name in ["net", "task@3fc95510", "task@", "task@xyz", ""] {
            assert_eq!(names.task(name), name);
        }
    }

    #[test]
    fn a_place_is_shown_short_and_copied_whole() {
        let frame = Frame {
            file: Some("/home/me/agent/demo/src/session.rs".to_owned()),
            line: Some(52),
            column: Some(9),
            ..Frame::default()
        };
        let line = frame_line(&StackFrame {
            frame,
            role: Role::Own,
        });
        assert_eq!(line.place.as_deref(), Some("src/session.rs:52:9"));
        assert_eq!(
            line.full_place.as_deref(),
            Some("/home/me/agent/demo/src/session.rs:52:9")
        );
    }
}

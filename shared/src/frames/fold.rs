use alloc::vec::Vec;

use super::Frame;
use super::names::{Origin, crate_of, origin};

/// Whose code a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// HeapBeacon itself.
    Tracer,
    /// An allocator, or the way to it: `__rust_alloc`, `malloc`, an `impl GlobalAlloc`.
    Allocator,
    /// `alloc`, `core`, `std` and the crates that come with them.
    Std,
    /// What polls async tasks: embassy's executor, tokio.
    Executor,
    /// Any other crate from a registry or a git repository.
    Dependency,
    /// The user's own code.
    Own,
    /// Nothing tells: ROM, a binary blob, C code without debug information.
    Unknown,
}

/// A frame, and whose code it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackFrame {
    /// The frame.
    pub frame: Frame,
    /// Whose code it is.
    pub role: Role,
}

/// A call stack with names, and the frame in it that a reader wants to see first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolizedStack {
    pub(super) frames: Vec<StackFrame>,
    pub(super) call_site: Option<usize>,
}

impl SymbolizedStack {
    /// Classifies the frames of a call stack, innermost first.
    ///
    /// The call site is the first frame of the user's own code. Without one it is the first frame
    /// of a dependency or of unknown code, then of an executor, and without that the first frame.
    pub fn new(frames: Vec<Frame>) -> Self {
        let frames = classify(frames);
        let first = |roles: &[Role]| frames.iter().position(|frame| roles.contains(&frame.role));
        let call_site = first(&[Role::Own])
            .or_else(|| first(&[Role::Dependency, Role::Unknown]))
            .or_else(|| first(&[Role::Executor]))
            .or(if frames.is_empty() { None } else { Some(0) });
        Self { frames, call_site }
    }

    /// Returns all frames, innermost first.
    pub fn frames(&self) -> &[StackFrame] {
        &self.frames
    }

    /// Returns the call site; `None` only of an empty stack.
    pub fn call_site(&self) -> Option<&StackFrame> {
        self.frames.get(self.call_site?)
    }
}

fn classify(frames: Vec<Frame>) -> Vec<StackFrame> {
    let mut around = Role::Unknown;
    let outermost_first = frames.into_iter().rev().map(|frame| {
        // What is inlined into the tracer or an allocator is part of it, whatever its name says.
        let is_part = frame.inlined && matches!(around, Role::Tracer | Role::Allocator);
        if !is_part {
            around = role(&frame);
        }
        StackFrame {
            role: around,
            frame,
        }
    });
    let mut frames: Vec<_> = outermost_first.collect();
    frames.reverse();
    frames
}

const TRACER_CRATES: [&str; 2] = ["heapbeacon", "heapbeacon_shared"];

/// Hooks of HeapBeacon that have to have a fixed name, for esp-alloc to call them.
const TRACER_FUNCTIONS: [&str; 2] = ["_esp_alloc_alloc", "_esp_alloc_dealloc"];

/// `__rustc` is where the compiler puts `__rust_alloc` and its siblings.
const ALLOCATOR_CRATES: [&str; 8] = [
    "__rustc",
    "buddy_system_allocator",
    "dlmalloc",
    "embedded_alloc",
    "esp_alloc",
    "linked_list_allocator",
    "rlsf",
    "talc",
];

const ALLOCATOR_FUNCTIONS: [&str; 8] = [
    "malloc",
    "calloc",
    "realloc",
    "free",
    "memalign",
    "aligned_alloc",
    "posix_memalign",
    "reallocarray",
];

const EXECUTOR_CRATES: [&str; 9] = [
    "async_executor",
    "async_task",
    "edge_executor",
    "embassy_executor",
    "esp_hal_embassy",
    "esp_rtos",
    "futures_executor",
    "pollster",
    "tokio",
];

const STD_CRATES: [&str; 6] = [
    "alloc",
    "core",
    "std",
    "hashbrown",
    "compiler_builtins",
    "panic_unwind",
];

fn role(frame: &Frame) -> Role {
    let function = frame.function.as_deref().unwrap_or_default();
    let krate = crate_of(function);
    let is_of = |crates: &[&str]| krate.is_some_and(|krate| crates.contains(&krate));
    if is_of(&TRACER_CRATES) || TRACER_FUNCTIONS.contains(&function) {
        Role::Tracer
    } else if is_of(&ALLOCATOR_CRATES) || is_allocator(function) {
        Role::Allocator
    } else if is_of(&EXECUTOR_CRATES) {
        Role::Executor
    } else if frame.inlined && function.is_empty() {
        // The user's own file may hold an allocator or a wrapper, too.
        Role::Unknown
    } else if let Some(file) = &frame.file {
        match origin(file).0 {
            Origin::Std => Role::Std,
            Origin::Dependency => Role::Dependency,
            Origin::Own => Role::Own,
        }
    } else if is_of(&STD_CRATES) || (krate.is_none() && function.starts_with('<')) {
        // `<str>::trim`: only the standard library adds functions to a primitive type.
        Role::Std
    } else if krate.is_some() {
        Role::Own
    } else {
        Role::Unknown
    }
}

fn is_allocator(function: &str) -> bool {
    let of_the_compiler = ["__rust_", "__rdl_", "__rg_"];
    of_the_compiler
        .iter()
        .any(|start| function.starts_with(start))
        || function.contains("::GlobalAlloc>::")
        || ALLOCATOR_FUNCTIONS.contains(&function)
}

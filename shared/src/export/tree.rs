//! Call stacks as a tree: formats that have one tell each function with its callers once.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::iter;

use super::recording::Recording;
use super::strings::Strings;

/// Call stacks that share their outer functions. The outermost of each is its task.
#[derive(Debug)]
pub(super) struct Tree {
    /// Caller and function of each node; callers come first.
    pub(super) nodes: Vec<Node>,
    /// The innermost node of each call stack, by id.
    leaves: BTreeMap<u32, usize>,
    /// Names of tasks, in the order of their numbers.
    pub(super) tasks: Strings,
    /// How many frames the recording has.
    frames: usize,
}

/// A function with all its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    /// Index of the node that called it.
    pub(super) caller: Option<usize>,
    pub(super) function: Function,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Function {
    /// Number of a task.
    Task(usize),
    /// Index of a frame of the recording.
    Frame(usize),
}

impl Tree {
    /// Returns the tree of all call stacks.
    pub(super) fn new(recording: &Recording) -> Self {
        let (mut nodes, mut known) = (Vec::new(), BTreeMap::new());
        let (mut leaves, mut tasks) = (BTreeMap::new(), Strings::default());
        for stack in &recording.stacks {
            let task = stack.task().map(|task| Function::Task(tasks.number(task)));
            let frames = stack.frames.iter().rev();
            let frames = frames.map(|index| Function::Frame(*index));
            let mut caller = None;
            for function in task.into_iter().chain(frames) {
                let node = Node { caller, function };
                let index = *known.entry(node).or_insert(nodes.len());
                if index == nodes.len() {
                    nodes.push(node);
                }
                caller = Some(index);
            }
            leaves.extend(caller.map(|leaf| (stack.stack.id, leaf)));
        }
        Self {
            nodes,
            leaves,
            tasks,
            frames: recording.frames.len(),
        }
    }

    /// Returns the innermost node of a call stack.
    pub(super) fn leaf(&self, stack: u32) -> Option<usize> {
        self.leaves.get(&stack).copied()
    }

    /// Returns the functions from the outermost one to a node.
    pub(super) fn path(&self, leaf: usize) -> Vec<Function> {
        let node = |index: &usize| self.nodes.get(*index);
        let outwards = iter::successors(Some(leaf), |index| node(index)?.caller);
        let mut path: Vec<_> = outwards
            .filter_map(|index| Some(node(&index)?.function))
            .collect();
        path.reverse();
        path
    }

    /// Returns the place of a function in a list of all frames, and behind them all tasks.
    pub(super) fn number(&self, function: Function) -> usize {
        match function {
            Function::Frame(index) => index,
            Function::Task(task) => self.frames + task,
        }
    }

    /// Returns the number of the task of a call stack.
    pub(super) fn task_of(&self, stack: u32) -> Option<usize> {
        match self.path(self.leaf(stack)?).first()? {
            Function::Task(task) => Some(*task),
            Function::Frame(_) => None,
        }
    }
}

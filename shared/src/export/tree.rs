//! Call stacks as a tree: formats that have one tell each function with its callers once.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::recording::Recording;
use super::strings::Strings;
use crate::analysis::{CallNode, CallTree};

/// Call stacks that share their outer functions. The outermost of each is its task.
#[derive(Debug)]
pub(super) struct Tree {
    calls: CallTree<Function>,
    /// The innermost node of each call stack, by id.
    leaves: BTreeMap<u32, usize>,
    /// Names of tasks, in the order of their numbers.
    pub(super) tasks: Strings,
    /// How many frames the recording has.
    frames: usize,
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
        let mut calls = CallTree::default();
        let (mut leaves, mut tasks) = (BTreeMap::new(), Strings::default());
        for stack in &recording.stacks {
            let task = stack.task().map(|task| Function::Task(tasks.number(task)));
            let frames = stack.frames.iter().rev();
            let frames = frames.map(|index| Function::Frame(*index));
            let leaf = calls.add(task.into_iter().chain(frames));
            leaves.extend(leaf.map(|leaf| (stack.stack.id, leaf)));
        }
        Self {
            calls,
            leaves,
            tasks,
            frames: recording.frames.len(),
        }
    }

    /// Returns each function with its caller; callers come first.
    pub(super) fn nodes(&self) -> &[CallNode<Function>] {
        self.calls.nodes()
    }

    /// Returns the innermost node of a call stack.
    pub(super) fn leaf(&self, stack: u32) -> Option<usize> {
        self.leaves.get(&stack).copied()
    }

    /// Returns the functions from the outermost one to a node.
    pub(super) fn path(&self, leaf: usize) -> Vec<Function> {
        let path = self.calls.path(leaf).into_iter();
        path.filter_map(|index| Some(self.nodes().get(index)?.key))
            .collect()
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

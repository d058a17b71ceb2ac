use alloc::vec::Vec;
use core::iter;

use super::{Role, StackFrame, SymbolizedStack};

/// Why a reader may leave frames folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// They lie between the allocator and the call site.
    Wrapper,
    /// They poll the async code inside of them.
    Executor,
    /// They started the user's own code: a thread or the program.
    Runtime,
}

/// Frames of a call stack that follow each other and are shown in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section<'a> {
    /// Why they may be folded; `None` where they should be seen.
    pub fold: Option<Fold>,
    /// The frames, innermost first; at least one.
    pub frames: &'a [StackFrame],
}

impl SymbolizedStack {
    /// Returns all frames, innermost first, in sections that are seen or folded.
    pub fn sections(&self) -> Vec<Section<'_>> {
        let folds = self.folds();
        let mut rest = self.frames();
        let runs = folds.chunk_by(|a, b| a == b);
        runs.map(|run| {
            let (frames, further) = rest.split_at(run.len());
            rest = further;
            Section {
                fold: run[0],
                frames,
            }
        })
        .collect()
    }

    /// Returns for each frame why it may be folded.
    fn folds(&self) -> Vec<Option<Fold>> {
        let Some(site) = self.call_site else {
            return Vec::new();
        };
        let (seen, outside) = self.frames.split_at(self.outermost(site) + 1);
        let mut folds = alloc::vec![Some(Fold::Wrapper); site];
        folds.push(None);
        // The standard library stands between an executor and the future that it polls.
        let carries = |frame: &StackFrame| matches!(frame.role, Role::Executor | Role::Std);
        for run in seen[site + 1..].chunk_by(|a, b| carries(a) == carries(b)) {
            let fold = polls(run).then_some(Fold::Executor);
            folds.extend(iter::repeat_n(fold, run.len()));
        }
        let fold = match polls(outside) {
            true => Fold::Executor,
            false => Fold::Runtime,
        };
        folds.resize(self.frames.len(), Some(fold));
        folds
    }

    /// Returns where the user's own code ends; without any, where code ends that is nobody's
    /// plumbing.
    fn outermost(&self, site: usize) -> usize {
        let last = |roles: &[Role]| {
            let is_one = |frame: &StackFrame| roles.contains(&frame.role);
            self.frames.iter().rposition(is_one)
        };
        last(&[Role::Own])
            .or_else(|| last(&[Role::Dependency, Role::Unknown]))
            .unwrap_or(site)
    }
}

fn polls(frames: &[StackFrame]) -> bool {
    frames.iter().any(|frame| frame.role == Role::Executor)
}

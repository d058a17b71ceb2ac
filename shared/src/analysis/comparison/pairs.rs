//! Which call sites of two lists are the same, of those whose keys are.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use super::{Holding, SiteKey};

/// Sites of both lists that are one and the same, or can't be told apart.
type Pair = (Vec<usize>, Vec<usize>);

/// A list of sites.
type Sites<'s> = [(SiteKey<'s>, Holding)];

/// Pairs sites of one key; what has no counterpart is new or gone.
pub(super) fn pair(
    before: &Sites<'_>,
    mut old: Vec<usize>,
    after: &Sites<'_>,
    mut new: Vec<usize>,
) -> Vec<Pair> {
    old.sort_by_key(|index| before[*index].0.line);
    new.sort_by_key(|index| after[*index].0.line);
    let mut pairs = Vec::new();
    let lines = matching(
        &old,
        |index| before[index].0.line,
        &new,
        |index| after[index].0.line,
    );
    // A single line that is the same may be so by chance, once lines have moved.
    if lines.len() == old.len().min(new.len()) {
        take(&mut pairs, lines, &mut old, &mut new);
    }
    let paths = matching(
        &old,
        |index| before[index].0.path,
        &new,
        |index| after[index].0.path,
    );
    take(&mut pairs, paths, &mut old, &mut new);
    if old.len() == new.len() {
        pairs.extend(old.into_iter().zip(new).map(|(a, b)| (vec![a], vec![b])));
    } else if old.is_empty() || new.is_empty() {
        pairs.extend(old.into_iter().map(|index| (vec![index], Vec::new())));
        pairs.extend(new.into_iter().map(|index| (Vec::new(), vec![index])));
    } else {
        pairs.push((old, new));
    }
    pairs
}

/// Returns the sites of which only one in each list has the same.
fn matching<K: Ord>(
    old: &[usize],
    of_old: impl Fn(usize) -> K,
    new: &[usize],
    of_new: impl Fn(usize) -> K,
) -> Vec<(usize, usize)> {
    let mut known: BTreeMap<K, Pair> = BTreeMap::new();
    for index in old {
        known.entry(of_old(*index)).or_default().0.push(*index);
    }
    for index in new {
        known.entry(of_new(*index)).or_default().1.push(*index);
    }
    let only = |pair: Pair| match (&pair.0[..], &pair.1[..]) {
        ([a], [b]) => Some((*a, *b)),
        _ => None,
    };
    known.into_values().filter_map(only).collect()
}

fn take(
    pairs: &mut Vec<Pair>,
    found: Vec<(usize, usize)>,
    old: &mut Vec<usize>,
    new: &mut Vec<usize>,
) {
    for (a, b) in found {
        old.retain(|index| *index != a);
        new.retain(|index| *index != b);
        pairs.push((vec![a], vec![b]));
    }
}

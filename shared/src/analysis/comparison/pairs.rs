//! Which call sites of two lists are the same, of those whose keys are.

use alloc::vec;
use alloc::vec::Vec;

use super::super::ranked::sort_keys;
use super::site::{Holding, SiteKey};

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
    in_order(before, &mut old);
    in_order(after, &mut new);
    let mut pairs = Vec::new();
    let lines = matching(&old, &new, before, after, |a, b| a.line == b.line);
    // A single line that is the same may be so by chance, once lines have moved.
    if lines.len() == old.len().min(new.len()) {
        take(&mut pairs, lines, &mut old, &mut new);
    }
    let paths = matching(&old, &new, before, after, |a, b| a.path == b.path);
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

/// Puts sites in the order of their lines.
fn in_order(sites: &Sites<'_>, indices: &mut [usize]) {
    let key = |index: &usize| [sites[*index].0.line.into(), *index as u64, 0];
    let mut keys: Vec<_> = indices.iter().map(key).collect();
    sort_keys(&mut keys);
    for (index, [_, sorted, _]) in indices.iter_mut().zip(keys) {
        *index = sorted as usize;
    }
}

/// Returns the sites that are alike, of which there is only one in each list.
fn matching(
    old: &[usize],
    new: &[usize],
    before: &Sites<'_>,
    after: &Sites<'_>,
    are_alike: fn(&SiteKey<'_>, &SiteKey<'_>) -> bool,
) -> Vec<(usize, usize)> {
    let alike = |a: &SiteKey<'_>, sites: &Sites<'_>, indices: &[usize]| {
        let mut alike = indices
            .iter()
            .filter(|index| are_alike(a, &sites[**index].0));
        alike.next().copied().filter(|_| alike.next().is_none())
    };
    let pairs = old.iter().filter_map(|index| {
        let site = &before[*index].0;
        let own = alike(site, before, old)?;
        Some((own, alike(site, after, new)?))
    });
    pairs.collect()
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

//! A flame graph of boxes alone: it is read without a script, and printed.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::text::{escaped, shortened};
use super::version::Site;
use crate::words::bytes;

/// Calls that are drawn at most, one below the other.
const DEPTH: usize = 24;
/// Of how many parts of all bytes one has a box of its own.
const PARTS: u64 = 200;

/// Draws who holds the live bytes: what calls stands above what it calls, as wide as what is held by way of it, libraries left out.
/// Nothing where no call stack is known.
pub(super) fn flame(sites: &[Site]) -> String {
    let sites: Vec<_> = sites.iter().collect();
    let boxes = boxes(&sites, 0, held(&sites));
    match boxes.is_empty() {
        true => boxes,
        false => format!("<h2>By way of whom</h2>\n{boxes}\n"),
    }
}

/// Draws a box for each function that is called there, with those that it calls.
fn boxes(sites: &[&Site], depth: usize, all: u64) -> String {
    let mut drawn = String::new();
    let mut left = sites.to_vec();
    let mut rest = held(sites);
    while let Some(name) = left.first().map(|site| frame(site, depth)) {
        let is_same = |site: &&Site| frame(site, depth) == name;
        let (same, others): (Vec<_>, Vec<_>) = left.into_iter().partition(is_same);
        left = others;
        let holds = held(&same);
        // What ends here, and what would be a hair, leaves its room empty.
        let Some(name) = name.filter(|_| holds.saturating_mul(PARTS) > all) else {
            continue;
        };
        rest = rest.saturating_sub(holds);
        let leaks = same.iter().all(|site| site.holding.leaks());
        let name = escaped(&shortened(name));
        drawn.push_str(&format!(
            "<li style=\"flex:{holds}\"><span{} title=\"{name}: {}\">{name}</span>{}",
            if leaks { " class=\"bad\"" } else { "" },
            bytes(holds),
            boxes(&same, depth + 1, all)
        ));
    }
    match drawn.is_empty() {
        true => drawn,
        false => format!("<ul>{drawn}<li style=\"flex:{rest}\"></ul>"),
    }
}

/// Returns the function at a depth of a call stack, from the outermost on.
fn frame(site: &Site, depth: usize) -> Option<&str> {
    let index = site.calls.len().checked_sub(depth + 1)?;
    let frame = site.calls.get(index).filter(|_| depth < DEPTH);
    frame.map(String::as_str)
}

fn held(sites: &[&Site]) -> u64 {
    let bytes = sites.iter().map(|site| site.holding.bytes);
    bytes.fold(0, u64::saturating_add)
}

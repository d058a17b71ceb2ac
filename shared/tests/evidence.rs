//! What one answer says of workloads, second by second.

mod workloads;

use heapbeacon_shared::analysis::{Passed, judge};
use heapbeacon_shared::trace::{Births, Kind, Leak, Scope, Verdict};
use workloads::{BLOCK, Noise, Site, Step, harmless, leaks, leaks_by_chance};

const SECOND: u64 = 1_000_000;
const BOOT: u64 = 1_000 * SECOND;

/// Returns what the answer of a device at a second says.
fn answer(site: &Site, second: u64, before: Kind) -> Verdict {
    let now_us = BOOT + second * SECOND + SECOND / 2;
    let us = |second: u64| BOOT + second * SECOND;
    let mut births = Births::new(BOOT, now_us);
    site.births().for_each(|second| births.add(us(second)));
    let leak = Leak {
        stack: 1,
        count: site.count(),
        bytes: site.count() * BLOCK,
        oldest_us: site.oldest().map_or(0, us),
        newest_us: site.newest().map_or(0, us),
        births,
        ..Leak::default()
    };
    let passed = Passed {
        allocations: site.allocations,
        frees: site.frees,
        longest_lifetime_us: site.longest * SECOND,
        ..Passed::default()
    };
    let scope = Scope {
        started_us: BOOT,
        time_us: now_us,
        ..Scope::default()
    };
    judge(&leak, &passed, &scope, before)
}

/// Watches a workload and returns what was said of it, with the second at which that began.
fn said(
    mut step: Step,
    seed: u64,
    seconds: u64,
    every: u64,
    memory: bool,
) -> Vec<(u64, Kind, bool)> {
    let mut noise = Noise::new(seed);
    let mut site = Site::default();
    let mut said: Vec<(u64, Kind, bool)> = Vec::new();
    let mut before = Kind::TooEarly;
    for second in 0..seconds {
        site.expire(second);
        step(&mut site, &mut noise, second);
        if second % every == 0 {
            let verdict = answer(&site, second, if memory { before } else { Kind::TooEarly });
            before = verdict.kind;
            let is_new = said
                .last()
                .is_none_or(|last| (last.1, last.2) != (verdict.kind, verdict.certain));
            if is_new {
                said.push((second, verdict.kind, verdict.certain));
            }
        }
    }
    said
}

#[test]
fn table() {
    for memory in [false, true] {
        println!("HARMLESS ------- {memory}");
        for (name, step) in harmless() {
            let said = said(step, 1, 7200, 1, memory);
            println!("HARMLESS {name}: {}", text(&said));
        }
        for (name, least, step) in leaks() {
            let said = said(step, 1, 7200, 1, memory);
            println!("LEAK {name} ({least}): {}", text(&said));
        }
        for (name, seconds, step) in leaks_by_chance() {
            let said = said(step, 1, seconds, 5, memory);
            println!("CHANCE {name}: {}", text(&said));
        }
    }
}

fn text(said: &[(u64, Kind, bool)]) -> String {
    let mut text = String::new();
    for (second, kind, certain) in said.iter().take(14) {
        text += &format!(
            "{second}:{}{} ",
            kind.name(),
            if *certain && *kind == Kind::Leaking {
                "!"
            } else {
                ""
            }
        );
    }
    if said.len() > 14 {
        text += &format!("... {} more", said.len() - 14);
    }
    text
}

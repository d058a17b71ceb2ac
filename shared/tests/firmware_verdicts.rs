//! Verdicts on call sites as firmware has them: by somebody who did not know the rules, with what an expert could say when. The table says
//! more than the limits that they have to keep (`-- --nocapture`).
#![allow(dead_code, reason = "of the workloads' machinery only a part is used")]

mod appliances;
mod field;
mod firmware;
mod parts;
mod products;
mod unseen;
mod watching;
mod workloads;

use firmware::{Truth, Workload};
use watching::totals::{Limits, Totals};
use watching::{PACES, story, story_alone, time, watch_all};

#[test]
fn verdicts_on_call_sites_of_firmware_are_right() {
    let limits = Limits {
        recall: [0.97, 0.96],
        // One of 70 is red all day, whose names come ever more slowly: after a day nobody is sure of it.
        wrong: [0.018, 0.003],
        flickers: [5, 130],
    };
    judge_all(firmware::all, &limits);
}

#[test]
fn verdicts_on_call_sites_that_were_written_before_are_right() {
    let limits = Limits {
        recall: [0.98, 0.98],
        wrong: [0.001, 0.001],
        flickers: [15, 45],
    };
    judge_all(unseen::all, &limits);
}

#[test]
fn verdicts_on_call_sites_that_were_written_later_are_right() {
    let limits = Limits {
        recall: [0.99, 0.99],
        wrong: [0.003, 0.005],
        flickers: [13, 30],
    };
    judge_all(unseen::later::all, &limits);
}

#[test]
fn verdicts_on_call_sites_in_the_field_are_right() {
    let limits = Limits {
        recall: [0.97, 0.96],
        wrong: [0.001, 0.001],
        flickers: [6, 110],
    };
    judge_all(field::all, &limits);
}

#[test]
fn verdicts_on_call_sites_of_appliances_are_right() {
    let limits = Limits {
        recall: [0.93, 0.93],
        // In the first six hours mostly leases, whose renewals nobody has seen end by then, and a pool that grows all morning.
        wrong: [0.0145, 0.016],
        flickers: [21, 74],
    };
    judge_all(appliances::all, &limits);
}

#[test]
fn verdicts_on_call_sites_of_products_are_right() {
    let limits = Limits {
        recall: [0.97, 0.97],
        wrong: [0.001, 0.001],
        // By history nearly all before anybody can know: what was long in use is given back, and more of it is kept.
        flickers: [18, 33],
    };
    judge_all(products::all, &limits);
}

/// Prints what is said of each workload, and holds all of them together to limits.
fn judge_all(all: fn() -> Vec<Workload>, limits: &Limits) {
    let say = |line: String| println!("{line}");
    let mut totals: [Totals; PACES.len() + 1] = Default::default();
    say(
        "name | first red, leak% red (alone) n of a kind that needs action, the same of clean% and unknowable%, suspected% of clean, flickers kind/standing/red/alone, at 1, 5, 60 s".to_owned()
    );
    for (workload, watchers) in all().iter().zip(watch_all(all)) {
        let mut line = format!("{:44}", workload.name);
        let mut fails = false;
        for (at, watcher) in watchers.iter().enumerate() {
            totals[at].add(watcher, workload);
            totals[PACES.len()].add(watcher, workload);
            let percent = |truth: Truth| {
                let cell = |which| match watcher.share(truth, which) {
                    Some(share) => format!("{:.1}", share * 100.0),
                    None => "-".to_owned(),
                };
                format!("{}({})n{}", cell(1), cell(2), cell(3))
            };
            let flickers = watcher.flickers(workload);
            let clean = watcher.counts[0][0].max(1);
            line += &format!(
                " | {:>8} L {:12} C {:10} U {:12} s {:.0}% f {}/{}/{}/{}",
                watcher.first_red.map_or("-".to_owned(), time),
                percent(Truth::Leak),
                percent(Truth::Clean),
                percent(Truth::Unknown),
                watcher.suspected_clean as f64 * 100.0 / clean as f64,
                flickers[0],
                flickers[1],
                flickers[2],
                flickers[3],
            );
            fails |= watcher.fails(workload, flickers);
        }
        say(format!("{}{line}", if fails { "FAIL " } else { "ok   " }));
        if fails {
            for watcher in &watchers {
                say(format!("       {:>2} s: {}", watcher.every, story(watcher)));
            }
            say(format!("       alone (5 s): {}", story_alone(&watchers[1])));
        }
    }
    for (at, totals) in totals.iter().enumerate() {
        let name = PACES
            .get(at)
            .map_or("all".to_owned(), |(every, _)| format!("{every} s"));
        say(totals.line(&name));
        say(totals.moments());
    }
    for (at, totals) in totals.iter().enumerate() {
        totals.assert_limits(&at.to_string(), limits);
    }
}

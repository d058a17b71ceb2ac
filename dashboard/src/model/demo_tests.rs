//! What the page says of a program like the demo workload, answer by answer.

use heapbeacon_shared::analysis::{Standing, Watched};
use heapbeacon_shared::api::{Leak, LeaksPage, Stack, Trace};
use heapbeacon_shared::trace::{Address, Period, State, Summary};

use super::finding::{Tone, View, live};
use super::heap_history::Outlook;
use super::sites::{Grouping, Site, group, judge};
use crate::store::clock::Clock;
use crate::symbols::names::Names;
use workloads::{BLOCK, Noise, Site as Blocks, Step, harmless, leaks};

#[path = "../../../shared/tests/workloads/mod.rs"]
#[expect(
    dead_code,
    reason = "some are watched in the tests of the library only"
)]
mod workloads;

const SECOND: u64 = 1_000_000;
const LEAK: u32 = 0;

/// Call sites of a program, each with one call stack, and the page that watches them.
struct Program {
    steps: Vec<Step>,
    blocks: Vec<Blocks>,
    noise: Noise,
    second: u64,
    watched: Watched<String>,
    before: Option<Trace>,
    /// How many seconds the device's clock is behind.
    behind: u64,
    /// What was said, with the second at which that began.
    said: Vec<(u64, Tone, String)>,
}

impl Program {
    fn new(steps: Vec<Step>, seed: u64) -> Self {
        Self {
            blocks: steps.iter().map(|_| Blocks::default()).collect(),
            steps,
            noise: Noise::new(seed),
            second: 0,
            watched: Watched::default(),
            before: None,
            behind: 0,
            said: Vec::new(),
        }
    }

    fn leak_list(&self) -> LeaksPage {
        let us = |second: Option<u64>| second.map_or(0, |second| second * SECOND);
        let leak = |(id, blocks): (usize, &Blocks)| {
            let mut stack = Stack {
                id: id as u32,
                allocations: blocks.allocations,
                frees: blocks.frees,
                peak_live_bytes: blocks.peak * BLOCK,
                ..Stack::default()
            };
            let frame = Address(0x100 * (id as u64 + 1));
            stack.frames.push(frame).expect("room");
            Leak {
                stack,
                count: blocks.count(),
                bytes: blocks.count() * BLOCK,
                oldest_us: us(blocks.oldest()),
                newest_us: us(blocks.newest()),
                ..Leak::default()
            }
        };
        let mut leaks: Vec<_> = self.blocks.iter().enumerate().map(leak).collect();
        leaks.retain(|leak| leak.count > 0);
        LeaksPage {
            trace_id: 1,
            period: Period {
                time_us: self.second.saturating_sub(self.behind) * SECOND + SECOND / 2,
                ..Period::default()
            },
            total: leaks.len() as u32,
            leaks,
        }
    }

    /// Runs for a second.
    fn run(&mut self) {
        self.second += 1;
        for (step, blocks) in self.steps.iter_mut().zip(&mut self.blocks) {
            blocks.expire(self.second);
            step(blocks, &mut self.noise, self.second);
        }
    }

    /// Asks in `state`, as the page does, and returns its sites.
    fn ask(&mut self, state: State) -> Vec<Site> {
        let page = self.leak_list();
        let trace = Trace {
            summary: Summary {
                state,
                time_us: page.period.time_us,
                live_count: page.leaks.iter().map(|leak| leak.count).sum(),
                ..Summary::default()
            },
            trace_id: 1,
            ..Trace::default()
        };
        if let Some(before) = &self.before {
            self.watched.follow(&before.summary, &trace.summary);
        }
        self.watched
            .take(page.snapshot(&trace.summary), &trace.summary);
        let snapshots = self.watched.snapshots();
        let mut sites = group(&page, snapshots, &mut Names::default(), Grouping::CallSite);
        judge(&mut sites, &mut self.watched);
        self.note(&sites, &page, &trace);
        self.before = Some(trace);
        sites
    }

    fn note(&mut self, sites: &[Site], page: &LeaksPage, trace: &Trace) {
        let view = View {
            trace,
            watched_us: Some(page.period.time_us),
            listed: page.total.into(),
            total: page.total.into(),
            outlook: Outlook::default(),
            regions: &[],
            span_us: self.watched.span_us(),
            piles_up: self.watched.piles_up(),
        };
        let sites: Vec<_> = sites.iter().collect();
        let found = live::describe(&sites, &view);
        if self
            .said
            .last()
            .is_none_or(|(.., last)| *last != found.headline)
        {
            self.said.push((self.second, found.tone, found.headline));
        }
    }

    fn headlines(&self) -> Vec<&str> {
        self.said
            .iter()
            .map(|(.., headline)| headline.as_str())
            .collect()
    }
}

/// A leak from one second to another, a ring that fills within half a minute, a cache, messages and timers.
fn demo(from: u64, to: u64) -> Vec<Step> {
    let names = [
        "ring of 256 at 8/s",
        "cache that evicts at random",
        "timers",
        "configuration",
        "flush every 10 s",
    ];
    let mut steps: Vec<Step> = vec![Box::new(
        move |blocks: &mut Blocks, _: &mut Noise, second| {
            let leaks = (from..to).contains(&second);
            blocks.allocate(second, if leaks { 5 } else { 0 });
        },
    )];
    let all = harmless().into_iter();
    steps.extend(
        all.filter(|(name, _)| names.contains(name))
            .map(|(_, step)| step),
    );
    steps
}

fn key_of_leak() -> String {
    let mut program = Program::new(demo(0, 9), 1);
    program.run();
    program.ask(State::Recording);
    let page = program.leak_list();
    let sites = group(&page, &[], &mut Names::default(), Grouping::CallSite);
    let leak = sites.into_iter().find(|site| site.stacks[0].id == LEAK);
    leak.expect("it is listed").key
}

#[test]
fn from_a_fresh_start_only_the_leak_turns_red_and_once_it_is_off_that_changes_once() {
    let leak = key_of_leak();
    for seed in 1..=3 {
        let mut program = Program::new(demo(0, 120), seed);
        for second in 0..300 {
            program.run();
            let sites = program.ask(State::Recording);
            for site in sites
                .iter()
                .filter(|site| site.judgement.standing() == Standing::Leaking)
            {
                assert_eq!(site.key, leak, "after {second} s");
            }
        }
        assert_eq!(
            program.headlines(),
            [
                "Too early to say.",
                "One call site is leaking.",
                "Nothing is leaking any more."
            ],
            "{:?}",
            program.said
        );
        assert!(
            program.said[1].0 <= 75 && program.said[2].0 <= 145,
            "{:?}",
            program.said
        );
    }
}

#[test]
fn a_leak_beside_what_does_not_leak_is_found_in_its_time() {
    let quick = leaks().into_iter().filter(|(_, within, _)| *within <= 400);
    for (name, within, step) in quick {
        let mut steps = demo(0, 0);
        steps.push(step);
        let mut program = Program::new(steps, 5);
        for _ in 0..within {
            program.run();
            program.ask(State::Recording);
        }
        let last = program.headlines().pop();
        assert_eq!(
            last,
            Some("One call site is leaking."),
            "{name}: {:?}",
            program.said
        );
    }
}

#[test]
fn a_program_without_a_leak_is_never_red_and_little_is_said() {
    for seed in 1..=3 {
        let mut program = Program::new(demo(0, 0), seed);
        for _ in 0..400 {
            program.run();
            // Now and then an answer is missed.
            if !program.noise.once_in(5) {
                program.ask(State::Recording);
            }
        }
        assert!(program.said.iter().all(|(_, tone, _)| *tone != Tone::Bad));
        assert!(program.said.len() <= 4, "{:?}", program.said);
    }
}

#[test]
fn nothing_changes_while_the_trace_pauses_and_a_leak_is_a_leak_on_after_that() {
    let mut program = Program::new(demo(0, 900), 1);
    for second in 0..400 {
        program.run();
        let is_paused = (150..250).contains(&second);
        program.ask(if is_paused {
            State::Paused
        } else {
            State::Recording
        });
    }
    assert_eq!(
        program.headlines(),
        ["Too early to say.", "One call site is leaking."],
        "{:?}",
        program.said
    );
}

#[test]
fn a_clock_that_steps_back_changes_nothing_that_is_said() {
    let mut program = Program::new(demo(0, 900), 1);
    let mut clock = Clock::default();
    for second in 0..400 {
        program.run();
        program.behind = if second >= 150 { 54 } else { 0 };
        // The poll goes by the latest time that it knows.
        let told_us = program.leak_list().period.time_us;
        let latest_us = clock.later(told_us);
        program.behind -= ((latest_us - told_us) / SECOND).min(program.behind);
        program.ask(State::Recording);
    }
    assert_eq!(
        program.headlines(),
        ["Too early to say.", "One call site is leaking."],
        "{:?}",
        program.said
    );
}

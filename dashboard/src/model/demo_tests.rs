//! What the page says of a program like the demo workload, answer by answer.

use heapbeacon_shared::analysis::{Standing, Watched};
use heapbeacon_shared::api::{Leak, LeaksPage, Stack, Trace};
use heapbeacon_shared::trace::{Address, Births, Period, State, Summary, Unrecorded};

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
/// Id of the first call stack; 0 is the entry that several share.
const LEAK: u32 = 1;

/// Call sites of a program, each with one call stack, and the page that watches them.
struct Program {
    steps: Vec<Step>,
    blocks: Vec<Blocks>,
    noise: Noise,
    second: u64,
    watched: Watched,
    before: Option<Trace>,
    /// How many seconds the device's clock is behind.
    behind: u64,
    pauses: Vec<Unrecorded>,
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
            pauses: Vec::new(),
            said: Vec::new(),
        }
    }

    fn now_us(&self) -> u64 {
        self.second.saturating_sub(self.behind) * SECOND + SECOND / 2
    }

    fn leak_list(&self) -> LeaksPage {
        let leaks = self.blocks.iter().enumerate();
        let leaks = leaks.map(|(index, blocks)| leak(LEAK + index as u32, blocks, self.now_us()));
        let leaks: Vec<_> = leaks.filter(|leak| leak.count > 0).collect();
        LeaksPage {
            trace_id: 1,
            period: Period {
                time_us: self.now_us(),
                unrecorded: self.pauses.iter().copied().collect(),
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
        self.note_pause(state);
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
            .weigh(1, &page.period, &page.evidence(), page.is_complete());
        self.watched
            .take(page.snapshot(&trace.summary), &trace.summary);
        let snapshots = self.watched.snapshots();
        let mut sites = group(&page, snapshots, &mut Names::default(), Grouping::CallSite);
        judge(&mut sites, &self.watched);
        self.note(&sites, &page, &trace);
        self.before = Some(trace);
        sites
    }

    fn note_pause(&mut self, state: State) {
        let now_us = self.now_us();
        let open = self
            .pauses
            .last_mut()
            .filter(|pause| pause.until_us.is_none());
        match (state, open) {
            (State::Recording, Some(pause)) => pause.until_us = Some(now_us),
            (State::Paused, None) => self.pauses.push(Unrecorded {
                from_us: now_us,
                until_us: None,
            }),
            _ => {}
        }
    }

    fn note(&mut self, sites: &[Site], page: &LeaksPage, trace: &Trace) {
        let view = View {
            trace,
            watched_us: Some(page.period.time_us),
            listed: page.total.into(),
            total: page.total.into(),
            outlook: Outlook::default(),
            regions: &[],
            known_us: page.period.known_us(),
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

    /// Returns what was said in the end, and since when.
    fn last(&self) -> (u64, &str) {
        let (second, _, headline) = self.said.last().expect("something is said");
        (*second, headline)
    }

    /// Returns what was said in green or red.
    fn conclusions(&self) -> Vec<&str> {
        let said = self.said.iter();
        let concluded = said.filter(|(_, tone, _)| *tone != Tone::Neutral);
        concluded.map(|(.., headline)| headline.as_str()).collect()
    }
}

/// What an answer says of a call stack.
fn leak(id: u32, blocks: &Blocks, now_us: u64) -> Leak {
    let us = |second: u64| second * SECOND;
    let mut stack = Stack {
        id,
        allocations: blocks.allocations,
        frees: blocks.frees,
        longest_lifetime_us: us(blocks.longest),
        ..Stack::default()
    };
    let frame = Address(0x100 * (u64::from(id) + 1));
    stack.frames.push(frame).expect("room");
    let mut leak = Leak {
        stack,
        oldest_us: u64::MAX,
        births: Births::new(blocks.births().next().map_or(now_us, us), now_us),
        ..Leak::default()
    };
    for second in blocks.births() {
        leak.add(us(second), BLOCK);
        leak.weigh(us(second), BLOCK, now_us);
    }
    leak
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
            program.conclusions(),
            ["One call site is leaking.", "Nothing is leaking any more."],
            "{:?}",
            program.said
        );
        let red = program.said.iter().find(|(_, tone, _)| *tone == Tone::Bad);
        assert!(red.is_some_and(|(second, ..)| *second <= 75), "{red:?}");
        assert!(program.last().0 <= 160, "{:?}", program.said);
    }
}

#[test]
fn the_leak_is_among_what_may_be_leaking_within_25_seconds_and_nothing_is_red_then() {
    let leak = key_of_leak();
    let mut program = Program::new(demo(0, 120), 1);
    for _ in 0..25 {
        program.run();
        program.ask(State::Recording);
    }
    let sites = program.ask(State::Recording);
    let of_leak = sites.iter().find(|site| site.key == leak).expect("listed");
    assert_eq!(of_leak.judgement.standing(), Standing::Suspected);
    assert_eq!(program.conclusions(), [""; 0]);
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
        assert_eq!(
            program.last().1,
            "One call site is leaking.",
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
        assert!(program.said.len() <= 6, "{:?}", program.said);
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
    assert_eq!(program.conclusions(), ["One call site is leaking."]);
    assert!(program.last().0 < 150, "{:?}", program.said);
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
    assert_eq!(program.conclusions(), ["One call site is leaking."]);
    assert!(program.last().0 < 150, "{:?}", program.said);
}

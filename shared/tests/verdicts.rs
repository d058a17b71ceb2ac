//! How often verdicts are right, of all workloads, at several paces, as a table.

mod workloads;

use std::io::{Write, stdout};

use heapbeacon_shared::analysis::Followed;
use workloads::answer::{Answer, is_red};
use workloads::{Noise, Site, Step, harmless, leaks, leaks_by_chance};

/// How far apart the answers are, and for how long a workload is followed, in seconds.
const PACES: [(u64, u64); 3] = [(1, 3_600), (5, 4 * 3_600), (60, 24 * 3_600)];
/// A workload is followed until it has allocated so many blocks, or holds so many: a busy one has said all by then.
const ENOUGH: u64 = 10_000_000;
const ENOUGH_LIVE: u64 = 20_000;
/// A verdict that is taken back sooner flickers, in seconds.
const FLICKER: u64 = 300;

/// A workload, and the second from which an expert knows that it leaks, if it does.
struct Workload {
    name: &'static str,
    leaks_from: Option<u64>,
    step: Step,
}

/// What is said at one pace.
#[derive(Default)]
struct Watcher {
    every: u64,
    seconds: u64,
    followed: Followed,
    /// Seconds at which it became red, or no longer was.
    changes: Vec<u64>,
    /// Answers at whose time an expert knows what the workload is.
    decided: u64,
    /// Of these, those by which it was red, by the answers until then.
    red: u64,
    /// The same, by each answer alone.
    red_alone: u64,
    /// Times that red was taken back soon.
    flickers: u64,
}

impl Watcher {
    fn is_due(&self, second: u64) -> bool {
        second < self.seconds && second.is_multiple_of(self.every)
    }

    fn take(&mut self, answer: &Answer, second: u64, is_decided: bool) {
        let listed = [(&answer.leak, answer.passed)];
        let judged = self.followed.judge(1, &answer.period, listed, true);
        let red = is_red(&judged[0].verdict);
        let was_red = self.changes.len() % 2 == 1;
        if red != was_red {
            let is_soon = |last: &u64| was_red && second - last < FLICKER;
            self.flickers += u64::from(self.changes.last().is_some_and(is_soon));
            self.changes.push(second);
        }
        self.decided += u64::from(is_decided);
        self.red += u64::from(is_decided && red);
        self.red_alone += u64::from(is_decided && is_red(&answer.judge()));
    }

    /// Returns the share of answers that were red, with all before them and alone.
    fn shares(&self) -> Option<[f64; 2]> {
        let share = |red: u64| red as f64 / self.decided as f64;
        (self.decided > 0).then(|| [share(self.red), share(self.red_alone)])
    }

    fn cell(&self) -> String {
        let first = self.changes.first().map(u64::to_string);
        let first = first.unwrap_or("-".to_owned());
        let [followed, alone] = match self.shares() {
            Some(shares) => shares.map(|share| format!("{:.1}", share * 100.0)),
            None => ["-".to_owned(), "-".to_owned()],
        };
        format!(" |{first:>6} {followed:>5} {alone:>5}")
    }
}

/// Runs a workload and watches it at all paces.
fn watch(workload: &mut Workload) -> [Watcher; PACES.len()] {
    let (mut noise, mut site) = (Noise::new(7), Site::default());
    let mut watchers = PACES.map(|(every, seconds)| Watcher {
        every,
        seconds,
        ..Watcher::default()
    });
    for second in 0..PACES[PACES.len() - 1].1 {
        if site.allocations > ENOUGH || site.count() > ENOUGH_LIVE {
            break;
        }
        site.expire(second);
        (workload.step)(&mut site, &mut noise, second);
        let is_decided = workload.leaks_from.is_none_or(|from| second >= from);
        if watchers.iter().any(|watcher| watcher.is_due(second)) {
            let answer = Answer::of(&site, second);
            let due = watchers.iter_mut().filter(|watcher| watcher.is_due(second));
            due.for_each(|watcher| watcher.take(&answer, second, is_decided));
        }
    }
    watchers
}

fn workloads() -> Vec<Workload> {
    // A walk whose lowest blocks stay is a leak for as long as they do: nobody can say what it is.
    let harmless = harmless().into_iter();
    let harmless = harmless
        .filter(|(name, _)| *name != "random walk of a stack")
        .map(|(name, step)| (name, None, step));
    let leaks = leaks().into_iter();
    let leaks = leaks.map(|(name, seconds, step)| (name, Some(seconds), step));
    // By half of the time, chance has had its say. What stops for minutes does not flicker when it is told to have stopped.
    let by_chance = leaks_by_chance().into_iter();
    let by_chance = by_chance
        .filter(|(name, ..)| *name != "for 5 min of 8")
        .map(|(name, seconds, step)| (name, Some(seconds / 2), step));
    let all = harmless.chain(leaks).chain(by_chance);
    all.map(|(name, leaks_from, step)| Workload {
        name,
        leaks_from,
        step,
    })
    .collect()
}

/// Returns the mean shares of workloads: each counts the same, however often it was looked at.
fn mean(shares: &[[f64; 2]]) -> [f64; 2] {
    [0, 1].map(|which| shares.iter().map(|shares| shares[which]).sum::<f64>() / shares.len() as f64)
}

#[test]
fn verdicts_are_right_at_every_pace() {
    // Written past the tests' own capture, for whoever reads the log of a good run.
    let mut out = stdout();
    let mut say = |line: String| writeln!(out, "{line}").expect("it is printed");
    let paces = PACES.map(|(every, _)| format!(" | every {every:>2} s       "));
    say(format!(
        "\nSeconds until red; percent of answers that are red, with those before and alone.\n{:40}{}",
        "",
        paces.concat()
    ));
    let (mut leaking, mut harmless) = (Vec::new(), Vec::new());
    let mut flickers = Vec::new();
    for mut workload in workloads() {
        let watchers = watch(&mut workload);
        let label = if workload.leaks_from.is_some() {
            "leaks"
        } else {
            ""
        };
        let cells: String = watchers.iter().map(Watcher::cell).collect();
        say(format!("{:34} {label:5}{cells}", workload.name));
        let shares = watchers.iter().filter_map(Watcher::shares);
        match workload.leaks_from {
            Some(_) => leaking.extend(shares),
            None => harmless.extend(shares),
        }
        if watchers.iter().any(|watcher| watcher.flickers > 0) {
            flickers.push(workload.name);
        }
    }
    let [recall, recall_alone] = mean(&leaking);
    let [false_share, false_alone] = mean(&harmless);
    let precision = recall / (recall + false_share);
    say(format!(
        "recall {recall:.4}, from one answer {recall_alone:.4}; precision {precision:.4}; false share {false_share:.4}, {false_alone:.4}"
    ));
    assert!(recall >= 0.97 && recall_alone >= 0.95);
    assert!(precision >= 0.99 && false_share <= 0.003 && false_alone <= 0.003);
    assert_eq!(flickers, Vec::<&str>::new());
}

/// Returns the seconds in which it is red that 2 blocks a second are kept for so long, after four hours in which nothing was left.
fn red_after_hours(lasts: u64) -> Vec<u64> {
    const BEGIN: u64 = 4 * 3_600;
    let mut site = Site::default();
    let mut followed = Followed::default();
    let mut red = Vec::new();
    for second in 0..BEGIN + 900 {
        site.expire(second);
        site.allocate_for(second, u64::from(second.is_multiple_of(5)), 1);
        let kept = (BEGIN..BEGIN + lasts).contains(&second);
        site.allocate_for(second, if kept { 2 } else { 0 }, 1_200);
        if second.is_multiple_of(5) {
            let answer = Answer::of(&site, second);
            let listed = [(&answer.leak, answer.passed)];
            let told = followed.judge(1, &answer.period, listed, true)[0];
            if is_red(&told.verdict) || is_red(&answer.judge()) {
                red.push(second - BEGIN);
            }
        }
    }
    red
}

#[test]
fn a_batch_after_hours_of_traffic_is_no_leak_and_what_goes_on_for_longer_is_one() {
    assert_eq!(red_after_hours(240), []);
    let red = red_after_hours(900);
    assert!(matches!(red[..], [600..640, ..]), "{red:?}");
}

//! Watches call sites at several paces, and counts what is said of them.

use heapbeacon_shared::analysis::{Followed, Told};
use heapbeacon_shared::trace::{Kind, Verdict};

use super::firmware::site::Site;
use super::firmware::{Truth, Workload};
use super::workloads::Noise;
use super::workloads::answer::is_red;

pub(crate) mod totals;

/// How far apart the answers are, and for how long a workload is followed, in seconds.
pub(crate) const PACES: [(u64, u64); 3] = [(1, 6 * 3_600), (5, 24 * 3_600), (60, 24 * 3_600)];
/// What comes by chance is the same each time.
pub(crate) const SEED: u64 = 7;
/// A verdict that changes again sooner flickers, in seconds.
pub(crate) const FLICKER: u64 = 300;

/// What there is to say of what holds nothing.
pub(crate) const NOTHING: Told = Told {
    verdict: Verdict {
        kind: Kind::InFlight,
        certain: true,
        bytes_per_minute: 0,
        since_us: 0,
    },
    leaked_until_us: None,
};

/// What is said, and when that began.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Said {
    pub(crate) kind: Kind,
    pub(crate) certain: bool,
    pub(crate) standing: char,
}

pub(crate) fn said(told: &Told) -> Said {
    let verdict = &told.verdict;
    let standing = match () {
        () if is_red(verdict) => 'L',
        () if verdict.kind.needs_action() || verdict.may_be_leak() => 's',
        () if told.leaked_until_us.is_some() => 'x',
        () => '-',
    };
    Said {
        kind: verdict.kind,
        certain: verdict.certain,
        standing,
    }
}

#[derive(Default)]
pub(crate) struct Watcher {
    pub(crate) every: u64,
    pub(crate) seconds: u64,
    pub(crate) followed: Followed,
    /// By truth: answers, red ones, red ones alone, those of a kind that needs action.
    pub(crate) counts: [[u64; 4]; 3],
    /// Red queue verdicts among the red ones of leak-free time.
    pub(crate) suspected_clean: u64,
    pub(crate) changes: Vec<(u64, Said)>,
    pub(crate) alone: Vec<(u64, bool)>,
    pub(crate) first_red: Option<u64>,
}

impl Watcher {
    pub(crate) fn take(&mut self, workload: &Workload, sites: &[Site], second: u64) {
        let pauses = &workload.view.pauses;
        let answers: Vec<_> = sites
            .iter()
            .enumerate()
            .map(|(at, site)| site.answer(at as u32 + 1, second, pauses))
            .collect();
        let trace = sites[0].trace;
        let listed = answers
            .iter()
            .filter(|answer| answer.leak.count > 0)
            .map(|answer| (&answer.leak, answer.passed));
        let told = self.followed.judge(trace, &answers[0].period, listed, true);
        // What holds nothing is not listed: nothing is said of it.
        let is_listed = !told.is_empty();
        let rank = |told: &&Told| (told.verdict.kind as u8, !told.verdict.certain);
        let worst = told.iter().min_by_key(rank).copied().unwrap_or(NOTHING);
        let now = said(&worst);
        let red = now.standing == 'L';
        let red_alone = answers
            .iter()
            .any(|answer| answer.leak.count > 0 && is_red(&answer.judge()));
        let is_news = self.changes.last().is_none_or(|(_, last)| *last != now);
        let was_red = self
            .changes
            .last()
            .is_some_and(|(_, last)| last.standing == 'L');
        if is_news && (is_listed || was_red) {
            self.changes.push((second, now));
        }
        if self.alone.last().is_none_or(|(_, last)| *last != red_alone) {
            self.alone.push((second, red_alone));
        }
        if red {
            self.first_red.get_or_insert(second);
        }
        let truth = workload.truth_at(second);
        let count = &mut self.counts[truth as usize];
        count[0] += 1;
        count[1] += u64::from(red);
        count[2] += u64::from(red_alone);
        count[3] += u64::from(worst.verdict.kind.needs_action());
        self.suspected_clean += u64::from(truth == Truth::Clean && now.standing == 's');
    }

    pub(crate) fn share(&self, truth: Truth, which: usize) -> Option<f64> {
        let counts = self.counts[truth as usize];
        (counts[0] > 0).then(|| counts[which] as f64 / counts[0] as f64)
    }

    /// Returns whether it is worth a look what was said.
    pub(crate) fn fails(&self, workload: &Workload, flickers: [usize; 4]) -> bool {
        let below = |which, least| {
            let share = self.share(Truth::Leak, which);
            share.is_some_and(|share| share < least)
        };
        let above = |which| {
            let share = self.share(Truth::Clean, which);
            share.is_some_and(|share| share > 0.003)
        };
        below(1, 0.97)
            || (!workload.needs_history && below(2, 0.95))
            || above(1)
            || above(2)
            || flickers.iter().any(|flickers| *flickers > 0)
    }

    /// Counts changes soon after another one, without a change of behaviour: of anything said, of the standing, and of red.
    pub(crate) fn flickers(&self, workload: &Workload) -> [usize; 4] {
        let behaves = |second: u64| {
            let borders = workload.truth.iter().map(|(from, _)| *from);
            let pauses = workload.view.pauses.iter();
            let pauses = pauses.flat_map(|(from, to)| [*from, *to]);
            let starts = workload
                .view
                .restart
                .into_iter()
                .chain([workload.view.from]);
            !borders
                .chain(pauses)
                .chain(starts)
                .any(|from| (from..from + FLICKER).contains(&second))
        };
        let soon = |of: &dyn Fn(&Said) -> u64| {
            let mut changes: Vec<(u64, u64)> = Vec::new();
            for (second, said) in &self.changes {
                if changes.last().is_none_or(|(_, last)| *last != of(said)) {
                    changes.push((*second, of(said)));
                }
            }
            let soon = changes.windows(3).filter(|three| {
                three[2].0 - three[1].0 < FLICKER && behaves(three[1].0) && behaves(three[2].0)
            });
            soon.count()
        };
        let alone = self.alone.windows(3).filter(|three| {
            three[2].0 - three[1].0 < FLICKER && behaves(three[1].0) && behaves(three[2].0)
        });
        [
            soon(&|said| said.kind as u64),
            soon(&|said| said.standing as u64),
            soon(&|said| u64::from(said.standing == 'L')),
            alone.count(),
        ]
    }
}

pub(crate) fn watch(workload: &mut Workload, seed: u64) -> [Watcher; PACES.len()] {
    let mut noise = Noise::new(seed);
    let mut sites = vec![Site::default(); workload.sites];
    let mut watchers = PACES.map(|(every, seconds)| Watcher {
        every,
        seconds,
        ..Watcher::default()
    });
    let (from, restart) = (workload.view.from, workload.view.restart);
    for second in 0..workload.seconds {
        for site in &mut sites {
            site.recording = !workload.view.is_paused(second);
            site.expire(second * 1_000);
            if restart == Some(second) {
                site.restart(second);
            }
        }
        (workload.step)(&mut sites, &mut noise, second);
        for site in &mut sites {
            site.expire((second + 1) * 1_000);
            site.evict(workload.view.room);
        }
        if second < from || !(workload.view.answers)(second) {
            continue;
        }
        for watcher in &mut watchers {
            let is_first = second == from;
            let until = watcher.seconds.max(from + watcher.seconds.min(3 * 3_600));
            if second < until && (second.is_multiple_of(watcher.every) || is_first) {
                watcher.take(workload, &sites, second);
            }
        }
    }
    watchers
}

/// Watches all workloads, each thread some of them.
pub(crate) fn watch_all(all: fn() -> Vec<Workload>) -> Vec<[Watcher; PACES.len()]> {
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
    let share = |first: usize| {
        let mine = all().into_iter().skip(first).step_by(threads);
        mine.map(|mut workload| watch(&mut workload, SEED))
            .collect()
    };
    let shares: Vec<Vec<_>> = std::thread::scope(|scope| {
        let shares: Vec<_> = (0..threads)
            .map(|first| scope.spawn(move || share(first)))
            .collect();
        let shares = shares.into_iter();
        shares
            .map(|share| share.join().expect("it does not panic"))
            .collect()
    });
    let mut shares: Vec<_> = shares.into_iter().map(Vec::into_iter).collect();
    let in_turn = (0..).map_while(|index: usize| shares[index % threads].next());
    in_turn.collect()
}

pub(crate) fn time(second: u64) -> String {
    format!(
        "{}:{:02}:{:02}",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

pub(crate) fn story(watcher: &Watcher) -> String {
    const MOST: usize = 24;
    let shown: Vec<_> = watcher
        .changes
        .iter()
        .take(MOST)
        .map(|(second, said)| {
            let certain = if said.certain { "!" } else { "?" };
            format!(
                "{} {}{certain}{}",
                time(*second),
                said.kind.name(),
                said.standing
            )
        })
        .collect();
    let more = watcher.changes.len().saturating_sub(MOST);
    format!("{} (+{more})", shown.join(", "))
}

pub(crate) fn story_alone(watcher: &Watcher) -> String {
    let shown: Vec<_> = watcher
        .alone
        .iter()
        .take(24)
        .map(|(second, red)| format!("{} {}", time(*second), if *red { "RED" } else { "not" }))
        .collect();
    let more = watcher.alone.len().saturating_sub(24);
    format!("{} (+{more})", shown.join(", "))
}

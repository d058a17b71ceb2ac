//! Call sites of programs that everybody has written, and what is right to say of them.

use std::collections::{BTreeMap, BTreeSet};

pub(crate) mod answer;

/// Bytes of a block.
pub(crate) const BLOCK: u64 = 64;

/// A small generator: tests must see the same noise every time.
#[derive(Clone, Debug)]
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        let mut noise = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995);
        noise.below(2);
        noise
    }

    /// Returns a number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound.max(1)
    }

    /// Returns a whole number that is `mean` on average.
    pub(crate) fn about(&mut self, mean: f64) -> u64 {
        let whole = mean.floor();
        let more = self.below(1_000_000) < ((mean - whole) * 1e6) as u64;
        whole as u64 + u64::from(more)
    }

    /// Returns true once in so many times.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// Live blocks of one call site, with its counters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Site {
    /// When each was allocated, in seconds, by the order of allocation.
    live: BTreeMap<u64, u64>,
    /// Frees that are to come: second and block.
    due: BTreeSet<(u64, u64)>,
    pub(crate) allocations: u64,
    pub(crate) frees: u64,
    /// Longest lifetime of a freed block, in seconds.
    pub(crate) longest: u64,
    now: u64,
}

const NEVER: u64 = u64::MAX;

impl Site {
    /// Returns when each live block was allocated, in the order of their age.
    pub(crate) fn births(&self) -> impl Iterator<Item = u64> {
        self.live.values().copied()
    }

    pub(crate) fn count(&self) -> u64 {
        self.live.len() as u64
    }

    pub(crate) fn oldest(&self) -> Option<u64> {
        self.live.values().next().copied()
    }

    pub(crate) fn newest(&self) -> Option<u64> {
        self.live.values().next_back().copied()
    }

    /// Allocates blocks that live for so many seconds.
    pub(crate) fn allocate_for(&mut self, second: u64, blocks: u64, lifetime: u64) {
        for _ in 0..blocks {
            let id = self.allocations;
            self.allocations += 1;
            let death = second.saturating_add(lifetime);
            self.live.insert(id, second);
            if death != NEVER {
                self.due.insert((death, id));
            }
        }
    }

    pub(crate) fn allocate(&mut self, second: u64, blocks: u64) {
        self.allocate_for(second, blocks, NEVER);
    }

    /// Frees what is due.
    pub(crate) fn expire(&mut self, second: u64) {
        self.now = second;
        let is_due = |(death, _): &(u64, u64)| *death <= second;
        while let Some((_, id)) = self.due.first().copied().filter(is_due) {
            self.due.pop_first();
            self.free(id);
        }
    }

    fn free(&mut self, id: u64) {
        if let Some(born) = self.live.remove(&id) {
            self.frees += 1;
            self.longest = self.longest.max(self.now - born);
        }
    }

    pub(crate) fn free_oldest(&mut self, blocks: u64) {
        for _ in 0..blocks {
            let Some(id) = self.live.keys().next().copied() else {
                return;
            };
            self.free(id);
        }
    }

    pub(crate) fn free_newest(&mut self, blocks: u64) {
        for _ in 0..blocks {
            let Some(id) = self.live.keys().next_back().copied() else {
                return;
            };
            self.free(id);
        }
    }

    /// Forgets the oldest blocks beyond so many, which stay live; returns how many were forgotten until now.
    #[allow(dead_code, reason = "not every suite loses records")]
    pub(crate) fn evict(&mut self, room: u64) -> u64 {
        while self.count() > room {
            self.live.pop_first();
        }
        self.allocations - self.frees - self.count()
    }

    pub(crate) fn free_any(&mut self, noise: &mut Noise) {
        let nth = noise.below(self.count()) as usize;
        if let Some(id) = self.live.keys().nth(nth).copied() {
            self.free(id);
        }
    }
}

/// What a call site does in one second.
pub(crate) type Step = Box<dyn FnMut(&mut Site, &mut Noise, u64)>;

pub(crate) fn step(step: impl FnMut(&mut Site, &mut Noise, u64) + 'static) -> Step {
    Box::new(step)
}

/// A call site that does not leak.
pub(crate) fn harmless() -> Vec<(&'static str, Step)> {
    vec![
        ("ring of 256 at 8/s", ring(256, 8.0)),
        ("ring of 256 at 20/s", ring(256, 20.0)),
        ("ring of 256 at 1/s", ring(256, 1.0)),
        ("ring of 256 at 3/s", ring(256, 3.0)),
        ("ring of 128 at 0.4/s", ring(128, 0.4)),
        (
            "ring in bursts",
            step(|site, _, second| {
                let burst = if second.is_multiple_of(10) { 25 } else { 0 };
                site.allocate(second, burst);
                site.free_oldest(site.count().saturating_sub(256));
            }),
        ),
        (
            "cache that fills ever more slowly",
            step(|site, noise, second| {
                let misses = 4.0 * (1.0 - site.count() as f64 / 256.0);
                let misses = noise.about(misses);
                site.allocate(second, misses);
            }),
        ),
        (
            "cache that evicts at random",
            step(|site, noise, second| {
                site.allocate(second, 4);
                while site.count() > 200 {
                    site.free_any(noise);
                }
            }),
        ),
        (
            "program that warms up",
            step(|site, noise, second| {
                let begun = [0..12, 15..22, 30..48]
                    .iter()
                    .any(|busy| busy.contains(&second));
                let blocks = if begun { noise.below(4) } else { 0 };
                site.allocate(second, blocks);
            }),
        ),
        ("sessions of 10 s", sessions(10, 1.0)),
        ("sessions of a minute", sessions(60, 1.0)),
        ("many sessions of a minute", sessions(60, 6.0)),
        ("sessions of 10 min", sessions(600, 0.3)),
        ("flush every 10 s", flush(10, 5)),
        ("flush every minute", flush(60, 5)),
        (
            "flush every 10 min",
            step(|site, _, second| {
                if second % 600 == 599 {
                    site.free_oldest(NEVER);
                }
                site.allocate(second, u64::from(second % 3 == 0));
            }),
        ),
        (
            "sawtooth",
            step(|site, noise, second| {
                let blocks = noise.below(5);
                site.allocate(second, blocks);
                if site.count() > 150 {
                    site.free_oldest(120);
                }
            }),
        ),
        ("traffic of a day", diurnal(0)),
        ("traffic of a day above old blocks", diurnal(20)),
        (
            "pool that grows to what is needed",
            step(|site, noise, second| {
                let needed = noise.below(60);
                let missing = needed.saturating_sub(site.count());
                site.allocate(second, missing);
            }),
        ),
        (
            "list that doubles",
            step(|site, _, second| {
                if second.is_power_of_two() {
                    site.allocate(second, 1);
                    site.free_oldest(site.count() - 1);
                }
            }),
        ),
        (
            "random walk",
            step(|site, noise, second| {
                let more = noise.below(6);
                site.allocate(second, more);
                for _ in 0..noise.below(6) {
                    site.free_any(noise);
                }
            }),
        ),
        (
            "random walk of a stack",
            step(|site, noise, second| {
                let more = noise.below(4);
                site.allocate(second, more);
                let fewer = noise.below(4);
                site.free_newest(fewer);
            }),
        ),
        (
            "buffers",
            step(|site, noise, second| {
                if second == 0 {
                    site.allocate(second, 20);
                }
                let buffers = noise.below(60);
                site.allocate_for(second, buffers, 1);
            }),
        ),
        (
            "timers",
            step(|site, noise, second| {
                for _ in 0..4 {
                    let mut lifetime = 1;
                    while !noise.once_in(8) {
                        lifetime += 1;
                    }
                    site.allocate_for(second, 1, lifetime);
                }
            }),
        ),
        (
            "configuration",
            step(|site, _, second| {
                site.allocate(second, u64::from(second == 0) * 3);
            }),
        ),
    ]
}

fn ring(room: u64, per_second: f64) -> Step {
    step(move |site, noise, second| {
        let blocks = noise.about(per_second);
        site.allocate(second, blocks);
        site.free_oldest(site.count().saturating_sub(room));
    })
}

fn sessions(lifetime: u64, per_second: f64) -> Step {
    step(move |site, noise, second| {
        let opened = noise.about(per_second);
        for _ in 0..opened {
            let more = noise.below(lifetime / 5);
            site.allocate_for(second, 1, lifetime * 9 / 10 + more);
        }
    })
}

fn flush(period: u64, per_second: u64) -> Step {
    step(move |site, _, second| {
        if second % period == period - 1 {
            site.free_oldest(NEVER);
        }
        site.allocate(second, per_second);
    })
}

fn diurnal(kept: u64) -> Step {
    step(move |site, noise, second| {
        if second == 0 {
            site.allocate(second, kept);
        }
        let angle = second as f64 / 86_400.0 * std::f64::consts::TAU;
        let requests = noise.about(3.0 - 2.5 * angle.cos());
        for _ in 0..requests {
            let lifetime = 5 + noise.below(50);
            site.allocate_for(second, 1, lifetime);
        }
    })
}

/// A call site that leaks, and the seconds within which that is to be said.
pub(crate) fn leaks() -> Vec<(&'static str, u64, Step)> {
    vec![
        ("5 blocks/s", 100, every(1, 5)),
        ("a block/s", 330, every(1, 1)),
        ("a block in 7 s", 1_000, every(7, 1)),
        ("a block a minute", 1_100, every(60, 1)),
        ("a block in 10 min", 6_000, every(600, 1)),
        ("a block an hour", 36_000, every(3_600, 1)),
        ("10 blocks in 30 s", 1_300, every(30, 10)),
        ("under 10 times the traffic", 700, under(1, 10, 3)),
        ("under 1000 times the traffic", 3_200, under(1, 1_000, 1)),
        ("a block in 4 s under 12 buffers", 1_600, under(4, 12, 1)),
        ("a block in 4 s under 60 buffers", 2_500, under(4, 60, 1)),
        (
            "every 20th session",
            9_000,
            step(|site, noise, second| {
                for _ in 0..2 {
                    let lifetime = if noise.once_in(20) {
                        NEVER
                    } else {
                        10 + noise.below(20)
                    };
                    site.allocate_for(second, 1, lifetime);
                }
            }),
        ),
        (
            "half of all blocks",
            600,
            step(|site, noise, second| {
                let lifetime = if noise.once_in(2) { NEVER } else { 1 };
                site.allocate_for(second, 2, lifetime);
            }),
        ),
        (
            "that begins late",
            930,
            step(|site, _, second| {
                if second == 0 {
                    site.allocate(second, 40);
                }
                site.allocate(second, u64::from(second > 600));
            }),
        ),
    ]
}

/// A call site that leaks by chance, and for how many seconds it is watched. It takes its time until that is said.
pub(crate) fn leaks_by_chance() -> Vec<(&'static str, u64, Step)> {
    vec![
        ("2 blocks/s", 7_200, by_chance(1, 4)),
        ("a block in 10 min", 86_400, by_chance(600, 1)),
        ("3 blocks in 2 min", 14_400, by_chance(120, 3)),
        ("20 blocks in 10 min", 28_800, by_chance(600, 20)),
        (
            "a hundredth of the traffic",
            7_200,
            step(|site, noise, second| {
                for _ in 0..noise.below(101) {
                    let lifetime = match noise.once_in(100) {
                        true => NEVER,
                        false => 1 + noise.below(19),
                    };
                    site.allocate_for(second, 1, lifetime);
                }
            }),
        ),
        (
            "for 5 min of 8",
            7_200,
            step(|site, _, second| site.allocate(second, u64::from(second % 480 < 300))),
        ),
    ]
}

/// Leaks up to so many blocks, once in so many seconds.
fn by_chance(seconds: u64, blocks: u64) -> Step {
    step(move |site, noise, second| {
        let now = match blocks {
            1..4 => blocks,
            _ => noise.below(blocks + 1),
        };
        site.allocate(second, if noise.once_in(seconds) { now } else { 0 });
    })
}
fn every(seconds: u64, blocks: u64) -> Step {
    step(move |site, _, second| {
        let due = second.is_multiple_of(seconds);
        site.allocate(second, u64::from(due) * blocks);
    })
}

fn under(seconds: u64, buffers: u64, lifetime: u64) -> Step {
    step(move |site, noise, second| {
        site.allocate(second, u64::from(second.is_multiple_of(seconds)));
        let now = noise.below(2 * buffers);
        site.allocate_for(second, now, lifetime);
    })
}

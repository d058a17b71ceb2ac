//! Call sites that give back what they take, or take no more. Long, for it is a list: each stands for itself.

use std::collections::{BTreeMap, VecDeque};

use super::Truth::{Clean, Unknown};
use super::site::{Block, Site};
use super::{DAY, HOUR, MIN, Workload, any, daylight, happens, keep, pareto};
use crate::workloads::Noise;

pub(crate) fn all() -> Vec<Workload> {
    let mut all = lists();
    all.extend(queues());
    all.extend(starts());
    all.extend(sessions());
    all.extend(oddly());
    all
}

/// A list that gets an entry by chance, and loses from time to time those that are older than so long.
fn pruned(per_second: f64, prune: u64, older: u64) -> impl FnMut(&mut Site, &mut Noise, u64) {
    let mut list: VecDeque<(u64, Block)> = VecDeque::new();
    move |site, noise, second| {
        if happens(noise, per_second) {
            list.push_back((second, keep(site, second, 60)));
        }
        if second % prune == prune - 1 {
            while list.front().is_some_and(|(born, _)| born + older <= second) {
                let (_, block) = list.pop_front().unwrap();
                site.free(second * 1_000 + 500, block);
            }
        }
    }
}

/// A ring, or a cache that evicts the oldest.
fn ring(room: usize, per_second: f64) -> impl FnMut(&mut Site, &mut Noise, u64) {
    let mut ring = VecDeque::new();
    move |site, noise, second| {
        if happens(noise, per_second) {
            ring.push_back(keep(site, second, 120));
            if ring.len() > room {
                site.free(second * 1_000 + 200, ring.pop_front().unwrap());
            }
        }
    }
}

fn lists() -> Vec<Workload> {
    vec![
        Workload::new(
            "ble table, 1/13 s, pruned each hour of 15 min",
            &[(0, Unknown), (65 * MIN, Clean)],
            pruned(1.0 / 13.0, HOUR, 15 * MIN),
        ),
        Workload::new(
            "list pruned each 5 min, 1/2 s",
            &[(0, Unknown), (5 * MIN, Clean)],
            pruned(0.5, 5 * MIN, 0),
        ),
        Workload::new(
            "list pruned each 20 min, 1/20 s",
            &[(0, Unknown), (20 * MIN, Clean)],
            pruned(0.05, 20 * MIN, 0),
        ),
        Workload::new(
            "list pruned each 6 h, 1/4 min",
            &[(0, Unknown), (6 * HOUR, Clean)],
            pruned(1.0 / 240.0, 6 * HOUR, 0),
        ),
        Workload::new(
            "list pruned each hour of what is 2 h old, 1/min",
            &[(0, Unknown), (3 * HOUR, Clean)],
            pruned(1.0 / 60.0, HOUR, 2 * HOUR),
        ),
        Workload::new(
            "cache with ttl 10 min, 1/5 s",
            &[(0, Unknown), (11 * MIN, Clean)],
            |site, noise, second| {
                if happens(noise, 0.2) {
                    site.alloc(second * 1_000, 200, 600_000);
                }
            },
        ),
        Workload::new(
            "cache with ttl 10 min that hits renew",
            &[(0, Unknown), (25 * MIN, Clean)],
            |site, noise, second| {
                if happens(noise, 0.1) {
                    let mut life = 600_000;
                    while noise.once_in(2) && life < 36_000_000 {
                        life += any(noise, 60_000, 600_000);
                    }
                    site.alloc(second * 1_000, 200, life);
                }
            },
        ),
        Workload::new(
            "lru of 200 at 1/30 s",
            &[(0, Unknown), (110 * MIN, Clean)],
            ring(200, 1.0 / 30.0),
        ),
        Workload::new(
            "lru of 40 at 1/30 s",
            &[(0, Unknown), (25 * MIN, Clean)],
            ring(40, 1.0 / 30.0),
        ),
        Workload::new(
            "true lru of 100, zipf keys, 1/2 s",
            &[(0, Unknown), (20 * MIN, Clean)],
            zipf_lru(100, 2_000),
        ),
        Workload::new(
            "log ring of 512 at 1/2 s",
            &[(0, Unknown), (1_100, Clean)],
            ring(512, 0.5),
        ),
        Workload::new(
            "log ring of 64 at 1/20 s",
            &[(0, Unknown), (1_500, Clean)],
            ring(64, 0.05),
        ),
        Workload::new(
            "log ring of 256 whose rate follows the day",
            &[(0, Unknown), (5 * HOUR, Clean)],
            {
                let mut ring = VecDeque::new();
                move |site, noise, second| {
                    if happens(noise, 0.01 + 0.2 * daylight(second)) {
                        ring.push_back(keep(site, second, 120));
                        if ring.len() > 256 {
                            site.free(second * 1_000 + 200, ring.pop_front().unwrap());
                        }
                    }
                }
            },
        ),
        Workload::new(
            "samples of 4 h for a graph, 1/min",
            &[(0, Unknown), (4 * HOUR + 5 * MIN, Clean)],
            ring(240, 1.0 / 60.0),
        ),
        Workload::new(
            "samples of 24 h for a graph, 1/5 min",
            &[(0, Unknown)],
            ring(288, 1.0 / 300.0),
        ),
        Workload::new(
            "batch of samples each hour, 1/min",
            &[(0, Unknown), (HOUR, Clean)],
            pruned(1.0 / 60.0, HOUR, 0),
        ),
        Workload::new(
            "cache that is cut by a quarter at 400, 1/3 s",
            &[(0, Unknown), (1_300, Clean)],
            {
                let mut cache = VecDeque::new();
                move |site, noise, second| {
                    if happens(noise, 1.0 / 3.0) {
                        cache.push_back(keep(site, second, 90));
                    }
                    if cache.len() > 400 {
                        for block in cache.drain(..100) {
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        ),
        Workload::new(
            "dns cache of 8 hosts, renewed each 5 min",
            &[(0, Unknown), (10 * MIN, Clean)],
            replaced(8, |_, _| 300_000),
        ),
        Workload::new(
            "80 retained topics, renewed each 1 s to 12 h",
            &[(0, Unknown), (10 * MIN, Clean)],
            replaced(80, |noise, topic| {
                let mean = 1_000.0 * (43_200f64).powf(topic as f64 / 79.0);
                (mean * (0.5 + noise.below(1_000) as f64 / 1_000.0)) as u64
            }),
        ),
    ]
}

fn zipf_lru(room: usize, keys: u64) -> impl FnMut(&mut Site, &mut Noise, u64) {
    let mut used: BTreeMap<u64, (u64, Block)> = BTreeMap::new();
    move |site, noise, second| {
        if second % 2 != 0 {
            return;
        }
        let unit = noise.below(1_000_000) as f64 / 1e6;
        let key = (keys as f64).powf(unit) as u64;
        if let Some((when, _)) = used.get_mut(&key) {
            *when = second;
            return;
        }
        used.insert(key, (second, keep(site, second, 150)));
        if used.len() > room {
            let oldest = used.iter().min_by_key(|(_, (when, _))| *when);
            let oldest = *oldest.unwrap().0;
            let (_, block) = used.remove(&oldest).unwrap();
            site.free(second * 1_000 + 200, block);
        }
    }
}

/// Values each of which is replaced when it is as old as that.
fn replaced(
    values: u64,
    mut life_ms: impl FnMut(&mut Noise, u64) -> u64,
) -> impl FnMut(&mut Site, &mut Noise, u64) {
    let mut next: Vec<u64> = Vec::new();
    move |site, noise, second| {
        if next.is_empty() {
            next = (0..values).map(|value| value % 20).collect();
        }
        for value in 0..values {
            if next[value as usize] <= second {
                let life = life_ms(noise, value).max(1_000);
                site.alloc(second * 1_000, 80, life);
                next[value as usize] = second + life / 1_000;
            }
        }
    }
}

/// A queue that the network empties; how long it is down, and from when on, in each period.
fn outages(
    per_second: f64,
    period: u64,
    from: u64,
    down: u64,
    room: usize,
) -> impl FnMut(&mut Site, &mut Noise, u64) {
    let mut queue = VecDeque::new();
    move |site, noise, second| {
        if happens(noise, per_second) {
            queue.push_back(keep(site, second, 140));
            if queue.len() > room {
                site.free(second * 1_000 + 150, queue.pop_front().unwrap());
            }
        }
        if !(from..from + down).contains(&(second % period)) {
            for _ in 0..3 {
                if let Some(block) = queue.pop_front() {
                    site.free(second * 1_000 + 600, block);
                }
            }
        }
    }
}

fn queues() -> Vec<Workload> {
    vec![
        Workload::new(
            "sensor queue, network down 20 min each 4 h, 1/s",
            &[
                (0, Clean),
                (2 * HOUR, Unknown),
                (2 * HOUR + 30 * MIN, Clean),
            ],
            outages(1.0, 4 * HOUR, 2 * HOUR, 20 * MIN, 100_000),
        ),
        Workload::new(
            "sensor queue, network down 3 h once, 1/10 s",
            &[
                (0, Clean),
                (4 * HOUR, Unknown),
                (7 * HOUR + 10 * MIN, Clean),
            ],
            outages(0.1, 48 * HOUR, 4 * HOUR, 3 * HOUR, 100_000),
        ),
        Workload::new(
            "sensor queue, network down 1 min each 10 min, 1/s",
            &[(0, Clean), (5 * MIN, Unknown), (20 * MIN, Clean)],
            outages(1.0, 600, 300, 60, 100_000),
        ),
        Workload::new(
            "outbox at 2/s, no network for 30 s of each hour",
            &[(0, Clean)],
            outages(2.0, HOUR, 1_800, 30, 100_000),
        ),
        Workload::new(
            "outbox at 1/2 s, a reconnect of 45 s each 3 h",
            &[(0, Clean)],
            outages(0.5, 3 * HOUR, 4_000, 45, 100_000),
        ),
        Workload::new(
            "outbox at 1/s, no network for 5 min of each 6 h",
            &[
                (0, Clean),
                (2 * HOUR, Unknown),
                (2 * HOUR + 10 * MIN, Clean),
            ],
            outages(1.0, 6 * HOUR, 2 * HOUR, 5 * MIN, 100_000),
        ),
        Workload::new(
            "mqtt outbox of 100, network down 1 h each 5 h, 1/20 s",
            &[(0, Clean), (HOUR, Unknown), (2 * HOUR + 10 * MIN, Clean)],
            outages(0.05, 5 * HOUR, HOUR, HOUR, 100),
        ),
        Workload::new(
            "messages with backoff to 1 h, down 2 h each 8 h",
            &[
                (0, Clean),
                (3 * HOUR, Unknown),
                (6 * HOUR + 10 * MIN, Clean),
            ],
            backoff(),
        ),
        Workload::new(
            "traffic that ramps up over 6 h, lifetimes of 10 min",
            &[(0, Unknown), (20 * MIN, Clean)],
            |site, noise, second| {
                let ramp = (second as f64 / (6.0 * 3_600.0)).min(1.0);
                if happens(noise, 0.01 + 0.2 * ramp) {
                    site.alloc(second * 1_000, 250, any(noise, 300_000, 600_000));
                }
            },
        ),
        Workload::new(
            "server that slows from 1 s to 30 s over 2 h",
            &[(0, Clean), (HOUR, Unknown), (3 * HOUR + 10 * MIN, Clean)],
            |site, noise, second| {
                let slow = (second as f64 - 3_600.0).clamp(0.0, 7_200.0) / 7_200.0;
                let life = 1_000.0 + 29_000.0 * slow;
                for _ in 0..noise.below(5) {
                    let life = life * (0.7 + noise.below(600) as f64 / 1_000.0);
                    site.alloc(second * 1_000, 250, life as u64);
                }
            },
        ),
        Workload::new(
            "queue near saturation (98 %)",
            &[(0, Unknown), (20 * MIN, Clean)],
            {
                let mut queue = VecDeque::new();
                move |site, noise, second| {
                    if happens(noise, 0.49) {
                        queue.push_back(keep(site, second, 100));
                    }
                    if happens(noise, 0.5)
                        && let Some(block) = queue.pop_front()
                    {
                        site.free(second * 1_000 + 500, block);
                    }
                }
            },
        ),
    ]
}

/// Messages that are tried again after 1, 2, 4, … s, up to an hour, while the broker is away.
fn backoff() -> impl FnMut(&mut Site, &mut Noise, u64) {
    let mut waiting: Vec<(u64, u64, Block)> = Vec::new();
    move |site, noise, second| {
        if happens(noise, 1.0 / 40.0) {
            waiting.push((second + 1, 1, keep(site, second, 300)));
        }
        let is_down = (3 * HOUR..5 * HOUR).contains(&(second % (8 * HOUR)));
        waiting.retain_mut(|(next, pause, block)| {
            if *next > second {
                return true;
            }
            if is_down {
                *pause = (*pause * 2).min(HOUR);
                *next = second + *pause;
                return true;
            }
            site.free(second * 1_000 + 500, *block);
            false
        });
    }
}

fn starts() -> Vec<Workload> {
    vec![
        Workload::new(
            "boot of 10 min at 1/4 s",
            &[(0, Unknown), (12 * MIN, Clean)],
            |site, noise, second| {
                if second < 600 && happens(noise, 0.25) {
                    keep(site, second, 70);
                }
            },
        ),
        Workload::new(
            "boot of 2 min at 1/s",
            &[(0, Unknown), (150, Clean)],
            |site, _, second| {
                if second < 120 {
                    keep(site, second, 70);
                }
            },
        ),
        Workload::new(
            "boot of 5 min at 2/s with buffers that are freed",
            &[(0, Unknown), (330, Clean)],
            |site, noise, second| {
                if second < 300 {
                    keep(site, second, 70);
                    keep(site, second, 30);
                }
                if second % 2 == 0 {
                    site.alloc(second * 1_000, 900, any(noise, 10, 400));
                }
            },
        ),
        Workload::new(
            "boot of 8 min that slows down",
            &[(0, Unknown), (4 * MIN, Clean)],
            |site, noise, second| {
                if second < 480 && happens(noise, (-(second as f64) / 120.0).exp()) {
                    keep(site, second, 70);
                }
            },
        ),
        Workload::new(
            "statics on first use, 40 over a day, log in time",
            &[(0, Unknown), (10 * MIN, Clean)],
            |site, noise, second| {
                if happens(noise, 3.5 / (second as f64 + 1.0)) {
                    keep(site, second, 64);
                }
            },
        ),
        Workload::new(
            "names, 40 ln(1 + t / min)",
            &[(0, Unknown), (15 * MIN, Clean)],
            |site, noise, second| {
                if happens(noise, 40.0 / (second as f64 + 60.0)) {
                    keep(site, second, 24);
                }
            },
        ),
        Workload::new(
            "names by zipf of 300, at 1/s",
            &[(0, Unknown), (15 * MIN, Clean)],
            names(300, 1, true),
        ),
        Workload::new(
            "names by zipf of 2000, at 1/10 s",
            &[(0, Unknown), (20 * HOUR, Clean)],
            names(2_000, 10, true),
        ),
        Workload::new(
            "names, any of 100, at 1/30 s",
            &[(0, Unknown), (2 * HOUR, Clean)],
            names(100, 30, false),
        ),
        Workload::new(
            "names by zipf of 300 under traffic",
            &[(0, Unknown), (15 * MIN, Clean)],
            {
                let mut names = names(300, 2, true);
                move |site, noise, second| {
                    names(site, noise, second);
                    site.alloc(second * 1_000, 200, any(noise, 10, 900));
                }
            },
        ),
        Workload::new(
            "topics found at first use, each 1 s to 12 h",
            &[(0, Unknown), (30 * MIN, Clean)],
            {
                let mut seen = [false; 60];
                move |site, noise, second| {
                    for (topic, seen) in seen.iter_mut().enumerate() {
                        let mean = (43_200f64).powf(topic as f64 / 59.0);
                        if happens(noise, 1.0 / mean) {
                            if !*seen {
                                keep(site, second, 64);
                            }
                            *seen = true;
                            site.alloc(second * 1_000, 64, 50);
                        }
                    }
                }
            },
        ),
        Workload::new(
            "10 devices that join each 30 min, under traffic",
            &[(0, Unknown), (8 * HOUR + 30 * MIN, Clean)],
            |site, noise, second| {
                if second < 5 * HOUR && second % 1_800 == 900 {
                    keep(site, second, 400);
                }
                site.alloc(second * 1_000, 100, any(noise, 10, 900));
            },
        ),
        Workload::new(
            "12 devices that join by chance in 15 min, traffic",
            &[(0, Unknown), (30 * MIN, Clean)],
            |site, noise, second| {
                if second < 900 && happens(noise, 12.0 / 900.0) {
                    keep(site, second, 400);
                }
                site.alloc(second * 1_000, 100, any(noise, 10, 900));
            },
        ),
        Workload::new(
            "weekly job at hour 10 that leaves 30 blocks",
            &[
                (0, Clean),
                (10 * HOUR, Unknown),
                (10 * HOUR + 15 * MIN, Clean),
            ],
            |site, noise, second| {
                if (10 * HOUR..10 * HOUR + 60).contains(&second) && second % 2 == 0 {
                    keep(site, second, 400);
                }
                site.alloc(second * 1_000, 100, any(noise, 10, 900));
            },
        ),
        Workload::new(
            "pages of a menu, built on first visit, 25 in 3 visits",
            &[
                (0, Unknown),
                (10 * MIN, Clean),
                (2 * HOUR, Unknown),
                (2 * HOUR + 15 * MIN, Clean),
            ],
            |site, _, second| {
                let since = second % (2 * HOUR);
                if second < 3 * HOUR && since < 240 && since.is_multiple_of(20) {
                    keep(site, second, 1_200);
                }
            },
        ),
    ]
}

fn names(words: usize, each: u64, is_zipf: bool) -> impl FnMut(&mut Site, &mut Noise, u64) {
    let mut known = vec![false; words];
    move |site, noise, second| {
        if second % each != 0 {
            return;
        }
        let word = match is_zipf {
            true => (words as f64).powf(noise.below(1_000_000) as f64 / 1e6) as usize - 1,
            false => noise.below(words as u64) as usize,
        };
        if !std::mem::replace(&mut known[word.min(words - 1)], true) {
            keep(site, second, 24);
        }
    }
}

fn sessions() -> Vec<Workload> {
    vec![
        Workload::new(
            "sessions of 10 blocks and 5 min, 1/min by chance",
            &[(0, Unknown), (12 * MIN, Clean)],
            |site, noise, second| {
                if happens(noise, 1.0 / 60.0) {
                    let life = any(noise, 30_000, 300_000);
                    for at in 0..10 {
                        site.alloc(second * 1_000 + at, 40 << (at % 6), life + at * 7);
                    }
                }
            },
        ),
        Workload::new(
            "pool of 8 connections, idle for 5 min, by day",
            &[(0, Unknown), (30 * MIN, Clean)],
            {
                let mut pool: Vec<(u64, Block)> = Vec::new();
                move |site, noise, second| {
                    let busy = noise.below(2 + (7.0 * daylight(second)) as u64) as usize;
                    let is_due = happens(noise, 0.05);
                    for at in 0..if is_due { busy } else { 0 } {
                        match pool.get_mut(at) {
                            Some((used, _)) => *used = second,
                            None => pool.push((second, keep(site, second, 1_700))),
                        }
                    }
                    pool.retain(|(used, block)| {
                        let is_idle = used + 300 < second;
                        if is_idle {
                            site.free(second * 1_000 + 500, *block);
                        }
                        !is_idle
                    });
                }
            },
        ),
        Workload::new(
            "ota: 64 chunks for 2 min each 6 h",
            &[(0, Clean)],
            |site, _, second| {
                if (HOUR..HOUR + 64).contains(&(second % (6 * HOUR))) {
                    let end = second / (6 * HOUR) * (6 * HOUR) + HOUR + 120;
                    site.alloc(second * 1_000, 4_096, (end - second) * 1_000);
                }
            },
        ),
        Workload::new(
            "cookies of 20 min, by day",
            &[(0, Unknown), (30 * MIN, Clean)],
            |site, noise, second| {
                if happens(noise, 0.02 * daylight(second)) {
                    site.alloc(second * 1_000, 180, 1_200_000);
                }
            },
        ),
        Workload::new(
            "time-wait of 2 min, 3/s",
            &[(0, Unknown), (130, Clean)],
            |site, noise, second| {
                for _ in 0..noise.below(7) {
                    site.alloc(second * 1_000, 60, 120_000);
                }
            },
        )
        .for_seconds(8 * HOUR),
        Workload::new(
            "event streams of 2 h each 10 min, among requests",
            &[(0, Unknown), (160 * MIN, Clean)],
            |site, noise, second| {
                site.alloc(second * 1_000, 300, any(noise, 10, 9_000));
                if second % 600 == 300 {
                    site.alloc(second * 1_000, 300, 7_200_000);
                }
            },
        ),
        Workload::new(
            "a slow client that holds 6 buffers for 1 min, hourly",
            &[(0, Clean)],
            |site, noise, second| {
                for _ in 0..2 {
                    let at = second * 1_000 + noise.below(900);
                    site.alloc(at, 1_460, any(noise, 3, 90));
                }
                let since = second % HOUR;
                if (1_000..1_030).contains(&since) && since.is_multiple_of(5) {
                    site.alloc(second * 1_000, 1_460, (1_060 - since) * 1_000);
                }
            },
        ),
        Workload::new(
            "a download of 2 min that holds 30 chunks, each 4 h",
            &[(0, Clean)],
            |site, noise, second| {
                site.alloc(second * 1_000, 512, any(noise, 3, 90));
                let since = second % (4 * HOUR);
                if (HOUR..HOUR + 120).contains(&since) && since.is_multiple_of(4) {
                    site.alloc(second * 1_000, 512, (HOUR + 121 - since) * 1_000);
                }
            },
        ),
        Workload::new(
            "logins of 30 min each 3 min, among requests",
            &[(0, Unknown), (40 * MIN, Clean)],
            |site, noise, second| {
                site.alloc(second * 1_000, 40, any(noise, 3, 90));
                if happens(noise, 1.0 / 180.0) {
                    site.alloc(second * 1_000, 40, 1_800_000);
                }
            },
        ),
        Workload::new(
            "leases of 1 h each 2 min, among probes of 1 s",
            &[(0, Unknown), (75 * MIN, Clean)],
            |site, noise, second| {
                site.alloc(second * 1_000, 90, any(noise, 500, 1_500));
                if second % 120 == 60 {
                    site.alloc(second * 1_000, 90, 3_600_000);
                }
            },
        ),
        Workload::new(
            "5 timers of 1 s to 6 h, made anew as they fire",
            &[(0, Clean)],
            replaced(5, |_, timer| {
                [1, 10, 60, 3_600, 21_600][timer as usize] * 1_000
            }),
        ),
        Workload::new(
            "keep-alive with a heavy tail to 4 h, 1/5 s",
            &[(0, Unknown), (10 * MIN, Clean)],
            |site, noise, second| {
                if second % 5 == 0 {
                    let life = pareto(noise, 1_000, 14_400_000);
                    site.alloc(second * 1_000, 300, life);
                }
            },
        ),
        Workload::new(
            "keep-alive with a heavy tail to 4 h, 2/s",
            &[(0, Unknown), (10 * MIN, Clean)],
            |site, noise, second| {
                for _ in 0..2 {
                    let life = pareto(noise, 200, 14_400_000);
                    site.alloc(second * 1_000, 300, life);
                }
            },
        ),
        Workload::new(
            "settings of 40 blocks, read anew each 4 h",
            &[(0, Unknown), (5 * MIN, Clean)],
            {
                let mut settings: Vec<Block> = Vec::new();
                move |site, _, second| {
                    if second % (4 * HOUR) == 5 {
                        let old = std::mem::take(&mut settings);
                        settings.extend((0..40).map(|_| keep(site, second, 60)));
                        for block in old {
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        ),
        Workload::new(
            "connections that wander between 0 and 30 over hours",
            &[(0, Unknown), (90 * MIN, Clean)],
            {
                let (mut level, mut open) = (15.0f64, Vec::new());
                move |site, noise, second| {
                    if second % 30 == 0 {
                        let push = noise.below(2_000) as f64 / 1_000.0 - 1.0;
                        level = (level + push).clamp(0.0, 30.0);
                        while (open.len() as f64) < level {
                            open.push(keep(site, second, 500));
                        }
                        while open.len() as f64 > level + 1.0 {
                            let nth = noise.below(open.len() as u64) as usize;
                            let block = open.swap_remove(nth);
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        ),
        Workload::new(
            "garbage that a task collects each 90 s, 5/s by day",
            &[(0, Unknown), (95, Clean)],
            {
                let mut list = Vec::new();
                move |site, noise, second| {
                    let now = (10.0 * daylight(second)) as u64 + 1;
                    for _ in 0..noise.below(now) {
                        list.push(keep(site, second, 40));
                    }
                    if second % 90 == 89 {
                        for block in list.drain(..) {
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        ),
        Workload::new(
            "visits that each hold 20 blocks for 10 to 40 min",
            &[(0, Unknown), (2 * HOUR, Clean)],
            |site, noise, second| {
                if happens(noise, 1.0 / 1_500.0) {
                    let life = any(noise, 600_000, 2_400_000);
                    for at in 0..20 {
                        site.alloc(second * 1_000 + at * 40, 300, life);
                    }
                }
            },
        ),
    ]
}

fn oddly() -> Vec<Workload> {
    let cache = |name, truth: &[_]| {
        Workload::new(name, truth, |site, noise, second| {
            if happens(noise, 0.2) {
                site.alloc(second * 1_000, 200, any(noise, 300_000, 600_000));
            }
        })
    };
    vec![
        cache(
            "cache of 10 min, paused for 20 min of each 2 h",
            &[(0, Unknown), (12 * MIN, Clean)],
        )
        .with(|view| {
            view.pauses = (0..6)
                .map(|hour| (hour * 7_200 + HOUR, hour * 7_200 + HOUR + 1_200))
                .collect()
        })
        .for_seconds(12 * HOUR),
        cache(
            "cache of 10 min, traced anew at hour 2",
            &[
                (0, Unknown),
                (12 * MIN, Clean),
                (2 * HOUR, Unknown),
                (2 * HOUR + 12 * MIN, Clean),
            ],
        )
        .with(|view| view.restart = Some(2 * HOUR)),
        cache(
            "cache of 10 min, page cut off each other hour",
            &[(0, Unknown), (12 * MIN, Clean)],
        )
        .with(|view| {
            view.answers = |second| second % (2 * HOUR) < HOUR && (second * 7_919) % 13 < 9
        }),
        cache("cache of 10 min, opened at hour 3", &[(3 * HOUR, Clean)])
            .with(|view| view.from = 3 * HOUR),
        cache(
            "cache of 10 min, of which records are evicted",
            &[(0, Unknown), (12 * MIN, Clean)],
        )
        .with(|view| view.room = Some(50)),
        Workload::new(
            "boot of 10 min, opened at hour 3",
            &[(3 * HOUR, Clean)],
            |site, noise, second| {
                if second < 600 && happens(noise, 0.25) {
                    keep(site, second, 70);
                }
            },
        )
        .with(|view| view.from = 3 * HOUR),
        Workload::new(
            "names by zipf of 300, opened at hour 3",
            &[(3 * HOUR, Clean)],
            names(300, 1, true),
        )
        .with(|view| view.from = 3 * HOUR),
        Workload::new(
            "sensor queue, page cut off with the network, 1/s",
            &[
                (0, Clean),
                (2 * HOUR, Unknown),
                (2 * HOUR + 40 * MIN, Clean),
            ],
            outages(1.0, 4 * HOUR, 2 * HOUR, 30 * MIN, 100_000),
        )
        .with(|view| {
            view.answers =
                |second| !(2 * HOUR..2 * HOUR + 30 * MIN).contains(&(second % (4 * HOUR)))
        }),
    ]
    .into_iter()
    .map(|workload| Workload {
        seconds: workload.seconds.min(DAY),
        ..workload
    })
    .collect()
}

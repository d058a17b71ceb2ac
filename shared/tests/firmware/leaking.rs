//! Call sites that leak, all the time or for a while. Long, for it is a list: each stands for itself.

use std::collections::VecDeque;

use super::Truth::{Clean, Leak, Unknown};
use super::site::{NEVER, Site};
use super::{DAY, HOUR, MIN, Workload, any, daylight, every, happens, pareto};
use crate::workloads::Noise;

/// Requests whose buffers live for milliseconds.
fn requests(site: &mut Site, noise: &mut Noise, second: u64, per_second: u64, leaks_one_in: u64) {
    for _ in 0..per_second {
        let at = second * 1_000 + noise.below(900);
        let life = if leaks_one_in > 0 && noise.once_in(leaks_one_in) {
            NEVER
        } else {
            any(noise, 5, 120)
        };
        site.alloc(at, any(noise, 64, 900), life);
    }
}

fn leak(site: &mut Site, second: u64, size: u64) {
    site.alloc(second * 1_000 + 100, size, NEVER);
}

pub(crate) fn all() -> Vec<Workload> {
    let mut all = steady();
    all.extend(mixed());
    all.extend(changing());
    all.extend(watched_oddly());
    all
}

fn steady() -> Vec<Workload> {
    vec![
        Workload::new(
            "mqtt reconnect by chance each 20 min",
            &[(0, Unknown), (5 * HOUR, Leak)],
            |site, noise, second| {
                if happens(noise, 1.0 / 1_200.0) {
                    leak(site, second, 448);
                }
            },
        ),
        Workload::new(
            "mqtt outages each 3 h, 8 retries with backoff",
            &[(0, Unknown), (13 * HOUR, Leak)],
            |site, _, second| {
                let since = second % (3 * HOUR);
                if since >= HOUR && (since - HOUR + 1).is_power_of_two() && since - HOUR < 250 {
                    leak(site, second, 320);
                }
            },
        ),
        Workload::new(
            "tls session ticket each 5 min of handshake",
            &[(0, Unknown), (50 * MIN, Leak)],
            |site, _, second| {
                if every(second, 300) {
                    for size in [40, 900, 1_600, 4_096, 256] {
                        site.alloc(second * 1_000, size, 2_300);
                    }
                    leak(site, second, 96);
                }
            },
        ),
        Workload::new(
            "json parse error, 1 in 1000 of 2/s",
            &[(0, Unknown), (2 * HOUR, Leak)],
            |site, noise, second| requests(site, noise, second, 2, 1_000),
        ),
        Workload::new(
            "json parse error, 1 in 1000 of 10/min",
            &[(0, Unknown), (18 * HOUR, Leak)],
            |site, noise, second| {
                if second % 6 == 0 {
                    requests(site, noise, second, 1, 1_000);
                }
            },
        ),
        Workload::new(
            "1 in 1000 of 60/s",
            &[(0, Unknown), (10 * MIN, Leak)],
            |site, noise, second| requests(site, noise, second, 60, 1_000),
        )
        .for_seconds(8 * HOUR),
        Workload::new(
            "refcount at each 50th session",
            &[(0, Unknown), (50 * MIN, Leak)],
            {
                let mut nth = 0u64;
                move |site, noise, second| {
                    if second % 4 == 0 {
                        nth += 1;
                        let life = if nth.is_multiple_of(50) {
                            NEVER
                        } else {
                            any(noise, 5_000, 60_000)
                        };
                        site.alloc(second * 1_000, 512, life);
                    }
                }
            },
        ),
        Workload::new(
            "12 blocks lost at each hourly batch upload",
            &[(0, Unknown), (5 * HOUR + 30 * MIN, Leak)],
            |site, _, second| {
                if every(second, HOUR) {
                    for _ in 0..12 {
                        leak(site, second, 128);
                    }
                    for at in 0..40 {
                        site.alloc(second * 1_000 + at * 20, 600, 4_000);
                    }
                }
            },
        ),
        Workload::new(
            "ota check each hour keeps 4 KiB",
            &[(0, Unknown), (10 * HOUR, Leak)],
            |site, noise, second| {
                if every(second, HOUR) {
                    leak(site, second, 4_096);
                    site.alloc(second * 1_000, 4_096, any(noise, 3_000, 9_000));
                }
            },
        ),
        Workload::new(
            "timer each 15 min",
            &[(0, Unknown), (150 * MIN, Leak)],
            |site, _, second| {
                if every(second, 900) {
                    leak(site, second, 56);
                }
            },
        ),
        Workload::new(
            "watch list gains a client by chance each 8 min",
            &[(0, Unknown), (3 * HOUR, Leak)],
            |site, noise, second| {
                if happens(noise, 1.0 / 480.0) {
                    leak(site, second, 72);
                }
            },
        ),
        Workload::new(
            "5 blocks at each roam, 30-90 min apart",
            &[(0, Unknown), (8 * HOUR, Leak)],
            {
                let mut next = 1_800;
                move |site, noise, second| {
                    if second == next {
                        next += any(noise, 1_800, 5_400);
                        for _ in 0..5 {
                            leak(site, second, 200);
                        }
                    }
                }
            },
        ),
        Workload::new(
            "ble table of rotating addresses, never pruned",
            &[(0, Unknown), (1_000, Leak)],
            |site, noise, second| {
                if happens(noise, 1.0 / 13.0) {
                    leak(site, second, 48);
                }
            },
        )
        .for_seconds(12 * HOUR),
        Workload::new(
            "boot of 300 blocks, then one in 5 min",
            &[(0, Unknown), (HOUR, Leak)],
            |site, _, second| {
                if second < 60 {
                    for _ in 0..5 {
                        leak(site, second, 80);
                    }
                } else if every(second, 300) {
                    leak(site, second, 80);
                }
            },
        ),
        Workload::new(
            "boot over 10 min, then one in 2 min",
            &[(0, Unknown), (40 * MIN, Leak)],
            |site, noise, second| {
                let is_due = match second {
                    0..600 => happens(noise, 0.25),
                    _ => every(second, 120),
                };
                if is_due {
                    leak(site, second, 80);
                }
            },
        ),
        Workload::new(
            "a string at each change of settings, 3 h by chance",
            &[(0, Unknown), (21 * HOUR, Leak)],
            |site, noise, second| {
                if happens(noise, 1.0 / 10_800.0) {
                    leak(site, second, 24);
                }
            },
        ),
    ]
}

fn mixed() -> Vec<Workload> {
    vec![
        Workload::new(
            "behind an lru of 64 at 1/10 s, one a minute",
            &[(0, Unknown), (75 * MIN, Leak)],
            {
                let mut lru = VecDeque::new();
                move |site, _, second| {
                    if second % 10 == 0 {
                        lru.push_back(site.alloc(second * 1_000, 128, NEVER));
                        if lru.len() > 64 {
                            site.free(second * 1_000, lru.pop_front().unwrap());
                        }
                    }
                    if every(second, 60) {
                        leak(site, second, 128);
                    }
                }
            },
        ),
        Workload::new(
            "behind a list pruned each 30 min, one in 5 min",
            &[(0, Unknown), (3 * HOUR, Leak)],
            pruned(10, 30 * MIN, 300),
        ),
        Workload::new(
            "behind a list pruned each hour, one in 10 min",
            &[(0, Unknown), (6 * HOUR, Leak)],
            pruned(15, HOUR, 600),
        ),
        Workload::new(
            "behind a cache with ttl 10 min, one in 3 min",
            &[(0, Unknown), (70 * MIN, Leak)],
            |site, _, second| {
                if second % 5 == 0 {
                    site.alloc(second * 1_000, 200, 600_000);
                }
                if every(second, 180) {
                    leak(site, second, 200);
                }
            },
        ),
        Workload::new(
            "behind names that fill up to 200, one in 3 min",
            &[(0, Unknown), (5 * HOUR, Leak)],
            {
                let mut known = [false; 200];
                move |site, noise, second| {
                    if second % 20 == 0 {
                        let name = noise.below(200) as usize;
                        if !std::mem::replace(&mut known[name], true) {
                            leak(site, second, 40);
                        }
                    }
                    if every(second, 180) {
                        leak(site, second, 40);
                    }
                }
            },
        ),
        Workload::new(
            "under sessions with a heavy tail to 1 h, one in 2 min",
            &[(0, Unknown), (5 * HOUR, Leak)],
            |site, noise, second| {
                if second % 5 == 0 {
                    let life = pareto(noise, 2_000, 3_600_000);
                    site.alloc(second * 1_000, 300, life);
                }
                if every(second, 120) {
                    leak(site, second, 300);
                }
            },
        ),
        Workload::new(
            "under day and night traffic, one a minute",
            &[(0, Unknown), (20 * MIN, Leak)],
            |site, noise, second| {
                if happens(noise, 0.8 * daylight(second)) {
                    site.alloc(second * 1_000, 300, any(noise, 2_000, 40_000));
                }
                if every(second, 60) {
                    leak(site, second, 300);
                }
            },
        ),
        Workload::new(
            "at each reload each 30 min, of 40 blocks",
            &[(0, Unknown), (6 * HOUR, Leak)],
            reload(30 * MIN),
        ),
        Workload::new(
            "at each reload each hour, of 40 blocks",
            &[(0, Unknown), (12 * HOUR, Leak)],
            reload(HOUR),
        ),
        Workload::new(
            "two rates in one: 1/45 s and 10 each 20 min",
            &[(0, Unknown), (20 * MIN, Leak)],
            |site, _, second| {
                if every(second, 45) {
                    leak(site, second, 32);
                }
                if every(second, 1_200) {
                    for _ in 0..10 {
                        leak(site, second, 64);
                    }
                }
            },
        ),
        {
            let mut two = Workload::new(
                "two stacks of one caller: 1/45 s, 1/4 min",
                &[(0, Unknown), (1_000, Leak)],
                |_, _, _| (),
            );
            two.sites = 2;
            two.step = Box::new(|sites, noise, second| {
                requests(&mut sites[0], noise, second, 1, 0);
                if every(second, 45) {
                    leak(&mut sites[0], second, 32);
                }
                if every(second, 240) {
                    leak(&mut sites[1], second, 32);
                }
            });
            two
        },
        Workload::new(
            "queue whose consumer is 2 % too slow",
            &[(0, Unknown), (20 * MIN, Leak)],
            {
                let mut queue = VecDeque::new();
                move |site, noise, second| {
                    queue.push_back(site.alloc(second * 1_000, 100, NEVER));
                    if !noise.once_in(50) {
                        site.free(second * 1_000 + 500, queue.pop_front().unwrap());
                    }
                }
            },
        )
        .told_by_history()
        .for_seconds(6 * HOUR),
        Workload::new(
            "queue emptied by 55 each minute, filled by 60",
            &[(0, Unknown), (15 * MIN, Leak)],
            {
                let mut queue = VecDeque::new();
                move |site, _, second| {
                    queue.push_back(site.alloc(second * 1_000, 100, NEVER));
                    if second % 60 == 59 {
                        for block in queue.drain(..55) {
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        )
        .told_by_history()
        .for_seconds(6 * HOUR),
        Workload::new(
            "half of the sockets stay in close-wait, 1/min",
            &[(0, Unknown), (25 * MIN, Leak)],
            |site, noise, second| {
                if every(second, 60) {
                    let life = if noise.once_in(2) { NEVER } else { 120_000 };
                    site.alloc(second * 1_000, 1_100, life);
                }
            },
        ),
    ]
}

fn pruned(each: u64, prune: u64, leaks: u64) -> impl FnMut(&mut Site, &mut Noise, u64) {
    let mut list = Vec::new();
    move |site, _, second| {
        if second % each == 0 {
            list.push(site.alloc(second * 1_000, 90, NEVER));
        }
        if second % prune == prune - 1 {
            for block in list.drain(..) {
                site.free(second * 1_000 + 500, block);
            }
        }
        if every(second, leaks) {
            leak(site, second, 90);
        }
    }
}

/// Settings that are read anew, the old ones freed but for one.
fn reload(each: u64) -> impl FnMut(&mut Site, &mut Noise, u64) {
    let mut settings = Vec::new();
    move |site, _, second| {
        if second % each == 5 {
            let old = std::mem::take(&mut settings);
            settings.extend((0..40).map(|at| site.alloc(second * 1_000 + at, 60, NEVER)));
            for block in old.into_iter().skip(1) {
                site.free(second * 1_000 + 500, block);
            }
        }
    }
}

fn changing() -> Vec<Workload> {
    vec![
        Workload::new(
            "stops after an hour, 1/10 s",
            &[
                (0, Unknown),
                (1_000, Leak),
                (HOUR, Unknown),
                (75 * MIN, Clean),
            ],
            |site, _, second| {
                if second < HOUR && every(second, 10) {
                    leak(site, second, 64);
                }
            },
        ),
        Workload::new(
            "stops after 3 h under traffic, 1/2 min",
            &[
                (0, Unknown),
                (25 * MIN, Leak),
                (3 * HOUR, Unknown),
                (4 * HOUR, Clean),
            ],
            |site, noise, second| {
                requests(site, noise, second, 1, 0);
                if second < 3 * HOUR && every(second, 120) {
                    leak(site, second, 64);
                }
            },
        ),
        Workload::new(
            "begins at hour 5 under sessions, 1/30 s",
            &[(0, Clean), (5 * HOUR, Unknown), (5 * HOUR + 10 * MIN, Leak)],
            |site, noise, second| {
                if second % 5 == 0 {
                    site.alloc(second * 1_000, 300, any(noise, 10_000, 30_000));
                }
                if second > 5 * HOUR && every(second, 30) {
                    leak(site, second, 300);
                }
            },
        ),
        Workload::new(
            "begins at hour 6 under sessions of 30 min, 1/30 s",
            &[
                (0, Unknown),
                (HOUR, Clean),
                (6 * HOUR, Unknown),
                (8 * HOUR, Leak),
            ],
            |site, noise, second| {
                if second % 30 == 0 {
                    site.alloc(second * 1_000, 300, any(noise, 600_000, 1_800_000));
                }
                if second > 6 * HOUR && every(second, 30) {
                    leak(site, second, 300);
                }
            },
        ),
        Workload::new(
            "begins at hour 4 above 60 old blocks, 1/min",
            &[
                (0, Unknown),
                (10 * MIN, Clean),
                (4 * HOUR, Unknown),
                (4 * HOUR + 1_000, Leak),
            ],
            |site, _, second| {
                if second < 60 || (second > 4 * HOUR && every(second, 60)) {
                    leak(site, second, 100);
                }
            },
        ),
        Workload::new(
            "by day only, one in 2 min from 8 to 20 h",
            &[
                (0, Clean),
                (8 * HOUR, Unknown),
                (8 * HOUR + 25 * MIN, Leak),
                (20 * HOUR, Unknown),
            ],
            |site, noise, second| {
                if (8 * HOUR..20 * HOUR).contains(&second) {
                    requests(site, noise, second, 1, 0);
                    if every(second, 120) {
                        leak(site, second, 100);
                    }
                }
            },
        ),
        Workload::new(
            "faster each 2 h, from one in 10 min",
            &[(0, Unknown), (100 * MIN, Leak)],
            |site, _, second| {
                if every(second, (600 >> (second / (2 * HOUR)).min(8)).max(2)) {
                    leak(site, second, 100);
                }
            },
        ),
        Workload::new(
            "slower from hour 4: 1/min, then 1/5 min",
            &[
                (0, Unknown),
                (1_000, Leak),
                (4 * HOUR, Unknown),
                (4 * HOUR + 40 * MIN, Leak),
            ],
            |site, _, second| {
                if every(second, if second < 4 * HOUR { 60 } else { 300 }) {
                    leak(site, second, 100);
                }
            },
        ),
        Workload::new(
            "slower from hour 2 under traffic: 1/5 s, 1/10 min",
            &[
                (0, Unknown),
                (5 * MIN, Leak),
                (2 * HOUR, Unknown),
                (4 * HOUR, Leak),
            ],
            |site, noise, second| {
                requests(site, noise, second, 1, 0);
                if every(second, if second < 2 * HOUR { 5 } else { 600 }) {
                    leak(site, second, 100);
                }
            },
        ),
        Workload::new(
            "1 in 1000 of 2/s, with a storm at hour 5",
            &[(0, Unknown), (2 * HOUR, Leak)],
            |site, noise, second| {
                let is_storm = (5 * HOUR..5 * HOUR + 600).contains(&second);
                requests(site, noise, second, 2, if is_storm { 2 } else { 1_000 });
            },
        ),
        Workload::new(
            "job of 20 min each 2 h that leaks 1/10 s",
            &[(0, Unknown), (6 * HOUR + 20 * MIN, Leak)],
            |site, noise, second| {
                if second % (2 * HOUR) < 20 * MIN {
                    requests(site, noise, second, 1, 0);
                    if every(second, 10) {
                        leak(site, second, 100);
                    }
                }
            },
        ),
        Workload::new(
            "visits of 5 min each 40 min that leak 6",
            &[(0, Unknown), (4 * HOUR, Leak)],
            |site, noise, second| {
                let since = second % 2_400;
                if since < 300 {
                    requests(site, noise, second, 3, 0);
                    if since % 50 == 0 {
                        leak(site, second, 100);
                    }
                }
            },
        ),
        Workload::new(
            "above a working set that grows by day",
            &[(0, Unknown), (90 * MIN, Leak)],
            |site, noise, second| {
                if happens(noise, 0.02 + 0.3 * daylight(second)) {
                    site.alloc(second * 1_000, 250, any(noise, 60_000, 600_000));
                }
                if every(second, 150) {
                    leak(site, second, 250);
                }
            },
        ),
    ]
}

fn watched_oddly() -> Vec<Workload> {
    vec![
        Workload::new(
            "1/20 s, paused for 10 min of each hour",
            &[(0, Unknown), (1_000, Leak)],
            |site, _, second| {
                if every(second, 20) {
                    leak(site, second, 100);
                }
            },
        )
        .with(|view| {
            view.pauses = (0..6)
                .map(|hour| (hour * HOUR + 3_000, hour * HOUR + 3_600))
                .collect()
        })
        .for_seconds(6 * HOUR + 3_000),
        Workload::new(
            "1/30 s under traffic, page cut off for an hour",
            &[(0, Unknown), (6 * MIN, Leak)],
            |site, noise, second| {
                requests(site, noise, second, 2, 0);
                if every(second, 30) {
                    leak(site, second, 100);
                }
            },
        )
        .with(|view| {
            view.answers = |second| second % (2 * HOUR) < HOUR && (second * 7_919) % 13 < 9
        }),
        Workload::new(
            "begins while the page is cut off for an hour",
            &[(0, Clean), (90 * MIN, Unknown), (2 * HOUR, Leak)],
            |site, noise, second| {
                requests(site, noise, second, 2, 0);
                if second > 90 * MIN && every(second, 60) {
                    leak(site, second, 100);
                }
            },
        )
        .with(|view| view.answers = |second| !(HOUR..2 * HOUR).contains(&second)),
        Workload::new(
            "one in 5 min under traffic, opened at hour 3",
            &[(3 * HOUR, Leak)],
            |site, noise, second| {
                requests(site, noise, second, 2, 0);
                if every(second, 300) {
                    leak(site, second, 100);
                }
            },
        )
        .with(|view| view.from = 3 * HOUR),
        Workload::new(
            "began at 2:30 above 30 old, opened at hour 3",
            &[(3 * HOUR, Leak)],
            |site, _, second| {
                if second < 30 || (second > 150 * MIN && every(second, 60)) {
                    leak(site, second, 100);
                }
            },
        )
        .with(|view| view.from = 3 * HOUR),
        Workload::new(
            "behind an lru of 64, opened at hour 3",
            &[(3 * HOUR, Leak)],
            {
                let mut lru = VecDeque::new();
                move |site, _, second| {
                    if second % 10 == 0 {
                        lru.push_back(site.alloc(second * 1_000, 128, NEVER));
                        if lru.len() > 64 {
                            site.free(second * 1_000, lru.pop_front().unwrap());
                        }
                    }
                    if every(second, 60) {
                        leak(site, second, 128);
                    }
                }
            },
        )
        .with(|view| view.from = 3 * HOUR),
        Workload::new(
            "1/min, traced anew at hour 2",
            &[
                (0, Unknown),
                (1_000, Leak),
                (2 * HOUR, Unknown),
                (2 * HOUR + 1_000, Leak),
            ],
            |site, _, second| {
                if every(second, 60) {
                    leak(site, second, 100);
                }
            },
        )
        .with(|view| view.restart = Some(2 * HOUR)),
        Workload::new(
            "1/10 s in a heavy tail of sessions, for a day",
            &[(0, Unknown), (14 * HOUR, Leak)],
            |site, noise, second| {
                if second % 10 == 0 {
                    let life = pareto(noise, 1_000, 4 * HOUR * 1_000);
                    site.alloc(second * 1_000, 500, life);
                }
                if every(second, 600) {
                    leak(site, second, 500);
                }
            },
        )
        .for_seconds(DAY),
    ]
}

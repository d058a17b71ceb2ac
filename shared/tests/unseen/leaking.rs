//! Call sites that leak in ways that no rule was made with. Long, for it is a list: each stands for itself.

use std::collections::VecDeque;

use super::traffic;
use crate::firmware::Truth::{Clean, Leak, Unknown};
use crate::firmware::site::{NEVER, Site};
use crate::firmware::{DAY, HOUR, MIN, Workload, any, daylight, every, happens, keep};
use crate::workloads::Noise;

pub(crate) fn all() -> Vec<Workload> {
    let mut all = at_a_pace();
    all.extend(at_events());
    all.extend(in_part());
    all.extend(queues());
    all
}

fn at_a_pace() -> Vec<Workload> {
    vec![
        Workload::new(
            "one in 4 s under 3 requests a second",
            &[(0, Unknown), (3 * MIN, Leak)],
            |site, noise, second| {
                traffic(site, noise, second, 3);
                if every(second, 4) {
                    keep(site, second, 48);
                }
            },
        )
        .for_seconds(4 * HOUR),
        Workload::new(
            "one in 10 min, and nothing else",
            &[(0, Unknown), (100 * MIN, Leak)],
            |site, _, second| {
                if every(second, 600) {
                    keep(site, second, 64);
                }
            },
        ),
        Workload::new(
            "3 a second of growing size",
            &[(0, Unknown), (150, Leak)],
            |site, _, second| {
                for _ in 0..3 {
                    keep(site, second, 16 + second / 4);
                }
            },
        )
        .for_seconds(HOUR),
        Workload::new(
            "one in 2 min of growing size",
            &[(0, Unknown), (25 * MIN, Leak)],
            |site, _, second| {
                if every(second, 120) {
                    keep(site, second, 100 + second / 60);
                }
            },
        ),
        Workload::new(
            "from hour 3 on, one a minute under sessions of 5 min",
            &[
                (0, Unknown),
                (15 * MIN, Clean),
                (3 * HOUR, Unknown),
                (3 * HOUR + 30 * MIN, Leak),
            ],
            |site, noise, second| {
                if happens(noise, 0.1) {
                    site.alloc(second * 1_000, 700, any(noise, 20_000, 300_000));
                }
                if second > 3 * HOUR && every(second, 60) {
                    keep(site, second, 700);
                }
            },
        ),
        Workload::new(
            "one in 15 s until hour 2",
            &[
                (0, Unknown),
                (1_000, Leak),
                (2 * HOUR, Unknown),
                (2 * HOUR + 20 * MIN, Clean),
            ],
            |site, _, second| {
                if second < 2 * HOUR && every(second, 15) {
                    keep(site, second, 90);
                }
            },
        ),
        Workload::new(
            "names of unbounded number, 1/20 s by chance",
            &[(0, Unknown), (20 * MIN, Leak)],
            |site, noise, second| {
                if happens(noise, 0.05) {
                    keep(site, second, any(noise, 8, 40));
                }
            },
        ),
        Workload::new(
            "by day, one in 2 min on average",
            &[(0, Unknown), (5 * HOUR, Leak)],
            |site, noise, second| {
                if happens(noise, daylight(second)) {
                    traffic(site, noise, second, 1);
                }
                if happens(noise, daylight(second) / 60.0) {
                    keep(site, second, 120);
                }
            },
        ),
        Workload::new(
            "behind a cache that fills to 100 in 20 min, one in 2 min",
            &[(0, Unknown), (3 * HOUR, Leak)],
            |site, noise, second| {
                let is_miss = second < 1_200 && happens(noise, 1.0 / 12.0);
                if is_miss || every(second, 120) {
                    keep(site, second, 80);
                }
            },
        ),
    ]
}

fn at_events() -> Vec<Workload> {
    vec![
        Workload::new(
            "a cycle of 6 at each dialog, by chance each 7 min",
            &[(0, Unknown), (80 * MIN, Leak)],
            |site, noise, second| {
                if happens(noise, 1.0 / 420.0) {
                    let life = any(noise, 3_000, 60_000);
                    for at in 0..26 {
                        let life = if at < 6 { NEVER } else { life };
                        site.alloc(second * 1_000 + at, 40, life);
                    }
                }
            },
        ),
        Workload::new(
            "a listener at each reconnect, by chance each 15 min",
            &[(0, Unknown), (4 * HOUR, Leak)],
            |site, noise, second| {
                if happens(noise, 1.0 / 900.0) {
                    keep(site, second, 24);
                }
            },
        ),
        Workload::new(
            "the stack of a task each 20 min",
            &[(0, Unknown), (200 * MIN, Leak)],
            |site, _, second| {
                if every(second, 1_200) {
                    keep(site, second, 4_096);
                }
            },
        ),
        Workload::new(
            "each timer of 60 that is cancelled",
            &[(0, Unknown), (15 * MIN, Leak)],
            |site, noise, second| {
                let life = match noise.once_in(60) {
                    true => NEVER,
                    false => any(noise, 1_000, 10_000),
                };
                site.alloc(second * 1_000, 32, life);
            },
        ),
        Workload::new(
            "one of 6 blocks of a connection, 1/30 s by chance",
            &[(0, Unknown), (20 * MIN, Leak)],
            |site, noise, second| {
                if happens(noise, 1.0 / 30.0) {
                    let life = any(noise, 10_000, 120_000);
                    for at in 0..5 {
                        site.alloc(second * 1_000 + at, 200, life + at * 3);
                    }
                    keep(site, second, 200);
                }
            },
        ),
        Workload::new(
            "one of 8 chunks of a log at each turn of 30 min",
            &[(0, Unknown), (6 * HOUR, Leak)],
            {
                let mut chunks = Vec::new();
                move |site: &mut Site, _: &mut Noise, second: u64| {
                    if second % 1_800 == 20 {
                        for block in chunks.drain(..).skip(1) {
                            site.free(second * 1_000, block);
                        }
                        chunks.extend((0..8).map(|_| keep(site, second, 1_024)));
                    }
                }
            },
        ),
        Workload::new(
            "3 of 30 blocks of an hourly job",
            &[(0, Unknown), (5 * HOUR, Leak)],
            |site, _, second| {
                if every(second, HOUR) {
                    for at in 0..30 {
                        let life = if at % 10 == 0 { NEVER } else { 30_000 };
                        site.alloc(second * 1_000 + at, 256, life);
                    }
                }
            },
        ),
        Workload::new(
            "by chance each 45 min under a request a second",
            &[(0, Unknown), (9 * HOUR, Leak)],
            |site, noise, second| {
                traffic(site, noise, second, 1);
                if happens(noise, 1.0 / 2_700.0) {
                    keep(site, second, 128);
                }
            },
        ),
        Workload::new(
            "one of 20 results of a scan each 5 min",
            &[(0, Unknown), (70 * MIN, Leak)],
            |site, _, second| {
                if every(second, 300) {
                    for at in 0..20 {
                        let life = if at == 7 { NEVER } else { 299_500 };
                        site.alloc(second * 1_000 + at, 96, life);
                    }
                }
            },
        ),
        Workload::new(
            "chunks of a pool, each tenth never given back",
            &[(0, Unknown), (2 * HOUR, Leak)],
            {
                let mut nth = 0u64;
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    if every(second, 48) {
                        nth += 1;
                        let life = match nth.is_multiple_of(10) {
                            true => NEVER,
                            false => any(noise, 60_000, 180_000),
                        };
                        site.alloc(second * 1_000, 8_192, life);
                    }
                }
            },
        ),
        Workload::new(
            "50 blocks at an outage each 3 h",
            &[(0, Unknown), (10 * HOUR + 5 * MIN, Leak)],
            |site, _, second| {
                if second % (3 * HOUR) > HOUR && second % (3 * HOUR) <= HOUR + 50 {
                    keep(site, second, 150);
                }
            },
        ),
    ]
}

fn in_part() -> Vec<Workload> {
    vec![
        Workload::new(
            "one path of 40, 4 requests a second of up to 30 s",
            &[(0, Unknown), (10 * MIN, Leak)],
            |site, noise, second| {
                for at in 0..4 {
                    let life = match noise.once_in(40) {
                        true => NEVER,
                        false => any(noise, 1_000, 30_000),
                    };
                    site.alloc(second * 1_000 + at, 300, life);
                }
            },
        )
        .for_seconds(6 * HOUR),
        Workload::new(
            "each third message of 1/10 s",
            &[(0, Unknown), (6 * MIN, Leak)],
            |site, _, second| {
                if every(second, 10) {
                    let is_kept = (second / 10).is_multiple_of(3);
                    let life = if is_kept { NEVER } else { 100 };
                    site.alloc(second * 1_000, 80, life);
                }
            },
        ),
        Workload::new(
            "a tenth of a queue of 30 at 1/s",
            &[(0, Unknown), (12 * MIN, Leak)],
            {
                let mut queue = VecDeque::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    let block = keep(site, second, 100);
                    if !noise.once_in(10) {
                        queue.push_back(block);
                    }
                    if queue.len() > 30 {
                        site.free(second * 1_000 + 500, queue.pop_front().unwrap());
                    }
                }
            },
        )
        .for_seconds(12 * HOUR),
        Workload::new(
            "1 in 20 of an lru of 128 at 1/6 s",
            &[(0, Unknown), (2 * HOUR, Leak)],
            {
                let mut lru = VecDeque::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    if every(second, 6) {
                        let block = keep(site, second, 100);
                        if !noise.once_in(20) {
                            lru.push_back(block);
                        }
                        if lru.len() > 128 {
                            site.free(second * 1_000 + 500, lru.pop_front().unwrap());
                        }
                    }
                }
            },
        ),
        Workload::new(
            "1/10 s, of which one in ten is freed at any age",
            &[(0, Unknown), (2 * HOUR, Leak)],
            freed_at_any_age(10, 10),
        ),
        Workload::new(
            "1/30 s, of which a third is freed at any age",
            &[(0, Unknown), (4 * HOUR, Leak)],
            freed_at_any_age(30, 3),
        ),
    ]
}

/// A block in so many seconds; with one of so many, any older one is freed.
fn freed_at_any_age(each: u64, one_in: u64) -> impl FnMut(&mut Site, &mut Noise, u64) {
    let mut held = Vec::new();
    move |site, noise, second| {
        if every(second, each) {
            held.push(keep(site, second, 100));
            if noise.once_in(one_in) {
                let nth = noise.below(held.len() as u64) as usize;
                let block = held.swap_remove(nth);
                site.free(second * 1_000 + 500, block);
            }
        }
    }
}

fn queues() -> Vec<Workload> {
    vec![
        Workload::new(
            "queue of 1/6 s emptied by 90 each 10 min",
            &[(0, Unknown), (100 * MIN, Leak)],
            in_batches(6, 600, 90),
        )
        .told_by_history(),
        Workload::new(
            "queue of 1/min emptied by 50 each hour",
            &[(0, Unknown), (7 * HOUR, Leak)],
            in_batches(60, HOUR, 50),
        )
        .told_by_history(),
        Workload::new(
            "queue of 1/s emptied by 240 each 5 min",
            &[(0, Unknown), (40 * MIN, Leak)],
            in_batches(1, 300, 240),
        )
        .told_by_history()
        .for_seconds(6 * HOUR),
        Workload::new(
            "queue of 2/s whose consumer is 5 % too slow",
            &[(0, Unknown), (75 * MIN, Leak)],
            {
                let mut queue = VecDeque::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    for _ in 0..noise.below(5) {
                        queue.push_back(keep(site, second, 60));
                    }
                    for _ in 0..noise.below(5) {
                        let is_slow = noise.once_in(20);
                        if let Some(block) = (!is_slow).then(|| queue.pop_front()).flatten() {
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        )
        .told_by_history()
        .for_seconds(6 * HOUR),
    ]
    .into_iter()
    .map(|workload| Workload {
        seconds: workload.seconds.min(DAY),
        ..workload
    })
    .collect()
}

/// A queue that gets a block in so many seconds, and gives back so many at once from time to time.
fn in_batches(each: u64, period: u64, batch: usize) -> impl FnMut(&mut Site, &mut Noise, u64) {
    let mut queue = VecDeque::new();
    move |site, _, second| {
        if every(second, each) {
            queue.push_back(keep(site, second, 100));
        }
        if second % period == period - 1 {
            for block in queue.drain(..batch.min(queue.len())) {
                site.free(second * 1_000 + 500, block);
            }
        }
    }
}

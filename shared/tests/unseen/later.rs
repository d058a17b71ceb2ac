//! Call sites that were written when the rules were as they are: what was changed for others was not changed for these. Long, for it
//! is a list: each stands for itself.

use std::collections::VecDeque;

use super::clean::flushed;
use super::traffic;
use crate::firmware::Truth::{Clean, Leak, Unknown};
use crate::firmware::site::{Block, NEVER, Site};
use crate::firmware::{DAY, HOUR, MIN, Workload, any, daylight, every, happens, keep};
use crate::workloads::Noise;

pub(crate) fn all() -> Vec<Workload> {
    let mut all = leaking();
    all.extend(in_bursts());
    all.extend(clean());
    all.extend(held());
    all
}

fn leaking() -> Vec<Workload> {
    vec![
        Workload::new(
            "one in 25 s under 20 requests in a burst each 5 s",
            &[(0, Unknown), (8 * MIN, Leak)],
            |site, noise, second| {
                if every(second, 5) {
                    traffic(site, noise, second, 20);
                }
                if every(second, 25) {
                    keep(site, second, 60);
                }
            },
        )
        .for_seconds(8 * HOUR),
        Workload::new(
            "one in 8 min that is twice as large each 4 h",
            &[(0, Unknown), (80 * MIN, Leak)],
            |site, _, second| {
                if every(second, 480) {
                    keep(site, second, 64 << (second / (4 * HOUR)));
                }
            },
        ),
        Workload::new(
            "by chance, one in 5 min, above a boot of 80",
            &[(0, Unknown), (2 * HOUR + 30 * MIN, Leak)],
            |site, noise, second| {
                let is_boot = second < 80;
                if is_boot || happens(noise, 1.0 / 300.0) {
                    keep(site, second, 100);
                }
            },
        ),
        Workload::new(
            "from hour 7 on, one in 5 min under a flush each 20 min",
            &[
                (0, Unknown),
                (21 * MIN, Clean),
                (7 * HOUR, Unknown),
                (9 * HOUR, Leak),
            ],
            {
                let mut list = Vec::new();
                move |site: &mut Site, _: &mut Noise, second: u64| {
                    if every(second, 10) {
                        list.push(keep(site, second, 80));
                    }
                    if second % 1_200 == 1_199 {
                        for block in list.drain(..) {
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                    if second > 7 * HOUR && every(second, 300) {
                        keep(site, second, 80);
                    }
                }
            },
        ),
        Workload::new(
            "2 of 9 blocks of each websocket, 1/2 min by chance",
            &[(0, Unknown), (40 * MIN, Leak)],
            |site, noise, second| {
                if happens(noise, 1.0 / 120.0) {
                    let life = any(noise, 5_000, 400_000);
                    for at in 0..9 {
                        let life = if at < 2 { NEVER } else { life };
                        site.alloc(second * 1_000 + at, 250, life);
                    }
                }
            },
        ),
        Workload::new(
            "a request in 100 whose client goes away, 1/s of up to 10 s",
            &[(0, Unknown), (25 * MIN, Leak)],
            |site, noise, second| {
                let life = match noise.once_in(100) {
                    true => NEVER,
                    false => any(noise, 100, 10_000),
                };
                site.alloc(second * 1_000, 400, life);
            },
        ),
        Workload::new(
            "1/20 s, of which one in six is freed at any age",
            &[(0, Unknown), (3 * HOUR, Leak)],
            {
                let mut held = Vec::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    if every(second, 20) {
                        held.push(keep(site, second, 100));
                        if noise.once_in(6) {
                            let nth = noise.below(held.len() as u64) as usize;
                            site.free(second * 1_000 + 500, held.swap_remove(nth));
                        }
                    }
                }
            },
        ),
        Workload::new(
            "one in a minute for 90 min, then none",
            &[
                (0, Unknown),
                (1_000, Leak),
                (90 * MIN, Unknown),
                (110 * MIN, Clean),
            ],
            |site, noise, second| {
                if every(second, 3) {
                    traffic(site, noise, second, 1);
                }
                if second < 90 * MIN && every(second, 60) {
                    keep(site, second, 100);
                }
            },
        ),
    ]
}

fn in_bursts() -> Vec<Workload> {
    vec![
        Workload::new(
            "14 blocks at each sync, each 45 min, of 60",
            &[(0, Unknown), (5 * HOUR, Leak)],
            |site, _, second| {
                if every(second, 2_700) {
                    for at in 0..60 {
                        let life = if at % 4 == 0 && at > 4 { NEVER } else { 20_000 };
                        site.alloc(second * 1_000 + at, 120, life);
                    }
                }
            },
        ),
        Workload::new(
            "an alarm at any time of day, 10 in a day, 5 blocks each",
            &[(0, Unknown), (18 * HOUR, Leak)],
            |site, noise, second| {
                if happens(noise, 10.0 / DAY as f64) {
                    for _ in 0..5 {
                        keep(site, second, 90);
                    }
                }
            },
        ),
        Workload::new(
            "queue of 3/min emptied by 80 each 30 min",
            &[(0, Unknown), (5 * HOUR, Leak)],
            {
                let mut queue = VecDeque::new();
                move |site: &mut Site, _: &mut Noise, second: u64| {
                    if every(second, 20) {
                        queue.push_back(keep(site, second, 100));
                    }
                    if second % 1_800 == 1_700 {
                        for block in queue.drain(..80.min(queue.len())) {
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        )
        .told_by_history(),
        Workload::new(
            "queue of 1/2 s by chance, 30 a minute less one in 8",
            &[(0, Unknown), (2 * HOUR, Leak)],
            {
                let mut queue = VecDeque::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    if happens(noise, 0.5) {
                        queue.push_back(keep(site, second, 100));
                    }
                    if second % 60 == 59 {
                        for _ in 0..30 {
                            let is_slow = noise.once_in(8);
                            if let Some(block) = (!is_slow).then(|| queue.pop_front()).flatten() {
                                site.free(second * 1_000 + 500, block);
                            }
                        }
                    }
                }
            },
        )
        .told_by_history()
        .for_seconds(8 * HOUR),
    ]
}

fn clean() -> Vec<Workload> {
    vec![
        Workload::new(
            "flushed each 2 h, 1/40 s by chance",
            &[(0, Unknown), (2 * HOUR + MIN, Clean)],
            flushed(2 * HOUR, |_| 1.0 / 40.0),
        ),
        Workload::new(
            "flushed each 30 min, 3/min by chance",
            &[(0, Unknown), (31 * MIN, Clean)],
            flushed(1_800, |_| 0.05),
        ),
        Workload::new(
            "ring of 90 at 1/40 s beside requests",
            &[(0, Unknown), (65 * MIN, Clean)],
            {
                let mut ring = VecDeque::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    traffic(site, noise, second, 1);
                    if every(second, 40) {
                        ring.push_back(keep(site, second, 64));
                        if ring.len() > 90 {
                            site.free(second * 1_000 + 500, ring.pop_front().unwrap());
                        }
                    }
                }
            },
        ),
        Workload::new(
            "arp table of 40 hosts, each for 20 min since it was heard",
            &[(0, Unknown), (HOUR, Clean)],
            {
                let mut hosts: Vec<Option<(u64, Block)>> = vec![None; 40];
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    if every(second, 12) {
                        let host = noise.below(40) as usize;
                        match &mut hosts[host] {
                            Some((heard, _)) => *heard = second,
                            none => *none = Some((second, keep(site, second, 48))),
                        }
                    }
                    for host in &mut hosts {
                        if let Some((_, block)) = host.take_if(|(heard, _)| *heard + 1_200 < second)
                        {
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        ),
        Workload::new(
            "retries while there is no network, 10 min each 5 h",
            &[(0, Clean), (HOUR, Unknown), (HOUR + 12 * MIN, Clean)],
            {
                let mut waiting = VecDeque::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    traffic(site, noise, second, 2);
                    let is_down = (HOUR..HOUR + 600).contains(&(second % (5 * HOUR)));
                    if is_down && every(second, 8) {
                        waiting.push_back(keep(site, second, 300));
                    } else if !is_down {
                        for block in waiting.drain(..1.min(waiting.len())) {
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        ),
        Workload::new(
            "fonts and pages of a display, 24 by chance in 10 min",
            &[(0, Unknown), (20 * MIN, Clean)],
            {
                let mut left = 24;
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    if left > 0 && happens(noise, f64::from(left) / 240.0) {
                        left -= 1;
                        keep(site, second, 2_000);
                    }
                }
            },
        ),
        Workload::new(
            "a vector that is pushed to 20 times a day, and requests",
            &[(0, Clean)],
            {
                let mut vector: Option<(u64, Block)> = None;
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    traffic(site, noise, second, 2);
                    if every(second, DAY / 20) {
                        let (size, old) = vector.take().unzip();
                        let size = size.unwrap_or(32) + 32;
                        vector = Some((size, keep(site, second, size)));
                        if let Some(old) = old {
                            site.free(second * 1_000 + 200, old);
                        }
                    }
                }
            },
        ),
        Workload::new(
            "readings, sent by 50, of which 10 are kept for the next time",
            &[(0, Unknown), (20 * MIN, Clean)],
            {
                let mut readings = VecDeque::new();
                move |site: &mut Site, _: &mut Noise, second: u64| {
                    if every(second, 6) {
                        readings.push_back(keep(site, second, 40));
                    }
                    if readings.len() > 60 {
                        for block in readings.drain(..50) {
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        ),
    ]
}

fn held() -> Vec<Workload> {
    vec![
        Workload::new(
            "streams of 40 min, one in 6 min by day",
            &[(0, Unknown), (4 * HOUR, Clean)],
            |site, noise, second| {
                if happens(noise, 0.0005 + daylight(second) / 360.0) {
                    let life = any(noise, 1_800, 2_400) * 1_000;
                    site.alloc(second * 1_000, 1_500, life);
                }
            },
        ),
        Workload::new(
            "tokens of 24 users for an hour each",
            &[(0, Unknown), (70 * MIN, Clean)],
            |site, noise, second| {
                if happens(noise, 24.0 / 3_600.0) {
                    site.alloc(second * 1_000, 200, 3_600_000);
                }
            },
        ),
        Workload::new(
            "a download of 6 MB in 25 min, once, at hour 4",
            &[
                (0, Clean),
                (4 * HOUR, Unknown),
                (4 * HOUR + 27 * MIN, Clean),
            ],
            |site, noise, second| {
                traffic(site, noise, second, 1);
                let since = second.saturating_sub(4 * HOUR);
                if second >= 4 * HOUR && since < 1_500 && every(second, 15) {
                    site.alloc(second * 1_000, 65_536, (1_501 - since) * 1_000);
                }
            },
        ),
        Workload::new(
            "jobs of 1 s to 15 min, two in a minute",
            &[(0, Unknown), (20 * MIN, Clean)],
            |site, noise, second| {
                if happens(noise, 1.0 / 30.0) {
                    let life = 1_000 << noise.below(10);
                    site.alloc(second * 1_000, 700, life + any(noise, 0, life));
                }
            },
        ),
        Workload::new(
            "lru of 64 hit by a hundred keys, 1/5 s",
            &[(0, Unknown), (15 * MIN, Clean)],
            {
                let mut used: Vec<(u64, u64, Block)> = Vec::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    if !every(second, 5) {
                        return;
                    }
                    let key = noise.below(100);
                    if let Some(entry) = used.iter_mut().find(|entry| entry.0 == key) {
                        entry.1 = second;
                        return;
                    }
                    used.push((key, second, keep(site, second, 256)));
                    if used.len() > 64 {
                        let oldest = (0..used.len()).min_by_key(|at| used[*at].1).unwrap();
                        let (_, _, block) = used.swap_remove(oldest);
                        site.free(second * 1_000 + 500, block);
                    }
                }
            },
        ),
    ]
}

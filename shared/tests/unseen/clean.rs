//! Call sites that give back what they take, or take no more, in ways that no rule was made with. Long, for it is a list: each stands
//! for itself.

use std::collections::{BTreeMap, VecDeque};

use super::traffic;
use crate::firmware::Truth::{Clean, Unknown};
use crate::firmware::site::{Block, Site};
use crate::firmware::{HOUR, MIN, Workload, any, daylight, every, happens, keep};
use crate::workloads::Noise;

pub(crate) fn all() -> Vec<Workload> {
    let mut all = fills();
    all.extend(batches());
    all.extend(renewed());
    all.extend(held_for_long());
    all
}

fn fills() -> Vec<Workload> {
    vec![
        Workload::new(
            "5 min of warming up, then little traffic",
            &[(0, Unknown), (10 * MIN, Clean)],
            |site, noise, second| {
                if second < 300 && happens(noise, 1.5 - second as f64 / 200.0) {
                    keep(site, second, 60);
                }
                if every(second, 20) {
                    traffic(site, noise, second, 1);
                }
            },
        ),
        Workload::new(
            "30 statics at the first use of features, in 40 min",
            &[(0, Unknown), (HOUR, Clean)],
            |site, noise, second| {
                let left = 40.0 - second as f64 / 60.0;
                if left > 0.0 && happens(noise, left / 40.0 * 60.0 / 2_400.0) {
                    keep(site, second, 200);
                }
            },
        ),
        Workload::new(
            "lru of 480 that fills in 4 h",
            &[(0, Unknown), (4 * HOUR + 5 * MIN, Clean)],
            lru(480, 30),
        ),
        Workload::new(
            "ring of 1000 at 1/s",
            &[(0, Unknown), (1_010, Clean)],
            lru(1_000, 1),
        )
        .for_seconds(6 * HOUR),
        Workload::new(
            "ring of 32 at 1/min",
            &[(0, Unknown), (34 * MIN, Clean)],
            lru(32, 60),
        ),
        Workload::new(
            "cache of 150 that gives up any, 1/15 s",
            &[(0, Unknown), (45 * MIN, Clean)],
            {
                let mut cache = Vec::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    if every(second, 15) {
                        cache.push(keep(site, second, 300));
                        if cache.len() > 150 {
                            let nth = noise.below(150) as usize;
                            let block = cache.swap_remove(nth);
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        ),
        Workload::new(
            "tls sessions of 20 hosts for 2 h each",
            &[(0, Unknown), (130 * MIN, Clean)],
            {
                let mut sessions: VecDeque<(u64, Block)> = VecDeque::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    while sessions.front().is_some_and(|(end, _)| *end <= second)
                        || sessions.len() > 20
                    {
                        let (_, block) = sessions.pop_front().unwrap();
                        site.free(second * 1_000, block);
                    }
                    if happens(noise, 1.0 / 300.0) {
                        sessions.push_back((second + 2 * HOUR, keep(site, second, 1_200)));
                    }
                }
            },
        ),
        Workload::new(
            "map of 512 that doubles until it has all, 45 min",
            &[(0, Unknown), (HOUR, Clean)],
            {
                let (mut entries, mut table) = (0u64, None);
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    if happens(noise, 1.0 - entries as f64 / 512.0) && second < 2_700 {
                        entries += 1;
                        keep(site, second, 32);
                        if entries.is_power_of_two() {
                            let larger = keep(site, second, 16 * entries);
                            if let Some(old) = table.replace(larger) {
                                site.free(second * 1_000 + 200, old);
                            }
                        }
                    }
                }
            },
        ),
        Workload::new(
            "undo of 50 steps, 20 at each visit each 2 h",
            &[(0, Unknown), (6 * HOUR + 25 * MIN, Clean)],
            {
                let mut undo = VecDeque::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    let since = second % (2 * HOUR);
                    if (1_200..1_500).contains(&since) && happens(noise, 1.0 / 15.0) {
                        undo.push_back(keep(site, second, 90));
                    }
                    if undo.len() > 50 {
                        site.free(second * 1_000 + 500, undo.pop_front().unwrap());
                    }
                }
            },
        ),
        Workload::new(
            "32 clients that join by chance and stay for 2 to 8 h",
            &[(0, Unknown), (9 * HOUR, Clean)],
            {
                let mut leave: Vec<u64> = Vec::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    leave.retain(|end| *end > second);
                    if leave.len() < 32 && happens(noise, 1.0 / 360.0) {
                        let life = any(noise, 2 * HOUR, 8 * HOUR);
                        leave.push(second + life);
                        site.alloc(second * 1_000, 800, life * 1_000);
                    }
                }
            },
        ),
    ]
}

/// A cache or ring that gives up the oldest, with a block in so many seconds.
fn lru(room: usize, each: u64) -> impl FnMut(&mut Site, &mut Noise, u64) {
    let mut lru = VecDeque::new();
    move |site, _, second| {
        if every(second, each) {
            lru.push_back(keep(site, second, 128));
            if lru.len() > room {
                site.free(second * 1_000 + 500, lru.pop_front().unwrap());
            }
        }
    }
}

fn batches() -> Vec<Workload> {
    vec![
        Workload::new(
            "flushed each 10 min, 1/2 s",
            &[(0, Unknown), (630, Clean)],
            flushed(600, |_| 0.5),
        ),
        Workload::new(
            "flushed each hour, 1/20 s",
            &[(0, Unknown), (61 * MIN, Clean)],
            flushed(HOUR, |_| 0.05),
        ),
        Workload::new(
            "flushed each 6 h, 1/3 min",
            &[(0, Unknown), (6 * HOUR + MIN, Clean)],
            flushed(6 * HOUR, |_| 1.0 / 180.0),
        ),
        Workload::new(
            "flushed each 10 min, ten times as much by day",
            &[(0, Unknown), (11 * MIN, Clean)],
            flushed(600, |second| 0.05 + 0.5 * daylight(second)),
        ),
        Workload::new(
            "log of a shift of 3 h, 1/min",
            &[(0, Unknown), (3 * HOUR + MIN, Clean)],
            flushed(3 * HOUR, |_| 1.0 / 60.0),
        ),
        Workload::new(
            "sent at 64 or each 15 min, by day",
            &[(0, Unknown), (16 * MIN, Clean)],
            {
                let (mut batch, mut sent) = (Vec::new(), 0);
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    if happens(noise, 0.01 + 0.4 * daylight(second)) {
                        batch.push(keep(site, second, 100));
                    }
                    if batch.len() >= 64 || second >= sent + 900 {
                        sent = second;
                        for block in batch.drain(..) {
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        ),
        Workload::new(
            "statistics of each hour, dropped at hour 14",
            &[(0, Unknown), (14 * HOUR + MIN, Clean)],
            |site, _, second| {
                let left = (14 * HOUR).saturating_sub(second);
                if every(second, HOUR) {
                    let life = if left > 0 { left } else { 24 * HOUR };
                    site.alloc(second * 1_000, 400, life * 1_000);
                }
            },
        ),
        Workload::new(
            "garbage swept at 600, of which a fifth stays",
            &[(0, Unknown), (10 * MIN, Clean)],
            {
                let mut heap = Vec::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    heap.extend((0..3).map(|_| keep(site, second, 24)));
                    if heap.len() > 600 {
                        for _ in 0..480 {
                            let nth = noise.below(heap.len() as u64) as usize;
                            let block = heap.swap_remove(nth);
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        )
        .for_seconds(12 * HOUR),
        Workload::new(
            "garbage whose limit doubles to 800, 1/s",
            &[(0, Unknown), (40 * MIN, Clean)],
            {
                let (mut heap, mut limit) = (Vec::new(), 100);
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    heap.push(keep(site, second, 24));
                    if heap.len() > limit {
                        let left = limit / 5;
                        limit = (limit * 2).min(800);
                        while heap.len() > left {
                            let nth = noise.below(heap.len() as u64) as usize;
                            let block = heap.swap_remove(nth);
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        )
        .for_seconds(12 * HOUR),
        Workload::new(
            "retries of an outage of 20 min at hours 3 and 8",
            &[
                (0, Clean),
                (3 * HOUR, Unknown),
                (3 * HOUR + 25 * MIN, Clean),
            ],
            {
                let mut waiting = VecDeque::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    let mut outages = [3 * HOUR, 8 * HOUR].into_iter();
                    let is_down = outages.any(|from| (from..from + 1_200).contains(&second));
                    if is_down {
                        if every(second, 5) {
                            waiting.push_back(keep(site, second, 220));
                        }
                        return;
                    }
                    traffic(site, noise, second, 1);
                    for block in waiting.drain(..2.min(waiting.len())) {
                        site.free(second * 1_000 + 500, block);
                    }
                }
            },
        ),
    ]
}

/// A list that gets entries at a rate, and is emptied from time to time.
pub(super) fn flushed(
    period: u64,
    rate: impl Fn(u64) -> f64,
) -> impl FnMut(&mut Site, &mut Noise, u64) {
    let mut list = Vec::new();
    move |site, noise, second| {
        if happens(noise, rate(second)) {
            list.push(keep(site, second, 70));
        }
        if second % period == period - 1 {
            for block in list.drain(..) {
                site.free(second * 1_000 + 500, block);
            }
        }
    }
}

fn renewed() -> Vec<Workload> {
    vec![
        Workload::new(
            "two buffers that are swapped each 2 s",
            &[(0, Unknown), (10, Clean)],
            |site, _, second| {
                if every(second, 2) {
                    site.alloc(second * 1_000, 8_192, 3_900);
                }
            },
        )
        .for_seconds(12 * HOUR),
        Workload::new(
            "12 buffers, each replaced each 5 min",
            &[(0, Unknown), (6 * MIN, Clean)],
            |site, _, second| {
                if every(second, 25) {
                    site.alloc(second * 1_000, 1_024, 300_200);
                }
            },
        ),
        Workload::new(
            "60 topics, by zipf, the last of each kept",
            &[(0, Unknown), (90 * MIN, Clean)],
            {
                let mut topics: BTreeMap<u64, Block> = BTreeMap::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    if every(second, 3) {
                        let unit = noise.below(1_000_000) as f64 / 1e6;
                        let topic = 60f64.powf(unit) as u64;
                        let block = keep(site, second, 90);
                        if let Some(old) = topics.insert(topic, block) {
                            site.free(second * 1_000 + 200, old);
                        }
                    }
                }
            },
        ),
        Workload::new(
            "a window of 16 messages until they are confirmed",
            &[(0, Clean)],
            |site, noise, second| {
                for at in 0..noise.below(4) {
                    let is_late = noise.once_in(200);
                    let life = any(noise, 50, 5_000) * if is_late { 8 } else { 1 };
                    site.alloc(second * 1_000 + at, 180, life);
                }
            },
        )
        .for_seconds(12 * HOUR),
        Workload::new(
            "3 blocks of a lease, renewed each 12 h",
            &[(0, Clean)],
            |site, _, second| {
                if second % (12 * HOUR) == 7 {
                    for at in 0..3 {
                        site.alloc(second * 1_000 + at, 64, 12 * HOUR * 1_000 + 300);
                    }
                }
            },
        ),
        Workload::new(
            "bursts of 200 for 30 s each 30 min",
            &[(0, Clean)],
            |site, noise, second| {
                if every(second, 1_800) {
                    for at in 0..200 {
                        site.alloc(second * 1_000 + at, 300, 30_000 + noise.below(3_000));
                    }
                }
            },
        ),
    ]
}

fn held_for_long() -> Vec<Workload> {
    vec![
        Workload::new(
            "connections kept alive for 60 s of idleness",
            &[(0, Unknown), (6 * MIN, Clean)],
            {
                let mut pool: Vec<(u64, Block)> = Vec::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    let wanted = match noise.once_in(20) {
                        true => noise.below(12) as usize,
                        false => 0,
                    };
                    for at in 0..wanted {
                        match pool.get_mut(at) {
                            Some((used, _)) => *used = second,
                            None => pool.push((second, keep(site, second, 2_000))),
                        }
                    }
                    pool.retain(|(used, block)| {
                        let is_idle = used + 60 < second;
                        if is_idle {
                            site.free(second * 1_000 + 500, *block);
                        }
                        !is_idle
                    });
                }
            },
        ),
        Workload::new(
            "image of an update, 128 chunks in 64 s, at hours 2 and 10",
            &[(0, Clean), (2 * HOUR, Unknown), (2 * HOUR + 5 * MIN, Clean)],
            |site, noise, second| {
                traffic(site, noise, second, 1);
                for from in [2 * HOUR, 10 * HOUR] {
                    if (from..from + 64).contains(&second) {
                        for at in 0..2 {
                            site.alloc(second * 1_000 + at, 4_096, (from + 90 - second) * 1_000);
                        }
                    }
                }
            },
        ),
        Workload::new(
            "sessions of about 3 h, 1/4 min",
            &[(0, Unknown), (3 * HOUR + 10 * MIN, Clean)],
            |site, noise, second| {
                if happens(noise, 1.0 / 240.0) {
                    site.alloc(second * 1_000, 600, any(noise, 9_000, 10_800) * 1_000);
                }
            },
        ),
        Workload::new(
            "downloads of an hour, a block each 10 s, each 90 min",
            &[(0, Unknown), (61 * MIN, Clean)],
            |site, _, second| {
                let since = second % 5_400;
                if since < HOUR && every(second, 10) {
                    site.alloc(second * 1_000, 512, (HOUR + 1 - since) * 1_000);
                }
            },
        ),
        Workload::new(
            "sessions of 10 to 20 min, by day",
            &[(0, Unknown), (30 * MIN, Clean)],
            |site, noise, second| {
                if happens(noise, 0.005 + 0.1 * daylight(second)) {
                    site.alloc(second * 1_000, 600, any(noise, 600, 1_200) * 1_000);
                }
            },
        ),
        Workload::new(
            "pool that follows what is needed, over 2 h up and down",
            &[(0, Unknown), (150 * MIN, Clean)],
            {
                let mut pool = Vec::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    if !every(second, 10) {
                        return;
                    }
                    let angle = second as f64 / 7_200.0 * std::f64::consts::TAU;
                    let needed = 20.0 - 15.0 * angle.cos() + noise.below(5) as f64;
                    while (pool.len() as f64) < needed {
                        pool.push(keep(site, second, 512));
                    }
                    if pool.len() as f64 > 2.0 * needed {
                        for block in pool.drain(needed as usize..) {
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        ),
        Workload::new(
            "peers of an hour, pruned each 10 min, by day",
            &[(0, Unknown), (75 * MIN, Clean)],
            {
                let mut peers: VecDeque<(u64, Block)> = VecDeque::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    if happens(noise, 0.01 + 0.05 * daylight(second)) {
                        peers.push_back((second, keep(site, second, 110)));
                    }
                    let is_old = |peer: Option<&(u64, Block)>| {
                        peer.is_some_and(|(born, _)| born + HOUR <= second)
                    };
                    while second % 600 == 599 && is_old(peers.front()) {
                        let (_, block) = peers.pop_front().unwrap();
                        site.free(second * 1_000 + 500, block);
                    }
                }
            },
        ),
        Workload::new(
            "between 0 and 60 clients, up and down by chance",
            &[(0, Unknown), (2 * HOUR, Clean)],
            {
                let mut clients: Vec<Block> = Vec::new();
                move |site: &mut Site, noise: &mut Noise, second: u64| {
                    if !every(second, 60) {
                        return;
                    }
                    let joins = noise.once_in(2);
                    if joins && clients.len() < 60 {
                        clients.extend((0..2).map(|_| keep(site, second, 300)));
                    } else if !clients.is_empty() {
                        for _ in 0..2.min(clients.len()) {
                            let nth = noise.below(clients.len() as u64) as usize;
                            let block = clients.swap_remove(nth);
                            site.free(second * 1_000 + 500, block);
                        }
                    }
                }
            },
        ),
        Workload::new(
            "a session of the day: 8 blocks of 9 h among requests",
            &[(0, Clean), (HOUR, Unknown), (HOUR + 20 * MIN, Clean)],
            |site, noise, second| {
                traffic(site, noise, second, 1);
                if (HOUR..HOUR + 40).contains(&second) && every(second, 5) {
                    site.alloc(second * 1_000, 900, 9 * HOUR * 1_000);
                }
            },
        ),
    ]
}

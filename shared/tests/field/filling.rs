//! What fills up to a limit, and then is replaced or stays.

use super::*;

pub(crate) fn all() -> Vec<Workload> {
    vec![
        ring(
            "a ring of five hundred, filled in minutes",
            2 * HOUR,
            500,
            1,
        ),
        ring("a ring of an hour", 6 * HOUR, 60, 60),
        ring("a ring of six hours", 16 * HOUR, 360, 60),
        ring("tickets of sessions, sixteen at most", 24 * HOUR, 16, 900),
        recently_used(),
        slots(),
        lived_for("a cache of an hour", 8 * HOUR, 20.0, (HOUR, HOUR + 1)),
        lived_for(
            "a cache of ten minutes",
            4 * HOUR,
            5.0,
            (10 * MIN, 10 * MIN + 1),
        ),
        lived_for(
            "names for half a minute to an hour",
            10 * HOUR,
            15.0,
            (30, HOUR),
        ),
        restarted(),
        flushed("lines flushed each hour", 8 * HOUR, 30.0, HOUR),
        flushed_by_size(),
        scan_by_age(),
        scan_by_size(),
        boot(),
        boot_in_stages(),
        doubling(),
        high_water(),
        dashboards(),
        words(),
        neighbours(),
        in_steps(),
        lazy_pool(),
    ]
}

/// The oldest gives way once there are so many.
fn turnover(site: &mut Site, second: u64, held: &mut Vec<Block>, most: usize) {
    held.push(keep(site, second, 128));
    if held.len() > most {
        site.free(second * 1_000 + 300, held.remove(0));
    }
}

fn ring(name: &'static str, seconds: u64, most: usize, gap: u64) -> Workload {
    let mut held = Vec::new();
    // By chance it takes longer to be full.
    let chance = 3 * most.isqrt() as u64 * gap;
    let truth = [(0, Unknown), (most as u64 * gap + chance + 2 * MIN, Clean)];
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        if happens(noise, 1.0 / gap as f64) {
            turnover(site, second, &mut held, most);
        }
    };
    Workload::new(name, &truth, step).for_seconds(seconds)
}

/// A small number is drawn more often, as words and names are.
fn popular(noise: &mut Noise, of: u64) -> u64 {
    let unit = (noise.below(1_000_000) + 1) as f64 / 1e6;
    ((of as f64 + 1.0).powf(unit) as u64)
        .saturating_sub(1)
        .min(of - 1)
}

/// A cache of 64 out of 400 keys.
fn recently_used() -> Workload {
    let mut cache: Vec<(u64, Block)> = Vec::new();
    let truth = [(0, Unknown), (40 * MIN, Clean)];
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        if !every(second, 5) {
            return;
        }
        let key = popular(noise, 400);
        if let Some(at) = cache.iter().position(|(held, _)| *held == key) {
            let used = cache.remove(at);
            cache.push(used);
            return;
        }
        cache.push((key, keep(site, second, 256)));
        if cache.len() > 64 {
            site.free(second * 1_000 + 300, cache.remove(0).1);
        }
    };
    Workload::new("a cache of 64, the least recently used goes", &truth, step)
        .for_seconds(10 * HOUR)
}

/// Each of so many keys is loaded once, when it is asked for.
fn loaded_once(site: &mut Site, second: u64, known: &mut Vec<u64>, key: u64) {
    if !known.contains(&key) {
        known.push(key);
        keep(site, second, 40);
    }
}

fn slots() -> Workload {
    let mut known = Vec::new();
    let truth = [(0, Unknown), (70 * MIN, Clean)];
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        if every(second, 10) {
            let key = noise.below(64);
            loaded_once(site, second, &mut known, key);
        }
    };
    Workload::new("sixty-four slots, each loaded once", &truth, step).for_seconds(12 * HOUR)
}

fn words() -> Workload {
    let mut known = Vec::new();
    let truth = [(0, Unknown), (3 * HOUR, Clean)];
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        if every(second, 4) {
            let key = popular(noise, 300);
            loaded_once(site, second, &mut known, key);
        }
    };
    Workload::new("words, each kept once", &truth, step).for_seconds(16 * HOUR)
}

fn lived_for(name: &'static str, seconds: u64, gap: f64, life: (u64, u64)) -> Workload {
    let truth = [(0, Unknown), (life.1 + 5 * MIN, Clean)];
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        if happens(noise, 1.0 / gap) {
            site.alloc(second * 1_000, 120, any(noise, life.0, life.1) * 1_000);
        }
    };
    Workload::new(name, &truth, step).for_seconds(seconds)
}

fn restarted() -> Workload {
    let mut workload = lived_for(
        "a cache of half an hour, traced anew",
        6 * HOUR,
        20.0,
        (29 * MIN, 30 * MIN),
    );
    workload
        .truth
        .extend([(3 * HOUR, Unknown), (3 * HOUR + 35 * MIN, Clean)]);
    workload.with(|view| view.restart = Some(3 * HOUR))
}

fn flushed(name: &'static str, seconds: u64, gap: f64, flush: u64) -> Workload {
    let mut lines = Vec::new();
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        if happens(noise, 1.0 / gap) {
            lines.push(keep(site, second, 100));
        }
        if second % flush == flush - 1 {
            free_all(site, second, &mut lines);
        }
    };
    Workload::new(name, &[(0, Unknown), (flush + 2 * MIN, Clean)], step).for_seconds(seconds)
}

fn flushed_by_size() -> Workload {
    let mut lines = Vec::new();
    let truth = [(0, Unknown), (37 * MIN, Clean)];
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        for _ in 0..noise.about(1.0) {
            lines.push(keep(site, second, 100));
        }
        if lines.len() >= 2_000 {
            free_all(site, second, &mut lines);
        }
    };
    Workload::new("lines flushed when there are two thousand", &truth, step).for_seconds(6 * HOUR)
}

/// Forty devices stay; passers-by are forgotten five minutes after they were last heard.
fn scan_by_age() -> Workload {
    let truth = [(0, Unknown), (10 * MIN, Clean)];
    plain(
        "a table of devices, forgotten by age",
        8 * HOUR,
        &truth,
        |site, noise, second| {
            if second < 40 {
                keep(site, second, 72);
            }
            if happens(noise, 1.0 / 20.0) {
                site.alloc(second * 1_000, 72, any(noise, 5 * MIN, 8 * MIN) * 1_000);
            }
        },
    )
}

fn scan_by_size() -> Workload {
    let mut held = Vec::new();
    let truth = [(0, Unknown), (5 * HOUR + 30 * MIN, Clean)];
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        if happens(noise, 1.0 / 120.0) {
            turnover(site, second, &mut held, 128);
        }
    };
    Workload::new("a table of devices, 128 at most", &truth, step).for_seconds(16 * HOUR)
}

fn boot() -> Workload {
    let truth = [(0, Unknown), (3 * MIN, Clean)];
    plain(
        "what is allocated at boot",
        6 * HOUR,
        &truth,
        |site, _, second| {
            if second < 20 {
                keep_many(site, second, 4, 200);
            }
        },
    )
}

fn boot_in_stages() -> Workload {
    let truth = [(0, Unknown), (25 * MIN, Clean)];
    plain("a boot in stages", 8 * HOUR, &truth, |site, _, second| {
        if [1, 30, 2 * MIN, 10 * MIN].contains(&second) {
            keep_many(site, second, 12, 200);
        }
    })
}

/// Another chunk, as large as all before, each time that it is full.
fn doubling() -> Workload {
    let truth = [(0, Unknown), (15 * MIN, Clean)];
    plain(
        "an arena that doubles",
        20 * HOUR,
        &truth,
        |site, _, second| {
            if second >= 15 && second % 15 == 0 && (second / 15).is_power_of_two() {
                keep(site, second, second * 4);
            }
        },
    )
}

/// Buffers that are kept for the next peak: one more each time that there were never so many.
fn high_water() -> Workload {
    let mut owned = 0;
    let truth = [(0, Unknown), (40 * MIN, Clean)];
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        let used = pareto(noise, 4, 60) / 2;
        if every(second, 10) && used > owned {
            keep_many(site, second, used - owned, 512);
            owned = used;
        }
    };
    Workload::new("buffers kept for the next peak", &truth, step).for_seconds(12 * HOUR)
}

/// Opened between eight and ten, closed between four and six.
fn dashboards() -> Workload {
    let truth = [(0, Unknown), (3 * HOUR, Clean)];
    plain(
        "views that stay open all day",
        12 * HOUR,
        &truth,
        |site, noise, second| {
            if second < 2 * HOUR && happens(noise, 1.0 / 480.0) {
                let close = any(noise, 8 * HOUR, 10 * HOUR);
                site.alloc(second * 1_000, 2_048, (close - second) * 1_000);
            }
        },
    )
}

/// Ten nodes join at a time, while the network is put into operation. The fourth of these groups could be a leak as well.
fn neighbours() -> Workload {
    let joins = [30 * MIN, 2 * HOUR, 5 * HOUR];
    let mut truth = vec![(0, Clean)];
    truth.extend(
        joins
            .iter()
            .flat_map(|at| [(*at, Unknown), (at + 15 * MIN, Clean)]),
    );
    truth.push((9 * HOUR, Unknown));
    plain(
        "neighbours that join in groups",
        16 * HOUR,
        &truth,
        |site, noise, second| {
            let joins = [30 * MIN, 2 * HOUR, 5 * HOUR, 9 * HOUR];
            if joins.iter().any(|at| (*at..at + 50).contains(&second)) && every(second, 5) {
                keep(site, second, 160);
            }
            traffic(site, noise, second, 0.2, (100, 2_000));
        },
    )
}

/// Eight entries an hour, sixty-four at most.
fn in_steps() -> Workload {
    let mut held = Vec::new();
    let truth = [(0, Unknown), (9 * HOUR, Clean)];
    let step = move |site: &mut Site, _: &mut Noise, second: u64| {
        if every(second, HOUR) {
            (0..8).for_each(|_| turnover(site, second, &mut held, 64));
        }
    };
    Workload::new("a cache that fills in steps of an hour", &truth, step).for_seconds(20 * HOUR)
}

/// Thirty messages, each allocated when none is unused; used again after that.
fn lazy_pool() -> Workload {
    let mut owned = 0;
    let truth = [(0, Unknown), (50 * MIN, Clean)];
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        if owned < 30 && happens(noise, 1.0 / 50.0) {
            owned += 1;
            keep(site, second, 300);
        }
    };
    Workload::new("a pool of thirty, filled on demand", &truth, step).for_seconds(8 * HOUR)
}

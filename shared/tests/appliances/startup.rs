//! What is allocated at the start, or once, and stays.

use super::*;

pub(crate) fn all() -> Vec<Workload> {
    vec![
        ten_minutes(),
        joining(),
        three_phases(),
        static_tables(),
        workers(),
        until_shutdown(),
        menus(),
        prefetched(),
        calibration(),
        certificates(),
    ]
}

/// A configuration that is read ever more slowly, for 10 min.
fn ten_minutes() -> Workload {
    clean("start of ten minutes", 25 * MIN, |site, noise, second| {
        if second < 10 * MIN {
            let left = 1.0 - second as f64 / 600.0;
            for _ in 0..noise.about(0.5 * left) {
                keep(site, second, 48);
            }
        }
    })
}

/// Sixty nodes join a mesh within half an hour.
fn joining() -> Workload {
    clean(
        "nodes that join for half an hour",
        75 * MIN,
        |site, _, second| {
            if second < 30 * MIN && second.is_multiple_of(30) {
                keep(site, second, 220);
            }
        },
    )
}

fn three_phases() -> Workload {
    clean("start in three phases", 70 * MIN, |site, noise, second| {
        let busy = [0..3 * MIN, 12 * MIN..15 * MIN, 25 * MIN..28 * MIN];
        if busy.iter().any(|busy| busy.contains(&second)) {
            for _ in 0..noise.about(0.3) {
                keep(site, second, 100);
            }
        }
    })
}

fn static_tables() -> Workload {
    clean("tables made at the start", 0, |site, _, second| {
        if second < 2 {
            for _ in 0..40 {
                keep(site, second, 64);
            }
        }
    })
}

/// Buffers of workers: ever more are needed until noon, never given back.
fn workers() -> Workload {
    let mut made = 0;
    clean(
        "buffers of workers",
        8 * HOUR,
        move |site, noise, second| {
            let needed = (20.0 * daylight(second + 7 * HOUR)) as u64 + noise.below(5);
            if second.is_multiple_of(60) && made < needed {
                made += 1;
                keep(site, second, 2_048);
            }
        },
    )
}

/// Thirty handles at the start, and some more when features are used first.
fn until_shutdown() -> Workload {
    clean("handles until shutdown", 4 * HOUR, |site, _, second| {
        if second < 30 || [5, 9, 21, 47, 100].contains(&(second / MIN)) && second % MIN == 11 {
            keep(site, second, 80);
        }
    })
}

/// Each of 12 menus is built when it is opened first, and kept.
fn menus() -> Workload {
    let mut menus = Map::default();
    clean(
        "menus built when opened",
        10 * HOUR,
        move |site, noise, second| {
            if happens(noise, 1.0 / 900.0) {
                menus.intern(site, second, popular(noise, 12), 640);
            }
        },
    )
}

/// 64 blocks in 20 min, freed at shutdown.
fn prefetched() -> Workload {
    clean("files read ahead", 50 * MIN, |site, _, second| {
        if second % 19 == 3 && second < 64 * 19 {
            keep(site, second, 1_024);
        }
    })
}

/// Samples of a calibration: freed when it is done after 20 min, then traffic.
fn calibration() -> Workload {
    let mut samples = Queue::default();
    clean(
        "calibration of 20 minutes",
        21 * MIN,
        move |site, noise, second| {
            if second < 20 * MIN && second.is_multiple_of(4) {
                samples.push(site, second, 40);
            }
            if second == 20 * MIN {
                samples.clear(site, second);
            }
            if second > 20 * MIN {
                traffic(site, noise, second, 0.5, (5, 500));
            }
        },
    )
}

/// Four roots at the start, and one more each time that one is renewed, which frees the old one a day later at most.
fn certificates() -> Workload {
    let mut held = Queue::default();
    clean(
        "certificates that are renewed",
        7 * HOUR,
        move |site, _, second| {
            if second == 1 || second % (3 * HOUR) == HOUR {
                held.push(site, second, 1_500);
                held.trim(site, second, 3);
            }
        },
    )
}

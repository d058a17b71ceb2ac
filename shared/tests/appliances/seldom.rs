//! Leaks that take hours to be seen.

use super::*;

pub(crate) fn all() -> Vec<Workload> {
    vec![
        listeners(),
        listeners_among_others(),
        one_in_a_thousand(),
        one_in_a_thousand_rarely(),
        races(),
        forgotten_swaps(),
        audio_sessions(),
        last_fragments(),
        devices_that_left(),
        watchdog(),
        pinned(),
        hourly_batch(),
        handshakes(),
    ]
}

/// A connection an hour leaves its listener behind.
fn listeners() -> Workload {
    leak("a listener an hour", 10 * HOUR, |site, _, second| {
        if second % HOUR == 1_200 {
            keep(site, second, 36);
        }
    })
}

/// Six an hour, one of which is not removed.
fn listeners_among_others() -> Workload {
    let mut nth = 0;
    leak(
        "every sixth listener",
        10 * HOUR,
        move |site, noise, second| {
            if happens(noise, 1.0 / 600.0) {
                nth += 1;
                let life = any(noise, 300_000, 900_000);
                let life = if nth % 6 == 0 { NEVER } else { life };
                site.alloc(second * 1_000 + 30, 36, life);
            }
        },
    )
}

fn one_in_a_thousand() -> Workload {
    leak("one request of a thousand", HOUR, |site, noise, second| {
        traffic(site, noise, second, 4.0, (20, 300));
        if happens(noise, 0.004) {
            keep(site, second, 130);
        }
    })
}

fn one_in_a_thousand_rarely() -> Workload {
    leak(
        "one of a thousand rare requests",
        7 * HOUR,
        |site, noise, second| {
            traffic(site, noise, second, 0.5, (20, 900));
            if happens(noise, 0.000_5) {
                keep(site, second, 130);
            }
        },
    )
}

/// One of 200 timers that are armed anew is not freed.
fn races() -> Workload {
    let mut timer: Option<Block> = None;
    leak(
        "timer armed anew in a race",
        HOUR,
        move |site, noise, second| {
            let armed = keep(site, second, 56);
            if let Some(old) = timer.replace(armed).filter(|_| !noise.once_in(200)) {
                site.free(second * 1_000 + 500, old);
            }
        },
    )
}

/// A swap every 5 s; one of 60 forgets the old buffer.
fn forgotten_swaps() -> Workload {
    let mut buffer: Option<Block> = None;
    leak(
        "swap that forgets a buffer",
        75 * MIN,
        move |site, noise, second| {
            if second.is_multiple_of(5) {
                let new = keep(site, second, 1_024);
                if let Some(old) = buffer.replace(new).filter(|_| !noise.once_in(60)) {
                    site.free(second * 1_000 + 500, old);
                }
            }
        },
    )
}

/// Somebody listens for five minutes of a quarter of an hour; the last frame is lost.
fn audio_sessions() -> Workload {
    leak(
        "last frame of an audio session",
        4 * HOUR,
        |site, _, second| {
            let at = second % (15 * MIN);
            if at < 5 * MIN {
                for frame in 0..5 {
                    site.alloc(second * 1_000 + frame * 200, 1_920, 400);
                }
            }
            if at == 5 * MIN {
                keep(site, second, 1_920);
            }
        },
    )
}

/// When the link goes down the last fragment is forgotten.
fn last_fragments() -> Workload {
    leak(
        "fragment lost with the link",
        3 * HOUR,
        |site, noise, second| {
            traffic(site, noise, second, 2.0, (10, 5_000));
            if happens(noise, 1.0 / 600.0) {
                keep(site, second, 128);
            }
        },
    )
}

/// Twenty devices report; one in 10 min is replaced by another one, and its entry stays.
fn devices_that_left() -> Workload {
    let mut map = Map::default();
    let mut present: Vec<u64> = (0..20).collect();
    let mut next = 20;
    leak(
        "entries of devices that left",
        3 * HOUR,
        move |site, noise, second| {
            if happens(noise, 1.0 / 600.0) {
                let nth = noise.below(20) as usize;
                present[nth] = next;
                next += 1;
            }
            if happens(noise, 0.7) {
                let device = present[noise.below(20) as usize];
                map.set(site, second, device, 60);
            }
        },
    )
}

fn watchdog() -> Workload {
    leak("every quarter of an hour", 3 * HOUR, |site, _, second| {
        if every(second, 15 * MIN) {
            keep(site, second, 28);
        }
    })
}

/// A cache of a hundred that forgets one of a hundred victims.
fn pinned() -> Workload {
    let mut cache = Lru::of(100);
    leak(
        "victims that a cache forgets",
        3 * HOUR,
        move |site, noise, second| {
            for _ in 0..noise.about(0.4) {
                let key = noise.below(1_000);
                let victim = cache.visit(site, second, key);
                if let Some(victim) = victim {
                    if noise.once_in(100) {
                        cache.map.0.remove(&victim);
                    } else {
                        cache.map.remove(site, second, victim);
                    }
                }
            }
        },
    )
}

/// Two of 150 blocks, each hour.
fn hourly_batch() -> Workload {
    leak("two of an hourly batch", 6 * HOUR, |site, noise, second| {
        let at = second % HOUR;
        if (20 * MIN..21 * MIN).contains(&at) {
            for _ in 0..noise.about(2.5) {
                site.alloc(second * 1_000 + 9, 200, (24 * MIN - at) * 1_000);
            }
        }
        if at == 20 * MIN + 9 || at == 20 * MIN + 44 {
            keep(site, second, 200);
        }
    })
}

/// Three blocks of each handshake that fails.
fn handshakes() -> Workload {
    leak("handshakes that fail", 90 * MIN, |site, noise, second| {
        if happens(noise, 0.05) {
            let life = any(noise, 700, 3_000);
            let life = if noise.once_in(20) { NEVER } else { life };
            for size in [800, 300, 60] {
                site.alloc(second * 1_000 + 30, size, life);
            }
        }
    })
}

//! Leaks that go on all the time.

use super::*;

pub(crate) fn all() -> Vec<Workload> {
    vec![
        random_ids(),
        urls(),
        one_percent(),
        heavy_tail(),
        random_addresses(),
        endless_log(),
        under_a_queue(),
        untouched_entries(),
        offline_devices(),
        accelerating(),
        begins_late(),
        by_day(),
        by_night(),
        seen_late(),
        few_records(),
        one_in_ten_sessions(),
    ]
}

/// A tenth of what is retained belongs to a client that never comes again.
fn random_ids() -> Workload {
    let mut topics = Map::default();
    let mut next = 1_000;
    leak(
        "topics by random client",
        20 * MIN,
        move |site, noise, second| {
            if happens(noise, 0.5) {
                next += 1;
                let key = if noise.once_in(10) {
                    next
                } else {
                    noise.below(50)
                };
                topics.set(site, second, key, 60);
            }
        },
    )
}

/// A vocabulary, and addresses with numbers in them.
fn urls() -> Workload {
    let mut words = Map::default();
    let mut next = 1_000;
    leak(
        "interned addresses with numbers",
        40 * MIN,
        move |site, noise, second| {
            if happens(noise, 0.5) {
                let word = popular(noise, 80);
                words.intern(site, second, word, 24);
            }
            if happens(noise, 1.0 / 15.0) {
                next += 1;
                words.intern(site, second, next, 60);
            }
        },
    )
}

fn one_percent() -> Workload {
    leak("one of a hundred", 20 * MIN, |site, noise, second| {
        traffic(site, noise, second, 2.0, (1_000, 30_000));
        if happens(noise, 0.02) {
            keep(site, second, 130);
        }
    })
}

/// One of 800, while others live for up to 20 min.
fn heavy_tail() -> Workload {
    leak(
        "one of 800 in a heavy tail",
        2 * HOUR,
        |site, noise, second| {
            for _ in 0..noise.about(4.0) {
                let life = pareto(noise, 200, 1_200_000);
                let life = if noise.once_in(800) { NEVER } else { life };
                site.alloc(second * 1_000 + noise.below(900), 90, life);
            }
        },
    )
}

/// Phones change their address all the time, and nothing expires.
fn random_addresses() -> Workload {
    leak(
        "BLE addresses without expiry",
        12 * MIN,
        |site, noise, second| {
            if happens(noise, 0.2) {
                keep(site, second, 120);
            }
        },
    )
    .for_seconds(3 * HOUR)
}

fn endless_log() -> Workload {
    leak("log without an end", 5 * MIN, |site, noise, second| {
        for _ in 0..noise.about(0.7) {
            keep(site, second, any(noise, 30, 90));
        }
    })
    .for_seconds(HOUR)
}

/// Up to a hundred wait, and one a minute gets lost.
fn under_a_queue() -> Workload {
    let mut queue = Queue::default();
    leak(
        "lost beside a queue",
        40 * MIN,
        move |site, noise, second| {
            for _ in 0..noise.about(1.0) {
                queue.push(site, second, 70);
            }
            if second % 90 == 89 {
                queue.clear(site, second);
            }
            if happens(noise, 1.0 / 60.0) {
                keep(site, second, 70);
            }
        },
    )
}

/// Expiry looks only at what is asked for: a fifth never is again.
fn untouched_entries() -> Workload {
    leak(
        "entries that expire only when asked for",
        45 * MIN,
        |site, noise, second| {
            if happens(noise, 0.1) {
                let life = 300_000 + noise.below(120_000);
                let life = if noise.once_in(5) { NEVER } else { life };
                site.alloc(second * 1_000 + 30, 88, life);
            }
        },
    )
}

/// What is for devices that are gone waits for ever.
fn offline_devices() -> Workload {
    leak(
        "messages to devices that are gone",
        30 * MIN,
        |site, noise, second| {
            if happens(noise, 0.3) {
                let life = if noise.once_in(20) {
                    NEVER
                } else {
                    pareto(noise, 300, 120_000)
                };
                site.alloc(second * 1_000 + 30, 140, life);
            }
        },
    )
}

/// A list that grows by what is in it.
fn accelerating() -> Workload {
    leak("faster and faster", 90 * MIN, |site, noise, second| {
        if happens(noise, second as f64 / 1.5e6) {
            keep(site, second, 50);
        }
        traffic(site, noise, second, 0.3, (10, 900));
    })
}

/// Something is switched on after five hours.
fn begins_late() -> Workload {
    let truth = [(0, Clean), (5 * HOUR, Unknown), (5 * HOUR + 25 * MIN, Leak)];
    Workload::new("begins after five hours", &truth, |site, noise, second| {
        traffic(site, noise, second, 0.4, (20, 5_000));
        if second > 5 * HOUR && second.is_multiple_of(10) {
            keep(site, second, 50);
        }
    })
    .for_seconds(12 * HOUR)
}

/// It begins at six in the morning.
fn by_day() -> Workload {
    let truth = [
        (0, Unknown),
        (90 * MIN, Leak),
        (14 * HOUR, Unknown),
        (23 * HOUR, Leak),
    ];
    Workload::new(
        "with the traffic of a day",
        &truth,
        |site, noise, second| {
            let load = daylight(second + 6 * HOUR);
            traffic(site, noise, second, 2.0 * load, (20, 8_000));
            if happens(noise, load / 60.0) {
                keep(site, second, 99);
            }
        },
    )
}

/// Only while the backlight is off, from midnight to five; it begins at noon.
fn by_night() -> Workload {
    let truth = [
        (0, Clean),
        (12 * HOUR, Unknown),
        (12 * HOUR + 40 * MIN, Leak),
        (17 * HOUR, Unknown),
    ];
    Workload::new("only at night", &truth, |site, noise, second| {
        traffic(site, noise, second, 0.5, (20, 2_000));
        if (12 * HOUR..17 * HOUR).contains(&second) && happens(noise, 1.0 / 60.0) {
            keep(site, second, 99);
        }
    })
}

fn seen_late() -> Workload {
    leak(
        "one of a hundred, seen late",
        6 * HOUR,
        |site, noise, second| {
            traffic(site, noise, second, 1.0, (1_000, 60_000));
            if happens(noise, 0.01) {
                keep(site, second, 130);
            }
        },
    )
    .with(|view| view.from = 6 * HOUR)
}

/// The device has no more than 300 records of it.
fn few_records() -> Workload {
    leak("beyond 300 records", 30 * MIN, |site, noise, second| {
        traffic(site, noise, second, 1.0, (1_000, 9_000));
        if happens(noise, 0.05) {
            keep(site, second, 40);
        }
    })
    .with(|view| view.room = Some(300))
}

fn one_in_ten_sessions() -> Workload {
    leak("one of ten sessions", 75 * MIN, |site, noise, second| {
        if happens(noise, 0.03) {
            let life = any(noise, 60_000, 600_000);
            let life = if noise.once_in(10) { NEVER } else { life };
            site.alloc(second * 1_000 + 30, 1_400, life);
        }
    })
}

//! What is done regularly, and by day and night.

use super::*;

pub(crate) fn all() -> Vec<Workload> {
    vec![
        hourly(),
        nightly(),
        until_midnight(),
        until_the_hour(),
        debouncers(),
        timers(),
        audio(),
        swapped(),
        rebuilt(),
        screens(),
        connections_by_day(),
        occupants(),
        parking(),
        pid_loops(),
        camera(),
        backups(),
    ]
}

/// A batch of 150 that takes 4 min.
fn hourly() -> Workload {
    clean("hourly batch", 0, |site, noise, second| {
        let at = second % HOUR;
        if (30 * MIN..31 * MIN).contains(&at) {
            for _ in 0..noise.about(2.5) {
                site.alloc(second * 1_000 + 9, 200, (34 * MIN - at) * 1_000);
            }
        }
    })
}

/// 400 blocks for 20 min, at three in the morning; it begins at ten in the evening.
fn nightly() -> Workload {
    let mut batch = Queue::default();
    clean("nightly batch", 0, move |site, noise, second| {
        if (5 * HOUR..5 * HOUR + 4 * MIN).contains(&second) {
            for _ in 0..noise.about(1.6) {
                batch.push(site, second, 300);
            }
        }
        if second == 5 * HOUR + 20 * MIN {
            batch.clear(site, second);
        }
        traffic(site, noise, second, 0.1, (5, 60));
    })
}

/// A record a minute, sent at midnight; it begins at ten.
fn until_midnight() -> Workload {
    let mut records = Queue::default();
    clean(
        "records sent at midnight",
        14 * HOUR,
        move |site, _, second| {
            if every(second, MIN) {
                records.push(site, second, 40);
            }
            if second == 14 * HOUR {
                records.clear(site, second);
            }
        },
    )
}

fn until_the_hour() -> Workload {
    let mut records = Queue::default();
    clean(
        "records written every hour",
        45 * MIN,
        move |site, noise, second| {
            if happens(noise, 0.1) {
                records.push(site, second, 40);
            }
            if second % HOUR == 40 * MIN {
                records.clear(site, second);
            }
        },
    )
}

/// Each bounce arms a timer in the place of the one before.
fn debouncers() -> Workload {
    clean("debounced buttons", 0, |site, noise, second| {
        if happens(noise, 0.02) {
            let start = second * 1_000 + noise.below(400);
            for bounce in 0..any(noise, 2, 9) {
                site.alloc(start + bounce * 6, 48, 6);
            }
            site.alloc(start + 60, 48, 50);
        }
    })
}

/// Twenty timers from a second to an hour, each armed anew when it fires.
fn timers() -> Workload {
    let mut armed = Map::default();
    clean("timers armed anew", HOUR, move |site, _, second| {
        for timer in 0..20_u64 {
            let period = 1 + timer.pow(3) / 2;
            if second.is_multiple_of(period) {
                armed.set(site, second, timer, 56);
            }
        }
    })
}

/// Ten frames a second, two in the air, while somebody listens.
fn audio() -> Workload {
    clean("audio frames", 0, |site, _, second| {
        if second % (3 * HOUR) > 20 * MIN && second % (3 * HOUR) < 70 * MIN {
            for frame in 0..10 {
                site.alloc(second * 1_000 + frame * 100, 1_920, 200);
            }
        }
    })
}

fn swapped() -> Workload {
    let mut buffers = Map::default();
    clean("two buffers that are swapped", 0, move |site, _, second| {
        if second.is_multiple_of(5) {
            buffers.set(site, second, second / 5 % 2, 2_048);
        }
    })
}

/// A table of 30 to 60 entries, built anew every quarter of an hour before the old one goes.
fn rebuilt() -> Workload {
    let mut table = Queue::default();
    clean("table built anew", 20 * MIN, move |site, noise, second| {
        if second % (15 * MIN) == 30 {
            let old = table.0.len() as u64;
            for _ in 0..any(noise, 30, 60) {
                table.push(site, second, 70);
            }
            table.pop(site, second, old);
        }
    })
}

/// Widgets of a screen, built anew when another one is shown.
fn screens() -> Workload {
    let mut widgets = Queue::default();
    clean("widgets of screens", 0, move |site, noise, second| {
        if second == 3 || happens(noise, 0.001 + 0.02 * daylight(second + 8 * HOUR).powi(4)) {
            widgets.clear(site, second);
            for _ in 0..any(noise, 5, 60) {
                widgets.push(site, second, any(noise, 60, 300));
            }
        }
    })
}

/// Four at night and forty at noon; it begins at five in the morning.
fn connections_by_day() -> Workload {
    let mut open = Queue::default();
    clean(
        "connections by day and night",
        4 * HOUR,
        move |site, noise, second| {
            let wanted = 4 + (36.0 * daylight(second + 5 * HOUR)) as usize;
            if open.0.len() < wanted && happens(noise, 0.02) {
                open.push(site, second, 700);
            }
            // Each is recycled at times.
            if open.0.len() > wanted || happens(noise, 0.001) {
                open.pop(site, second, 1);
            }
        },
    )
}

/// They come from seven to ten and leave in the evening; it begins at six.
fn occupants() -> Workload {
    clean("occupants of rooms", 8 * HOUR, |site, noise, second| {
        let hour = second / HOUR + 6;
        let per_second = match hour {
            7..10 => 0.015,
            10..17 => 0.003,
            _ => 0.0002,
        };
        if happens(noise, per_second) {
            let stays = any(noise, HOUR, 9 * HOUR);
            site.alloc(second * 1_000, 150, stays * 1_000);
        }
    })
}

/// Cars stay from 20 min to 10 h.
fn parking() -> Workload {
    clean("cars that are parked", 5 * HOUR, |site, noise, second| {
        if happens(noise, 0.002 + 0.015 * daylight(second + 7 * HOUR)) {
            let stays = pareto(noise, 20 * MIN, 10 * HOUR);
            site.alloc(second * 1_000, 90, stays * 1_000);
        }
    })
}

fn pid_loops() -> Workload {
    clean("control loops", 0, |site, _, second| {
        for tick in 0..4 {
            site.alloc(second * 1_000 + tick * 250, 40, 249);
        }
    })
}

/// Three frames while somebody looks, from time to time kept as a snapshot for a quarter of an hour.
fn camera() -> Workload {
    clean(
        "camera frames with snapshots",
        30 * MIN,
        |site, noise, second| {
            for _ in 0..noise.about(0.8) {
                let life = if noise.once_in(300) { 900_000 } else { 700 };
                site.alloc(second * 1_000 + 4, 9_600, life);
            }
        },
    )
}

/// Two generations of a state that is saved every two hours.
fn backups() -> Workload {
    let mut saved = Queue::default();
    clean(
        "two backups of 20 blocks",
        5 * HOUR,
        move |site, _, second| {
            if second % (2 * HOUR) == 5 * MIN {
                for _ in 0..20 {
                    saved.push(site, second, 128);
                }
                saved.trim(site, second, 40);
            }
        },
    )
}

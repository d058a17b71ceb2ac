//! Call sites that leak.

use super::*;

pub(crate) fn all() -> Vec<Workload> {
    let mut all = on_errors();
    all.extend(at_events());
    all.extend(beside_stores());
    all.extend(changing());
    all
}

/// Leaves a block behind by chance, once in so many seconds.
fn left(site: &mut Site, noise: &mut Noise, second: u64, seldom: u64, size: u64) {
    if happens(noise, 1.0 / seldom as f64) {
        keep(site, second, size);
    }
}

/// What a path that is seldom taken forgets.
fn on_errors() -> Vec<Workload> {
    vec![
        leak(
            "one request of 200 fails",
            20 * MIN,
            |site, noise, second| {
                traffic(site, noise, second, 2.0, (30, 900));
                left(site, noise, second, 100, 220);
            },
        ),
        leak(
            "one rare request of 50 fails",
            75 * MIN,
            |site, noise, second| {
                traffic(site, noise, second, 0.1, (1_000, 5_000));
                left(site, noise, second, 500, 220);
            },
        ),
        leak(
            "one of 1000 beside 8 a second",
            30 * MIN,
            |site, noise, second| {
                traffic(site, noise, second, 8.0, (10, 2_000));
                left(site, noise, second, 125, 90);
            },
        ),
        leak("Modbus exceptions", 40 * MIN, |site, noise, second| {
            traffic(site, noise, second, 1.0, (20, 400));
            left(site, noise, second, 300, 64);
        }),
        leak(
            "CAN messages without their end",
            30 * MIN,
            |site, noise, second| {
                traffic(site, noise, second, 10.0, (5, 200));
                left(site, noise, second, 200, 160);
            },
        ),
        leak(
            "LoRaWAN frames never acknowledged",
            5 * HOUR,
            |site, noise, second| {
                if second % 120 == 20 {
                    let life = if noise.once_in(20) {
                        NEVER
                    } else {
                        any(noise, 2_000, 9_000)
                    };
                    site.alloc(second * 1_000, 51, life);
                }
            },
        ),
        leak("pairing broken off", 2 * HOUR, |site, noise, second| {
            visits(site, noise, second, 60, 1, (10, 300));
            left(site, noise, second, 720, 140);
        }),
        leak("messages given up", HOUR, |site, noise, second| {
            if happens(noise, 0.2) {
                let life = pareto(noise, 1_000, 600_000);
                site.alloc(second * 1_000 + 9, 180, life);
            }
            left(site, noise, second, 250, 180);
        }),
        leak("DNS errors never expire", HOUR, |site, noise, second| {
            visits(site, noise, second, 10, 1, (60, 600));
            left(site, noise, second, 100, 96);
        }),
        leak("timers not cancelled", 20 * MIN, |site, noise, second| {
            visits(site, noise, second, 25, 1, (1, 30));
            left(site, noise, second, 100, 48);
        }),
    ]
}

/// What is forgotten whenever something happens.
fn at_events() -> Vec<Workload> {
    let mut screen = Queue::default();
    vec![
        leak(
            "two of each reconnection",
            2 * HOUR,
            |site, noise, second| {
                traffic(site, noise, second, 0.3, (50, 2_000));
                if second % (20 * MIN) == 17 * MIN {
                    for _ in 0..2 {
                        keep(site, second, 200);
                    }
                }
            },
        ),
        leak(
            "job every 3 hours keeps 10 of 300",
            10 * HOUR,
            |site, noise, second| {
                if second % (3 * HOUR) == HOUR {
                    for nth in 0..300 {
                        let life = if nth % 30 == 7 {
                            NEVER
                        } else {
                            any(noise, 5_000, 300_000)
                        };
                        site.alloc(second * 1_000 + nth, 70, life);
                    }
                }
            },
        ),
        leak(
            "a block an hour beside requests",
            8 * HOUR,
            |site, noise, second| {
                traffic(site, noise, second, 0.5, (100, 5_000));
                if second % HOUR == 30 * MIN {
                    keep(site, second, 36);
                }
            },
        ),
        leak(
            "listener registered twice",
            20 * MIN,
            |site, noise, second| {
                if happens(noise, 1.0 / 60.0) {
                    let life = any(noise, 20_000, 120_000);
                    site.alloc(second * 1_000 + 20, 36, life);
                    keep(site, second, 36);
                }
            },
        ),
        leak(
            "a label of each screen",
            25 * MIN,
            move |site, noise, second| {
                if happens(noise, 1.0 / 90.0) {
                    screen.clear(site, second);
                    (0..29).for_each(|_| screen.push(site, second, 88));
                    keep(site, second, 88);
                }
            },
        ),
        leak("tags of each track", 40 * MIN, |site, noise, second| {
            traffic(site, noise, second, 4.0, (20, 60));
            if second % 240 == 60 {
                keep(site, second, 300);
            }
        }),
        leak(
            "codec of each change of format",
            5 * HOUR,
            |site, _, second| {
                if second % HOUR == 25 * MIN {
                    site.alloc(second * 1_000, 2_000, 900_000);
                    for _ in 0..3 {
                        keep(site, second, 400);
                    }
                }
            },
        ),
        leak(
            "one call of five keeps its blocks",
            6 * HOUR,
            |site, noise, second| {
                if happens(noise, 1.0 / 600.0) {
                    let life = if noise.once_in(5) {
                        NEVER
                    } else {
                        any(noise, 60_000, 300_000)
                    };
                    for _ in 0..6 {
                        site.alloc(second * 1_000 + 4, 140, life);
                    }
                }
            },
        ),
    ]
}

/// What is forgotten in stores that work otherwise.
fn beside_stores() -> Vec<Workload> {
    let mut offline = Queue::default();
    let mut segments = Queue::default();
    let mut nth = 0;
    let mut names = Map::default();
    let mut heap = Queue::default();
    let mut series = Queue::default();
    let mut sessions = Map::default();
    vec![
        leak(
            "ten messages of each outage",
            190 * MIN,
            move |site, noise, second| {
                if second % HOUR < 55 * MIN {
                    for _ in 0..offline.0.len().min(10) {
                        offline.0.pop_back();
                    }
                    offline.clear(site, second);
                    traffic(site, noise, second, 0.2, (30, 300));
                } else if second.is_multiple_of(5) {
                    offline.push(site, second, 160);
                }
            },
        ),
        leak(
            "every third segment of a log",
            5 * HOUR,
            move |site, _, second| {
                if second % (10 * MIN) == 5 {
                    nth += 1;
                    segments.push(site, second, 2_048);
                    if segments.0.len() > 4 {
                        if nth % 3 == 0 {
                            segments.0.pop_front();
                        } else {
                            segments.trim(site, second, 4);
                        }
                    }
                }
            },
        ),
        leak(
            "interned names with a time",
            10 * MIN,
            move |site, noise, second| {
                if happens(noise, 0.2) {
                    names.intern(site, second, second, 40);
                }
            },
        ),
        leak("roots of scripts", 40 * MIN, move |site, noise, second| {
            for _ in 0..noise.about(3.0) {
                if noise.once_in(100) {
                    keep(site, second, 32);
                } else {
                    heap.push(site, second, 32);
                }
            }
            if second % 300 == 290 {
                heap.clear(site, second);
            }
        }),
        leak(
            "a buffer of each flush",
            95 * MIN,
            move |site, _, second| {
                if second % 30 == 3 {
                    series.push(site, second, 128);
                }
                if second % 600 == 595 {
                    series.0.pop_back();
                    series.clear(site, second);
                }
            },
        ),
        leak(
            "TLS sessions without a bound",
            40 * MIN,
            move |site, noise, second| {
                if happens(noise, 1.0 / 120.0) {
                    sessions.intern(site, second, second, 900);
                }
            },
        ),
    ]
}

/// Leaks of two sizes, that begin late or end.
fn changing() -> Vec<Workload> {
    vec![
        leak("leak of two sizes", 20 * MIN, |site, noise, second| {
            traffic(site, noise, second, 0.5, (100, 2_000));
            left(site, noise, second, 120, 40);
            left(site, noise, second, 120, 400);
        }),
        Workload::new(
            "leak since an update",
            &[
                (0, Unknown),
                (10 * MIN, Clean),
                (3 * HOUR, Unknown),
                (210 * MIN, Leak),
            ],
            |site, noise, second| {
                traffic(site, noise, second, 1.0, (50, 4_000));
                if second >= 3 * HOUR {
                    left(site, noise, second, 60, 120);
                }
            },
        ),
        // What was lost stays lost; for how long it has to be said is anybody's choice.
        Workload::new(
            "leak that is over after 6 hours",
            &[(0, Unknown), (20 * MIN, Leak), (6 * HOUR, Unknown)],
            |site, noise, second| {
                traffic(site, noise, second, 1.0, (50, 4_000));
                if second < 6 * HOUR {
                    left(site, noise, second, 90, 120);
                }
            },
        ),
    ]
}

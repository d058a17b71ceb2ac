//! Call sites that never leak.

use super::*;

pub(crate) fn all() -> Vec<Workload> {
    let mut all = streams();
    all.extend(tables());
    all.extend(buffers());
    all.extend(collected());
    all
}

/// Connections, calls and frames that come and go.
fn streams() -> Vec<Workload> {
    let mut jitter = Queue::default();
    let mut list = Queue::default();
    let mut listener = Map::default();
    vec![
        clean("audio, double-buffered", MIN, |site, _, second| {
            for at in 0..10 {
                site.alloc(second * 1_000 + at * 90, 1_024, 130);
            }
        }),
        clean(
            "jitter buffer of a stream",
            25 * MIN,
            move |site, noise, second| {
                // Plays for 8 of 12 minutes.
                if second % 720 < 480 {
                    let late = noise.below(20) as usize;
                    jitter.push(site, second, 480);
                    jitter.trim(site, second, 30 + late);
                } else {
                    jitter.clear(site, second);
                }
            },
        ),
        clean(
            "playlist that is replaced",
            85 * MIN,
            move |site, _, second| {
                if second % (40 * MIN) == 30 {
                    list.clear(site, second);
                    (0..100).for_each(|_| list.push(site, second, 64));
                }
            },
        ),
        clean("calls of up to 50 min", 2 * HOUR, |site, noise, second| {
            visits(site, noise, second, 20 * MIN, 6, (2 * MIN, 50 * MIN));
        }),
        clean(
            "BLE connections up to 40 min",
            HOUR,
            |site, noise, second| {
                visits(site, noise, second, 120, 1, (30, 40 * MIN));
            },
        ),
        clean(
            "LoRaWAN uplinks until acknowledged",
            15 * MIN,
            |site, noise, second| {
                if second % 300 == 20 {
                    let retries = if noise.once_in(6) { 12 } else { 1 };
                    site.alloc(second * 1_000, 51, retries * any(noise, 2_000, 5_000));
                }
            },
        ),
        clean(
            "CAN messages of several frames",
            MIN,
            |site, noise, second| {
                traffic(site, noise, second, 12.0, (5, 200));
            },
        ),
        clean(
            "retries with doubled delays",
            2 * HOUR,
            |site, noise, second| {
                if happens(noise, 0.1) {
                    let life = pareto(noise, 2_000, 3_600_000);
                    site.alloc(second * 1_000 + 9, 180, life);
                }
            },
        ),
        clean(
            "one-shot timers of an hour or two",
            130 * MIN,
            |site, noise, second| {
                visits(site, noise, second, 180, 1, (HOUR, 2 * HOUR));
            },
        ),
        clean(
            "listener replaced on reconnection",
            70 * MIN,
            move |site, _, second| {
                if second % (30 * MIN) == 99 {
                    (0..3).for_each(|key| listener.set(site, second, key, 40));
                }
            },
        ),
    ]
}

/// Caches, tables and what is built once.
fn tables() -> Vec<Workload> {
    let mut bonds = Map::default();
    let mut sessions = Queue::default();
    let mut registers = Map::default();
    let mut names = Map::default();
    let mut glyphs = Lru::of(96);
    let mut built = Map::default();
    let mut table: Option<Block> = None;
    let mut settings = Queue::default();
    vec![
        clean(
            "pairing table of a first hour",
            3 * HOUR,
            move |site, _, second| {
                if second < 50 * MIN && second % 600 == 200 {
                    bonds.intern(site, second, second, 80);
                }
            },
        ),
        clean(
            "TLS sessions, the oldest of 16 goes",
            95 * MIN,
            move |site, noise, second| {
                if happens(noise, 1.0 / 300.0) {
                    sessions.push(site, second, 900);
                    sessions.trim(site, second, 16);
                }
            },
        ),
        clean(
            "Modbus registers, polled",
            5 * MIN,
            move |site, _, second| {
                registers.set(site, second, second % 120, 20);
            },
        ),
        clean("40 interned names", HOUR, move |site, noise, second| {
            if happens(noise, 0.1) {
                let name = noise.below(40);
                names.intern(site, second, name, 24);
            }
        }),
        clean(
            "glyphs, 96 at most",
            20 * MIN,
            move |site, noise, second| {
                if happens(noise, 0.5) {
                    let glyph = noise.below(400);
                    glyphs.touch(site, second, glyph);
                }
            },
        ),
        clean(
            "singletons beside requests",
            6 * HOUR,
            move |site, noise, second| {
                traffic(site, noise, second, 1.0, (20, 900));
                if second < HOUR && second % 300 == 140 {
                    built.intern(site, second, second, 300);
                }
            },
        ),
        clean("table that doubles", 30 * MIN, move |site, _, second| {
            if second.is_power_of_two() {
                let larger = keep(site, second, 32 * (second + 1));
                if let Some(before) = table.replace(larger) {
                    site.free(second * 1_000 + 300, before);
                }
            }
        }),
        clean(
            "DNS answers by their TTL",
            70 * MIN,
            |site, noise, second| {
                if happens(noise, 0.05) {
                    let ttl = [60, 300, 300, 3_600][noise.below(4) as usize];
                    site.alloc(second * 1_000 + 70, 96, ttl * 1_000);
                }
            },
        ),
        clean(
            "settings read anew every hour",
            65 * MIN,
            move |site, _, second| {
                if second % HOUR == 12 {
                    (0..50).for_each(|_| settings.push(site, second, 48));
                    settings.trim(site, second, 50);
                }
            },
        ),
    ]
}

/// Logs, queues and series.
fn buffers() -> Vec<Workload> {
    let mut offline = Queue::default();
    let mut segments = Queue::default();
    let mut hourly = Queue::default();
    let mut seldom = Queue::default();
    let mut events = Queue::default();
    let mut night = Queue::default();
    let mut image = Queue::default();
    let mut unacknowledged = Queue::default();
    vec![
        clean(
            "MQTT queue while offline",
            2 * HOUR,
            move |site, noise, second| {
                if second % (75 * MIN) < 50 * MIN {
                    offline.clear(site, second);
                    traffic(site, noise, second, 0.2, (30, 300));
                } else if happens(noise, 0.2) {
                    offline.push(site, second, 160);
                    offline.trim(site, second, 200);
                }
            },
        ),
        clean("log of 6 segments", 150 * MIN, move |site, _, second| {
            if second % (20 * MIN) == 5 {
                segments.push(site, second, 4_096);
                segments.trim(site, second, 6);
            }
        }),
        clean(
            "series flushed every hour",
            65 * MIN,
            move |site, _, second| {
                if second % MIN == 3 {
                    hourly.push(site, second, 128);
                }
                if second % HOUR == HOUR - 9 {
                    hourly.clear(site, second);
                }
            },
        ),
        clean(
            "series flushed every 6 hours",
            730 * MIN,
            move |site, _, second| {
                if second % (5 * MIN) == 3 {
                    seldom.push(site, second, 128);
                }
                if second % (6 * HOUR) == 6 * HOUR - 9 {
                    seldom.clear(site, second);
                }
            },
        ),
        clean("latest 32 events", 80 * MIN, move |site, noise, second| {
            if happens(noise, 0.01) {
                events.push(site, second, 60);
                events.trim(site, second, 32);
            }
        }),
        clean(
            "job at two in the night",
            3 * HOUR,
            move |site, _, second| {
                if (2 * HOUR..2 * HOUR + 300).contains(&second) {
                    night.push(site, second, 500);
                }
                if second == 2 * HOUR + 20 * MIN {
                    night.clear(site, second);
                }
            },
        ),
        Workload::new(
            "update held until it is whole",
            &[
                (0, Unknown),
                (10 * MIN, Clean),
                (5 * HOUR, Unknown),
                (315 * MIN, Clean),
            ],
            move |site, noise, second| {
                traffic(site, noise, second, 0.5, (100, 3_000));
                if (5 * HOUR..5 * HOUR + 600).contains(&second) {
                    image.push(site, second, 1_024);
                } else {
                    image.clear(site, second);
                }
            },
        ),
        clean(
            "telemetry acknowledged by quarter hours",
            35 * MIN,
            move |site, noise, second| {
                if happens(noise, 0.1) {
                    unacknowledged.push(site, second, 72);
                }
                if second % (15 * MIN) == 14 * MIN {
                    unacknowledged.clear(site, second);
                }
            },
        ),
    ]
}

/// Scripts with a garbage collector, arenas and screens.
fn collected() -> Vec<Workload> {
    let mut heap = Queue::default();
    let (mut young, mut old) = (Queue::default(), Queue::default());
    let mut arena = Queue::default();
    let mut screen = Queue::default();
    vec![
        clean(
            "scripts, collected every 5 min",
            11 * MIN,
            move |site, noise, second| {
                for _ in 0..noise.about(3.0) {
                    heap.push(site, second, 32);
                }
                if second % 300 == 290 {
                    heap.trim(site, second, 40);
                }
            },
        ),
        clean(
            "scripts of two generations",
            65 * MIN,
            move |site, noise, second| {
                for _ in 0..noise.about(2.0) {
                    young.push(site, second, 32);
                }
                if second % 30 == 20 {
                    if let Some(survivor) = young.0.pop_back() {
                        old.0.push_back(survivor);
                    }
                    young.clear(site, second);
                }
                if second % (30 * MIN) == 29 * MIN {
                    old.clear(site, second);
                }
            },
        ),
        clean(
            "JSON arena, reset after a document",
            10 * MIN,
            move |site, noise, second| {
                if second % 20 < 3 {
                    for _ in 0..any(noise, 1, 5) {
                        arena.push(site, second, 512);
                    }
                } else {
                    arena.clear(site, second);
                }
            },
        ),
        clean(
            "widgets of a screen",
            20 * MIN,
            move |site, noise, second| {
                if happens(noise, 1.0 / 90.0) {
                    screen.clear(site, second);
                    for _ in 0..any(noise, 15, 40) {
                        screen.push(site, second, 88);
                    }
                }
            },
        ),
    ]
}

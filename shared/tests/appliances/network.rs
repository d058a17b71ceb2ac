//! Connections, sessions and what is sent.

use super::*;

pub(crate) fn all() -> Vec<Workload> {
    vec![
        mqtt_outbox(),
        mqtt_sessions(),
        advertisements(),
        crowded_advertisements(),
        tls_cache(),
        tls_tickets(),
        ota(),
        json(),
        keep_alive(),
        web_sockets(),
        fragments(),
        reassembly(),
        delayed_acks(),
        dns(),
        observers(),
        modbus(),
    ]
}

/// Messages wait for their acknowledgement; without a broker the outbox holds 50 of them.
fn mqtt_outbox() -> Workload {
    let mut outbox = Queue::default();
    clean("MQTT outbox with outages", 0, move |site, noise, second| {
        let is_away = second % (2 * HOUR) > HOUR && second % (2 * HOUR) < HOUR + 6 * MIN;
        if is_away {
            for _ in 0..noise.about(1.5) {
                outbox.push(site, second, any(noise, 60, 300));
            }
            outbox.trim(site, second, 50);
        } else {
            outbox.clear(site, second);
            traffic(site, noise, second, 1.5, (50, 400));
        }
    })
}

/// One session lasts for hours; in a storm each attempt makes one that fails.
fn mqtt_sessions() -> Workload {
    let mut session: Option<Block> = None;
    clean("MQTT sessions in storms", 0, move |site, noise, second| {
        let is_storm = second % (3 * HOUR) < 7 * MIN;
        if is_storm {
            if let Some(block) = session.take() {
                site.free(second * 1_000 + 20, block);
            }
            if second.is_multiple_of(2) {
                for size in [1_400, 600, 90] {
                    site.alloc(second * 1_000 + 100, size, any(noise, 900, 1_800));
                }
            }
        } else {
            session.get_or_insert_with(|| keep(site, second, 1_400));
        }
    })
}

/// Devices that pass by are forgotten five minutes after they were heard last.
fn advertisements() -> Workload {
    clean(
        "BLE advertisements that expire",
        10 * MIN,
        |site, noise, second| {
            if happens(noise, 0.02 + 0.2 * daylight(second + 8 * HOUR)) {
                let heard = pareto(noise, 5_000, 3_600_000);
                site.alloc(second * 1_000 + 300, 120, heard + 300_000);
            }
        },
    )
}

/// 64 devices at most: the one heard longest ago has to go.
fn crowded_advertisements() -> Workload {
    let mut cache = Lru::of(64);
    clean(
        "BLE advertisements in a crowd",
        5 * MIN,
        move |site, noise, second| {
            for _ in 0..2 {
                let passing = 1_000 + second / 20 * 4 + noise.below(40);
                let staying = noise.below(25);
                let key = if noise.once_in(2) { passing } else { staying };
                cache.touch(site, second, key);
            }
        },
    )
}

/// 32 sessions at most, each resumed at times.
fn tls_cache() -> Workload {
    let mut cache = Lru::of(32);
    let mut next = 0;
    clean(
        "TLS sessions, 32 at most",
        65 * MIN,
        move |site, noise, second| {
            if happens(noise, 1.0 / 90.0) {
                next += 1;
                cache.touch(site, second, next);
            }
            if happens(noise, 1.0 / 60.0) {
                let back = noise.below(next.min(20) + 1);
                if cache.map.0.contains_key(&(next - back)) {
                    cache.touch(site, second, next - back);
                }
            }
        },
    )
}

/// Each ticket is good for an hour.
fn tls_tickets() -> Workload {
    clean("TLS tickets of an hour", 65 * MIN, |site, noise, second| {
        if happens(noise, 0.05) {
            site.alloc(second * 1_000 + 10, 256, 3_600_000);
        }
    })
}

/// A quarter of an hour of chunks, four at a time, twice a day.
fn ota() -> Workload {
    let mut chunks = Queue::default();
    clean("OTA chunks", 0, move |site, noise, second| {
        let at = second % (12 * HOUR);
        if (2 * HOUR..2 * HOUR + 15 * MIN).contains(&at) {
            for _ in 0..noise.about(2.0) {
                chunks.push(site, second, 4_096);
            }
            chunks.trim(site, second, 4);
        } else {
            chunks.clear(site, second);
        }
    })
}

/// A tree of nodes that is gone with the answer; the largest takes seconds.
fn json() -> Workload {
    clean("JSON trees", 0, |site, noise, second| {
        if happens(noise, 0.3) {
            let life = pareto(noise, 20, 4_000);
            let at = second * 1_000 + noise.below(900);
            for node in 0..any(noise, 8, 40) {
                site.alloc(at + node / 4, any(noise, 16, 80), life);
            }
        }
    })
}

/// Closed when idle for 75 s.
fn keep_alive() -> Workload {
    clean(
        "HTTP connections kept alive",
        5 * MIN,
        |site, noise, second| {
            if happens(noise, 0.01 + 0.2 * daylight(second + 9 * HOUR)) {
                let busy = pareto(noise, 500, 400_000);
                site.alloc(second * 1_000 + 40, 2_200, busy + 75_000);
            }
        },
    )
}

/// Pages that people leave open for minutes or for hours.
fn web_sockets() -> Workload {
    clean(
        "web sockets of open pages",
        3 * HOUR,
        |site, noise, second| {
            if happens(noise, daylight(second + 6 * HOUR) / 400.0) {
                let open = pareto(noise, 300_000, 4 * 3_600_000);
                site.alloc(second * 1_000 + 40, 900, open);
            }
        },
    )
}

/// Ten fragments of a message, four in the air; at times the link stalls for half a minute.
fn fragments() -> Workload {
    let mut waiting = Queue::default();
    clean("fragments of messages", 0, move |site, noise, second| {
        if second % 3 == 0 {
            for _ in 0..10 {
                waiting.push(site, second, 128);
            }
        }
        let is_stalled = second % 620 > 590;
        let sent = if is_stalled { 0 } else { 8 + noise.below(5) };
        waiting.pop(site, second, sent);
    })
}

/// What misses a fragment is dropped after 30 s.
fn reassembly() -> Workload {
    clean("reassembly with losses", 0, |site, noise, second| {
        for _ in 0..noise.about(1.2) {
            let life = if noise.once_in(20) {
                30_000
            } else {
                any(noise, 15, 300)
            };
            site.alloc(second * 1_000 + noise.below(900), 1_280, life);
        }
    })
}

/// Acknowledged together twice a second; a lost one is sent again for up to a minute.
fn delayed_acks() -> Workload {
    clean("delayed acknowledgements", 0, |site, noise, second| {
        for _ in 0..noise.about(6.0) {
            let at = noise.below(1_000);
            let lost = noise.once_in(400);
            let life = if lost {
                any(noise, 3_000, 60_000)
            } else {
                500 - at % 500
            };
            site.alloc(second * 1_000 + at, 600, life + 1);
        }
    })
}

/// Forty names with times to live from a minute to half a day, asked for when they are needed.
fn dns() -> Workload {
    let mut until = [0; 40];
    clean(
        "DNS names with times to live",
        HOUR,
        move |site, noise, second| {
            if happens(noise, 0.2) {
                let name = popular(noise, 40) as usize - 1;
                if until[name] <= second {
                    let lives = [60, 300, 1_800, 7_200, 43_200][name % 5];
                    until[name] = second + lives;
                    site.alloc(second * 1_000 + 70, 96, lives * 1_000);
                }
            }
        },
    )
}

/// Thirty observers that register anew every hour and a half.
fn observers() -> Workload {
    let mut observers = Map::default();
    let mut due: Vec<u64> = (0..30).map(|nth| nth * 40).collect();
    clean(
        "CoAP observers that register anew",
        2 * HOUR,
        move |site, noise, second| {
            for (key, due) in due.iter_mut().enumerate() {
                if *due == second {
                    observers.set(site, second, key as u64, 200);
                    *due += any(noise, 80 * MIN, 100 * MIN);
                }
            }
        },
    )
}

/// A request every second; what does not answer is given up after 2 s.
fn modbus() -> Workload {
    clean("Modbus requests", 0, |site, noise, second| {
        let life = if noise.once_in(50) {
            2_000
        } else {
            any(noise, 5, 200)
        };
        site.alloc(second * 1_000 + 1, 64, life);
    })
}

//! Maps, caches and pools that have an end.

use super::*;

pub(crate) fn all() -> Vec<Workload> {
    vec![
        retained_topics(),
        retained_rarely(),
        retained_popular(),
        vocabulary(),
        doubled(),
        high_water(),
        lru(),
        lru_with_hot_ones(),
        lru_seen_late(),
        zones(),
        generations(),
        six_hours(),
        beyond_the_table(),
        slots(),
        claims(),
        paused(),
    ]
}

/// A value for each of 120 devices.
fn retained_topics() -> Workload {
    let mut topics = Map::default();
    clean(
        "retained topics of 120 devices",
        20 * MIN,
        move |site, noise, second| {
            if happens(noise, 0.5) {
                topics.set(site, second, noise.below(120), any(noise, 20, 90));
            }
        },
    )
}

/// Sixty devices that report every half an hour.
fn retained_rarely() -> Workload {
    let mut topics = Map::default();
    let mut due: Vec<u64> = (0..60).map(|nth| nth * 29).collect();
    clean(
        "topics of devices that sleep",
        HOUR,
        move |site, noise, second| {
            for (key, due) in due.iter_mut().enumerate() {
                if *due == second {
                    topics.set(site, second, key as u64, 60);
                    *due += any(noise, 25 * MIN, 35 * MIN);
                }
            }
        },
    )
}

/// Some of 200 devices report all the time, others hardly ever.
fn retained_popular() -> Workload {
    let mut topics = Map::default();
    clean(
        "topics of 200 unequal devices",
        2 * HOUR,
        move |site, noise, second| {
            if happens(noise, 0.3) {
                let device = popular(noise, 200);
                topics.set(site, second, device, 60);
            }
        },
    )
}

/// 150 words that are kept for ever once they were met.
fn vocabulary() -> Workload {
    let mut words = Map::default();
    clean(
        "interned words of a vocabulary",
        90 * MIN,
        move |site, noise, second| {
            for _ in 0..noise.about(0.8) {
                let word = popular(noise, 150);
                words.intern(site, second, word, any(noise, 12, 40));
            }
        },
    )
}

/// A vector that doubles up to 8192 and is dropped then.
fn doubled() -> Workload {
    let mut slab: Option<Block> = None;
    clean("slab that doubles", 0, move |site, _, second| {
        let length = second % 8_192 + 1;
        if length.is_power_of_two() {
            let larger = keep(site, second, length * 8);
            if let Some(old) = slab.replace(larger) {
                site.free(second * 1_000 + 500, old);
            }
        }
    })
}

/// Buffers that are never given back: as many as were needed at once.
fn high_water() -> Workload {
    let mut most = 0;
    clean(
        "pool of the highest need",
        3 * HOUR,
        move |site, noise, second| {
            if second.is_multiple_of(10) {
                let need = pareto(noise, 4, 60).min(48);
                while most < need {
                    most += 1;
                    keep(site, second, 512);
                }
            }
        },
    )
}

fn lru() -> Workload {
    let mut cache = Lru::of(100);
    clean("LRU of 100 of 400", 15 * MIN, move |site, noise, second| {
        for _ in 0..noise.about(0.5) {
            let key = noise.below(400);
            cache.touch(site, second, key);
        }
    })
}

fn hot() -> impl FnMut(&mut Site, &mut Noise, u64) {
    let mut cache = Lru::of(100);
    move |site, noise, second| {
        for _ in 0..noise.about(1.0) {
            let key = popular(noise, 2_000);
            cache.touch(site, second, key);
        }
    }
}

/// Twenty keys are asked for so often that they stay for ever.
fn lru_with_hot_ones() -> Workload {
    clean("LRU of 100 with hot ones", 15 * MIN, hot())
}

fn lru_seen_late() -> Workload {
    let workload = clean("LRU of 100, seen late", 5 * HOUR, hot());
    workload.with(|view| view.from = 5 * HOUR)
}

/// Forty zones, each loaded when it is asked for first.
fn zones() -> Workload {
    let mut zones = Map::default();
    clean(
        "forty zones loaded at need",
        10 * HOUR,
        move |site, noise, second| {
            if happens(noise, 1.0 / 300.0) {
                zones.intern(site, second, noise.below(40), 400);
            }
        },
    )
}

/// The older of two generations goes every 10 min.
fn generations() -> Workload {
    let mut entries = Queue::default();
    let mut old = 0;
    clean(
        "cache of two generations",
        25 * MIN,
        move |site, noise, second| {
            for _ in 0..noise.about(0.3) {
                entries.push(site, second, 77);
            }
            if second % (10 * MIN) == 599 {
                entries.pop(site, second, old);
                old = entries.0.len() as u64;
            }
        },
    )
}

/// Weather is good for six hours.
fn six_hours() -> Workload {
    clean(
        "cache of six hours",
        6 * HOUR + 15 * MIN,
        |site, noise, second| {
            if happens(noise, 1.0 / 120.0) {
                site.alloc(second * 1_000 + 800, 500, 6 * 3_600_000);
            }
        },
    )
}

/// 800 entries that are replaced by chance, of which the device has records of 600.
fn beyond_the_table() -> Workload {
    let mut map = Map::default();
    let step = move |site: &mut Site, noise: &mut Noise, second| {
        for _ in 0..2 {
            map.set(site, second, noise.below(800), 32);
        }
    };
    let workload = clean("800 entries in a table of 600", HOUR, step);
    workload
        .for_seconds(6 * HOUR)
        .with(|view| view.room = Some(600))
}

/// Sixteen slots that are taken and given back by chance, for minutes or for hours.
fn slots() -> Workload {
    let mut slots = Map::default();
    clean("sixteen slots", 2 * HOUR, move |site, noise, second| {
        if happens(noise, 0.004) {
            let slot = noise.below(16);
            if slots.0.contains_key(&slot) {
                slots.remove(site, second, slot);
            } else {
                slots.set(site, second, slot, 1_024);
            }
        }
    })
}

/// Addresses that are leased for two hours, and mostly renewed in place at half time.
fn claims() -> Workload {
    let mut leases: BTreeMap<u64, (Block, u64)> = BTreeMap::new();
    clean(
        "leases of two hours",
        3 * HOUR,
        move |site, noise, second| {
            if happens(noise, 0.004) {
                let client = noise.below(10_000);
                let lease = leases.entry(client);
                lease.or_insert_with(|| (keep(site, second, 64), second + 2 * HOUR));
            }
            for (_, until) in leases.values_mut() {
                if *until == second + HOUR && !noise.once_in(3) {
                    *until += HOUR;
                }
            }
            leases.retain(|_, (block, until)| {
                let stays = *until > second;
                if !stays {
                    site.free(second * 1_000 + 500, *block);
                }
                stays
            });
        },
    )
}

/// A map of 50 while the trace is paused at times.
fn paused() -> Workload {
    let mut map = Map::default();
    let step = move |site: &mut Site, noise: &mut Noise, second| {
        if happens(noise, 0.2) {
            map.set(site, second, noise.below(50), 32);
        }
    };
    clean("map of 50 with pauses", 30 * MIN, step)
        .with(|view| view.pauses = vec![(HOUR, HOUR + 15 * MIN), (5 * HOUR, 6 * HOUR)])
}

//! Leaks that take hours.

use super::*;

pub(crate) fn all() -> Vec<Workload> {
    vec![
        socket_after_an_abnormal_close(),
        certificate_each_reconnect(),
        tree_of_a_bad_message(),
        chunk_each_flush(),
        with_use_by_day(),
        with_daylight(),
        every_half_hour_by_chance(),
        block_an_hour(),
        manifest_each_check(),
        generation_each_reload(),
        block_of_each_generation(),
        beside_heavy_tails(),
    ]
}

/// A client every three minutes; one in three is cut off and never cleaned up.
fn socket_after_an_abnormal_close() -> Workload {
    plain(
        "a socket after an abnormal close",
        20 * HOUR,
        &[(4 * HOUR, Leak)],
        |site, noise, second| {
            if happens(noise, 1.0 / 180.0) {
                if noise.once_in(3) {
                    keep(site, second, 1_300);
                } else {
                    site.alloc(second * 1_000, 1_300, pareto(noise, 60_000, 3_600_000));
                }
            }
        },
    )
}

fn certificate_each_reconnect() -> Workload {
    plain(
        "a certificate each hourly reconnect",
        24 * HOUR,
        &[(8 * HOUR, Leak)],
        |site, noise, second| {
            if every(second, HOUR) {
                traffic(site, noise, second, 5.0, (400, 2_500));
                keep(site, second, 1_500);
            }
        },
    )
}

fn tree_of_a_bad_message() -> Workload {
    plain(
        "two of thirty each configuration",
        10 * HOUR,
        &[(70 * MIN, Leak)],
        |site, noise, second| {
            if every(second, 600) {
                traffic(site, noise, second, 28.0, (20, 300));
                keep_many(site, second, 2, 40);
            }
        },
    )
}

/// Chunks of ten seconds, flushed each hour: the one that is being written is forgotten.
fn chunk_each_flush() -> Workload {
    let mut chunks = Vec::new();
    let step = move |site: &mut Site, _: &mut Noise, second: u64| {
        if every(second, 10) {
            chunks.push(keep(site, second, 512));
        }
        if second % HOUR == HOUR - 1 {
            chunks.pop();
            free_all(site, second, &mut chunks);
        }
    };
    Workload::new("a chunk each hourly flush", &[(10 * HOUR, Leak)], step)
}

/// From eight in the morning; nobody presses a button from ten in the evening on.
fn with_use_by_day() -> Workload {
    let truth = [(80 * MIN, Leak), (14 * HOUR, Unknown)];
    plain(
        "a press every five minutes by day",
        24 * HOUR,
        &truth,
        |site, noise, second| {
            traffic(site, noise, second, 0.1, (50, 1_500));
            if second < 14 * HOUR && happens(noise, 1.0 / 300.0) {
                keep(site, second, 64);
            }
        },
    )
}

/// From six in the morning on; it nearly rests at midnight.
fn with_daylight() -> Workload {
    let truth = [(2 * HOUR, Leak), (15 * HOUR, Unknown)];
    plain(
        "with the traffic of the day, nothing freed",
        24 * HOUR,
        &truth,
        |site, noise, second| {
            if happens(noise, daylight(second + 6 * HOUR) / 45.0) {
                keep(site, second, 64);
            }
        },
    )
}

fn every_half_hour_by_chance() -> Workload {
    plain(
        "by chance, every half hour",
        24 * HOUR,
        &[(7 * HOUR, Leak)],
        |site, noise, second| {
            traffic(site, noise, second, 0.1, (50, 2_000));
            if happens(noise, 1.0 / 1_800.0) {
                keep(site, second, 300);
            }
        },
    )
}

fn block_an_hour() -> Workload {
    plain(
        "a block an hour under much traffic",
        24 * HOUR,
        &[(7 * HOUR, Leak)],
        |site, noise, second| {
            traffic(site, noise, second, 8.0, (2, 300));
            if every(second, HOUR) {
                keep(site, second, 300);
            }
        },
    )
}

fn manifest_each_check() -> Workload {
    plain(
        "a manifest each check for updates",
        20 * HOUR,
        &[(5 * HOUR, Leak)],
        |site, noise, second| {
            if every(second, 30 * MIN) {
                traffic(site, noise, second, 12.0, (300, 20_000));
                keep(site, second, 2_048);
            }
        },
    )
}

/// Reloads each hour, and never gives back what was loaded before.
fn generation_each_reload() -> Workload {
    plain(
        "a generation each reload, nothing freed",
        24 * HOUR,
        &[(5 * HOUR, Leak)],
        |site, _, second| {
            if second == 2 || (second > HOUR / 2 && every(second, HOUR)) {
                keep_many(site, second, 25, 60);
            }
        },
    )
}

fn block_of_each_generation() -> Workload {
    let mut held: Vec<Block> = Vec::new();
    let step = move |site: &mut Site, _: &mut Noise, second: u64| {
        if second % (20 * MIN) == 3 {
            held.pop();
            free_all(site, second, &mut held);
            held = keep_many(site, second, 25, 60);
        }
    };
    Workload::new("a block of each generation", &[(200 * MIN, Leak)], step).for_seconds(16 * HOUR)
}

/// Sessions with a heavy tail of an hour; one a minute is forgotten.
fn beside_heavy_tails() -> Workload {
    plain(
        "beside sessions with a heavy tail",
        16 * HOUR,
        &[(3 * HOUR, Leak)],
        |site, noise, second| {
            if happens(noise, 0.2) {
                site.alloc(second * 1_000, 200, pareto(noise, 2_000, 3_600_000));
            }
            if happens(noise, 1.0 / 60.0) {
                keep(site, second, 200);
            }
        },
    )
}

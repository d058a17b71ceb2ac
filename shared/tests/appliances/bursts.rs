//! Leaks that come in bursts, and leaks that end.

use super::*;

pub(crate) fn all() -> Vec<Workload> {
    vec![
        error_path(),
        errors_by_chance(),
        retry_limit(),
        outages(),
        malformed(),
        updates(),
        night_jobs(),
        reconnects(),
        fixed_by_hand(),
    ]
}

/// Every two hours five minutes of errors, each of which leaves something behind.
fn error_path() -> Workload {
    leak(
        "on the path of errors",
        5 * HOUR + 30 * MIN,
        |site, noise, second| {
            traffic(site, noise, second, 0.5, (20, 4_000));
            let at = second % (2 * HOUR);
            if (HOUR..HOUR + 5 * MIN).contains(&at) && at.is_multiple_of(10) {
                keep(site, second, 70);
            }
        },
    )
}

/// Nothing but ten blocks an hour and a half by chance.
fn errors_by_chance() -> Workload {
    let mut left = 0;
    leak(
        "ten blocks at an error",
        12 * HOUR,
        move |site, noise, second| {
            if happens(noise, 1.0 / 5_400.0) {
                left += 10;
            }
            if left > 0 && second.is_multiple_of(2) {
                left -= 1;
                keep(site, second, 44);
            }
        },
    )
}

/// Each of a hundred attempts leaks; then it gives up.
fn retry_limit() -> Workload {
    let end = 100 * 12;
    let truth = [
        (0, Unknown),
        (10 * MIN, Leak),
        (end, Unknown),
        (end + 2 * HOUR, Clean),
    ];
    Workload::new(
        "until attempts are given up",
        &truth,
        move |site, _, second| {
            if second < end && second.is_multiple_of(12) {
                keep(site, second, 250);
            }
        },
    )
}

/// Up to 15 attempts within an outage leak, every two hours.
fn outages() -> Workload {
    leak(
        "attempts within outages",
        7 * HOUR,
        |site, noise, second| {
            let at = second % (2 * HOUR);
            if (20 * MIN..28 * MIN).contains(&at) && at.is_multiple_of(30) {
                keep(site, second, 250);
            } else {
                traffic(site, noise, second, 0.2, (10, 90));
            }
        },
    )
}

/// A dozen nodes of each text that cannot be parsed.
fn malformed() -> Workload {
    leak(
        "trees of malformed texts",
        80 * MIN,
        |site, noise, second| {
            if happens(noise, 0.2) {
                let life = any(noise, 10, 900);
                let life = if noise.once_in(80) { NEVER } else { life };
                for node in 0..12 {
                    site.alloc(second * 1_000 + node, 40, life);
                }
            }
        },
    )
}

/// Three blocks at each look for an update, every hour.
fn updates() -> Workload {
    leak("three blocks an hour", 7 * HOUR, |site, _, second| {
        let at = second % HOUR;
        if at == 600 {
            for _ in 0..8 {
                site.alloc(second * 1_000, 512, 2_500);
            }
        }
        if (600..603).contains(&at) {
            keep(site, second, 512);
        }
    })
}

/// A job every four hours leaks 20 of 100 blocks.
fn night_jobs() -> Workload {
    leak(
        "a fifth of a job every four hours",
        13 * HOUR,
        |site, noise, second| {
            let at = second % (4 * HOUR);
            if (30 * MIN..32 * MIN).contains(&at) {
                for _ in 0..noise.about(0.8) {
                    let life = if noise.once_in(5) { NEVER } else { 200_000 };
                    site.alloc(second * 1_000, 100, life);
                }
            }
        },
    )
}

/// Each reconnection leaks a block; they come in storms by chance.
fn reconnects() -> Workload {
    let mut storm = 0;
    let mut session: Option<Block> = None;
    leak("each reconnection", 8 * HOUR, move |site, noise, second| {
        if happens(noise, 1.0 / 4_800.0) {
            storm = second + any(noise, 60, 400);
        }
        if second == 0 || second < storm && second.is_multiple_of(15) {
            keep(site, second, 300);
            if let Some(old) = session.replace(keep(site, second, 1_400)) {
                site.free(second * 1_000 + 500, old);
            }
        }
    })
}

/// Somebody switches off what leaks after two hours.
fn fixed_by_hand() -> Workload {
    let end = 2 * HOUR;
    let truth = [
        (0, Unknown),
        (20 * MIN, Leak),
        (end, Unknown),
        (end + 2 * HOUR, Clean),
    ];
    Workload::new(
        "until it is switched off",
        &truth,
        move |site, noise, second| {
            traffic(site, noise, second, 0.8, (20, 3_000));
            if second < end && happens(noise, 0.05) {
                keep(site, second, 77);
            }
        },
    )
}

//! Queues, logs and windows.

use super::*;

pub(crate) fn all() -> Vec<Workload> {
    vec![
        catches_up_at_night(),
        a_little_slow(),
        far_too_slow(),
        slow_with_priorities(),
        slow_but_bounded(),
        log_of_200(),
        log_of_bytes(),
        log_of_hours(),
        averages(),
        averages_of_an_hour(),
        trimmed(),
        trimmed_under_pressure(),
        trimmed_seen_late(),
        uplink_once_an_hour(),
        jittery(),
    ]
}

/// By day a little more comes than goes, and at night nothing is left; it begins at two in the afternoon.
fn catches_up_at_night() -> Workload {
    let mut queue = Queue::default();
    clean(
        "queue that catches up at night",
        9 * HOUR,
        move |site, noise, second| {
            let hour = (second / HOUR + 14) % 24;
            let comes = if (7..20).contains(&hour) { 0.5 } else { 0.1 };
            for _ in 0..noise.about(comes) {
                queue.push(site, second, 90);
            }
            let goes = noise.about(0.48);
            queue.pop(site, second, goes);
        },
    )
}

/// 5 % more comes than goes, for ever.
fn a_little_slow() -> Workload {
    slow("queue 5 % too slow", 90 * MIN, 0.4, 0.38)
}

fn far_too_slow() -> Workload {
    slow("queue 30 % too slow", 20 * MIN, 0.3, 0.21).for_seconds(8 * HOUR)
}

fn slow(name: &'static str, known: u64, comes: f64, goes: f64) -> Workload {
    let mut queue = Queue::default();
    let step = move |site: &mut Site, noise: &mut Noise, second| {
        for _ in 0..noise.about(comes) {
            queue.push(site, second, 110);
        }
        let goes = noise.about(goes);
        queue.pop(site, second, goes);
    };
    leak(name, known, step).told_by_history()
}

/// A third of what comes is handled first; of the rest ever more is left.
fn slow_with_priorities() -> Workload {
    let mut queue = Queue::default();
    let step = move |site: &mut Site, noise: &mut Noise, second| {
        for _ in 0..noise.about(0.4) {
            if noise.once_in(3) {
                site.alloc(second * 1_000 + 5, 100, any(noise, 500, 4_000));
            } else {
                queue.push(site, second, 100);
            }
        }
        let goes = noise.about(0.22);
        queue.pop(site, second, goes);
    };
    leak("queue too slow beside urgent ones", 45 * MIN, step).told_by_history()
}

/// Too slow by 5 % as well, but beyond 150 the newest is refused.
fn slow_but_bounded() -> Workload {
    let mut queue = Queue::default();
    clean(
        "queue 5 % too slow of 150",
        4 * HOUR,
        move |site, noise, second| {
            for _ in 0..noise.about(0.4) {
                if queue.0.len() < 150 {
                    queue.push(site, second, 110);
                }
            }
            let goes = noise.about(0.38);
            queue.pop(site, second, goes);
        },
    )
}

fn log_of_200() -> Workload {
    let mut log = Queue::default();
    clean(
        "log of 200 entries",
        30 * MIN,
        move |site, noise, second| {
            if happens(noise, 0.15) {
                log.push(site, second, any(noise, 30, 120));
                log.trim(site, second, 200);
            }
        },
    )
}

/// The oldest go until the new one has room within 8 KB.
fn log_of_bytes() -> Workload {
    let mut log: VecDeque<(Block, u64)> = VecDeque::new();
    clean("log of 8 KB", 5 * MIN, move |site, noise, second| {
        for _ in 0..noise.about(1.0) {
            let size = pareto(noise, 40, 900);
            log.push_back((keep(site, second, size), size));
            while log.iter().map(|(_, size)| size).sum::<u64>() > 8_192 {
                if let Some((block, _)) = log.pop_front() {
                    site.free(second * 1_000 + 500, block);
                }
            }
        }
    })
}

/// An entry an hour, 12 of them.
fn log_of_hours() -> Workload {
    let mut log = Queue::default();
    clean("log of 12 hours", 14 * HOUR, move |site, _, second| {
        if every(second, HOUR) {
            log.push(site, second, 300);
            log.trim(site, second, 12);
        }
    })
}

fn averages() -> Workload {
    let mut window = Queue::default();
    clean("average of a minute", 2 * MIN, move |site, _, second| {
        window.push(site, second, 16);
        window.trim(site, second, 60);
    })
}

fn averages_of_an_hour() -> Workload {
    let mut window = Queue::default();
    clean("average of an hour", 65 * MIN, move |site, _, second| {
        if every(second, MIN) {
            window.push(site, second, 16);
            window.trim(site, second, 60);
        }
    })
}

/// Grows to 300 and is cut to 100.
fn trimmed() -> Workload {
    let mut list = Queue::default();
    clean(
        "list that is cut to a third",
        7 * MIN,
        move |site, noise, second| {
            for _ in 0..noise.about(1.0) {
                list.push(site, second, 48);
            }
            if list.0.len() > 300 {
                list.trim(site, second, 100);
            }
        },
    )
}

fn under_pressure() -> impl FnMut(&mut Site, &mut Noise, u64) {
    let mut list = Queue::default();
    let mut cut = 40 * MIN;
    move |site, noise, second| {
        if happens(noise, 0.15) {
            list.push(site, second, 64);
        }
        if second == cut {
            let left = noise.below(60) as usize;
            list.trim(site, second, left);
            cut += any(noise, 25 * MIN, 70 * MIN);
        }
    }
}

/// Cut whenever memory gets short elsewhere.
fn trimmed_under_pressure() -> Workload {
    clean("list cut under pressure", 75 * MIN, under_pressure())
}

fn trimmed_seen_late() -> Workload {
    let workload = clean(
        "list cut under pressure, seen late",
        3 * HOUR,
        under_pressure(),
    );
    workload.with(|view| view.from = 3 * HOUR)
}

/// Measured twice a minute, sent every hour: the radio is dear.
fn uplink_once_an_hour() -> Workload {
    let mut samples = Queue::default();
    clean(
        "samples sent every hour",
        65 * MIN,
        move |site, _, second| {
            if second % 30 == 7 {
                samples.push(site, second, 24);
            }
            if second % HOUR == HOUR - 20 {
                samples.clear(site, second);
            }
        },
    )
}

/// As much comes as goes, but the consumer sleeps for up to 10 min.
fn jittery() -> Workload {
    let mut queue = Queue::default();
    let mut wakes = 0;
    clean(
        "queue whose consumer sleeps",
        15 * MIN,
        move |site, noise, second| {
            for _ in 0..noise.about(0.5) {
                queue.push(site, second, 80);
            }
            if second >= wakes {
                queue.clear(site, second);
                wakes = second + pareto(noise, 20, 600);
            }
        },
    )
}

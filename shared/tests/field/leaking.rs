//! Leaks beside traffic, that show within minutes or an hour.

use super::*;

pub(crate) fn all() -> Vec<Workload> {
    vec![
        session_in_forty(),
        publish_without_ack(),
        keep_alive_in_hundred(),
        by_chance(),
        begins_late(),
        begins_late_and_slowly(),
        stops(),
        slows_down_and_goes_on(),
        gathers_pace(),
        backs_off_to_a_limit(),
        in_bursts(),
        in_bursts_by_chance(),
        beside_averages(),
        beside_timers(),
        never_frees_fast(),
        never_frees(),
        beside_long_lived_neighbours(),
        over_a_restart(),
        over_a_pause(),
        until_records_are_evicted(),
        queue_with_a_slow_consumer(),
        queue_with_a_consumer_that_slows(),
        under_a_storm(),
        in_two_of_three_sites(),
    ]
}

/// Five sessions a second; one in forty misses its destructor.
fn session_in_forty() -> Workload {
    plain(
        "a session in forty",
        3 * HOUR,
        &[(3 * MIN, Leak)],
        |site, noise, second| {
            traffic(site, noise, second, 5.0, (300, 4_000));
            if happens(noise, 0.125) {
                keep(site, second, 240);
            }
        },
    )
}

fn publish_without_ack() -> Workload {
    plain(
        "a publish in fifty without an acknowledgement",
        6 * HOUR,
        &[(12 * MIN, Leak)],
        |site, noise, second| {
            traffic(site, noise, second, 1.0, (40, 900));
            if happens(noise, 0.02) {
                keep(site, second, 180);
            }
        },
    )
}

/// Idle connections are closed after 75 s.
fn keep_alive_in_hundred() -> Workload {
    plain(
        "a kept-alive connection in a hundred",
        8 * HOUR,
        &[(25 * MIN, Leak)],
        |site, noise, second| {
            traffic(site, noise, second, 1.0, (5_000, 75_000));
            if happens(noise, 0.01) {
                keep(site, second, 520);
            }
        },
    )
}

fn by_chance() -> Workload {
    plain(
        "by chance, every 90 s",
        8 * HOUR,
        &[(25 * MIN, Leak)],
        |site, noise, second| {
            traffic(site, noise, second, 3.0, (20, 800));
            if happens(noise, 1.0 / 90.0) {
                keep(site, second, 96);
            }
        },
    )
}

fn begins_late() -> Workload {
    let truth = [(0, Clean), (3 * HOUR, Unknown), (3 * HOUR + 6 * MIN, Leak)];
    plain(
        "begins after three hours",
        8 * HOUR,
        &truth,
        |site, noise, second| {
            traffic(site, noise, second, 2.0, (20, 200));
            if second > 3 * HOUR && every(second, 20) {
                keep(site, second, 96);
            }
        },
    )
}

fn begins_late_and_slowly() -> Workload {
    let truth = [(0, Clean), (6 * HOUR, Unknown), (7 * HOUR + 30 * MIN, Leak)];
    plain(
        "begins after six hours, slowly",
        16 * HOUR,
        &truth,
        |site, noise, second| {
            traffic(site, noise, second, 0.5, (100, 3_000));
            if second > 6 * HOUR && happens(noise, 1.0 / 600.0) {
                keep(site, second, 96);
            }
        },
    )
}

/// The peer that sent the bad messages is switched off.
fn stops() -> Workload {
    let truth = [(3 * MIN, Leak), (2 * HOUR, Unknown), (6 * HOUR, Clean)];
    plain(
        "stops after two hours",
        12 * HOUR,
        &truth,
        |site, noise, second| {
            traffic(site, noise, second, 2.0, (20, 400));
            if second < 2 * HOUR && every(second, 10) {
                keep(site, second, 96);
            }
        },
    )
}

fn slows_down_and_goes_on() -> Workload {
    let truth = [(4 * MIN, Leak), (HOUR, Unknown), (4 * HOUR, Leak)];
    plain(
        "a sixth of the pace after an hour",
        12 * HOUR,
        &truth,
        |site, noise, second| {
            traffic(site, noise, second, 2.0, (20, 400));
            let gap = if second < HOUR { 10.0 } else { 60.0 };
            if happens(noise, 1.0 / gap) {
                keep(site, second, 96);
            }
        },
    )
}

fn gathers_pace() -> Workload {
    plain(
        "gathers pace",
        6 * HOUR,
        &[(25 * MIN, Leak)],
        |site, noise, second| {
            traffic(site, noise, second, 1.0, (20, 900));
            if happens(noise, second as f64 / (6 * HOUR) as f64 / 10.0) {
                keep(site, second, 96);
            }
        },
    )
}

/// A reconnect loses its context; tries are 1, 2, 4, ... 600 s apart.
fn backs_off_to_a_limit() -> Workload {
    let mut next = 0;
    let mut gap = 1;
    let truth = [(130 * MIN, Leak)];
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        if second == next {
            keep(site, second, 1_100);
            traffic(site, noise, second, 12.0, (100, 6_000));
            next += gap + noise.below(gap / 10 + 1);
            gap = (gap * 2).min(600);
        }
    };
    Workload::new("a retry that backs off to ten minutes", &truth, step).for_seconds(12 * HOUR)
}

/// A scan every quarter of an hour leaves twenty of its results.
fn in_bursts() -> Workload {
    plain(
        "twenty each scan",
        10 * HOUR,
        &[(80 * MIN, Leak)],
        |site, noise, second| {
            if second % 900 < 10 {
                traffic(site, noise, second, 15.0, (1_000, 10_000));
                keep_many(site, second, 2, 48);
            }
        },
    )
}

fn in_bursts_by_chance() -> Workload {
    plain(
        "five to fifteen at once, by chance",
        14 * HOUR,
        &[(3 * HOUR, Leak)],
        |site, noise, second| {
            traffic(site, noise, second, 0.3, (100, 5_000));
            if happens(noise, 1.0 / 1_200.0) {
                let count = any(noise, 5, 16);
                keep_many(site, second, count, 80);
            }
        },
    )
}

/// Averages live for ten minutes each.
fn beside_averages() -> Workload {
    plain(
        "beside averages of ten minutes",
        8 * HOUR,
        &[(40 * MIN, Leak)],
        |site, noise, second| {
            if every(second, 5) {
                site.alloc(second * 1_000, 64, 600_000);
            }
            if happens(noise, 0.1) {
                keep(site, second, 64);
            }
        },
    )
}

fn beside_timers() -> Workload {
    plain(
        "a timer every two minutes, beside thirty",
        10 * HOUR,
        &[(45 * MIN, Leak)],
        |site, noise, second| {
            if second == 1 {
                keep_many(site, second, 30, 56);
            }
            traffic(site, noise, second, 0.2, (1_000, 30_000));
            if every(second, 120) {
                keep(site, second, 56);
            }
        },
    )
}

fn never_frees_fast() -> Workload {
    plain(
        "two a second, nothing freed",
        2 * HOUR,
        &[(6 * MIN, Leak)],
        |site, noise, second| {
            for _ in 0..noise.about(2.0) {
                keep(site, second, 48);
            }
        },
    )
}

fn never_frees() -> Workload {
    plain(
        "a callback each event, nothing freed",
        12 * HOUR,
        &[(40 * MIN, Leak)],
        |site, noise, second| {
            if happens(noise, 1.0 / 30.0) {
                keep(site, second, 48);
            }
        },
    )
}

/// Connections that are kept for hours come from the same call site.
fn beside_long_lived_neighbours() -> Workload {
    plain(
        "two leaks beside connections of hours",
        24 * HOUR,
        &[(90 * MIN, Leak)],
        |site, noise, second| {
            if happens(noise, 1.0 / 1_800.0) || (second < 120 && every(second, 10)) {
                site.alloc(second * 1_000, 900, any(noise, 4 * HOUR, 8 * HOUR) * 1_000);
            }
            if happens(noise, 1.0 / 60.0) {
                keep(site, second, 900);
            }
            if every(second, 420) {
                keep(site, second, 120);
            }
        },
    )
}

fn over_a_restart() -> Workload {
    let truth = [
        (5 * MIN, Leak),
        (2 * HOUR, Unknown),
        (2 * HOUR + 5 * MIN, Leak),
    ];
    plain(
        "over a restart of the trace",
        4 * HOUR,
        &truth,
        |site, noise, second| {
            traffic(site, noise, second, 1.0, (20, 900));
            if every(second, 15) {
                keep(site, second, 96);
            }
        },
    )
    .with(|view| view.restart = Some(2 * HOUR))
}

fn over_a_pause() -> Workload {
    plain(
        "over a pause of the trace",
        4 * HOUR,
        &[(5 * MIN, Leak)],
        |site, noise, second| {
            traffic(site, noise, second, 1.0, (20, 900));
            if happens(noise, 0.1) {
                keep(site, second, 96);
            }
        },
    )
    .with(|view| view.pauses = vec![(HOUR, HOUR + 25 * MIN), (2 * HOUR, 2 * HOUR + MIN)])
}

/// What was forgotten makes it uncertain.
fn until_records_are_evicted() -> Workload {
    let truth = [(4 * MIN, Leak), (20 * MIN, Unknown)];
    plain(
        "until records are evicted",
        2 * HOUR,
        &truth,
        |site, noise, second| {
            traffic(site, noise, second, 1.0, (20, 900));
            if every(second, 5) {
                keep(site, second, 96);
            }
        },
    )
    .with(|view| view.room = Some(250))
}

/// Every block is freed, but one in twenty more comes than goes.
fn queue_with_a_slow_consumer() -> Workload {
    let mut queue = std::collections::VecDeque::new();
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        for _ in 0..noise.about(2.0) {
            queue.push_back(keep(site, second, 72));
        }
        for _ in 0..noise.about(1.9) {
            if let Some(block) = queue.pop_front() {
                site.free(second * 1_000 + 600, block);
            }
        }
    };
    let queue = Workload::new("a queue whose consumer is slow", &[(45 * MIN, Leak)], step);
    queue.for_seconds(8 * HOUR).told_by_history()
}

fn queue_with_a_consumer_that_slows() -> Workload {
    let mut queue = std::collections::VecDeque::new();
    let truth = [(MIN, Clean), (2 * HOUR, Unknown), (3 * HOUR, Leak)];
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        queue.push_back(keep(site, second, 72));
        let served = if second < 2 * HOUR { 1.5 } else { 0.9 };
        for _ in 0..noise.about(served) {
            if let Some(block) = queue.pop_front() {
                site.free(second * 1_000 + 600, block);
            }
        }
    };
    let queue = Workload::new("a queue whose consumer slows", &truth, step);
    queue.for_seconds(10 * HOUR).told_by_history()
}

/// Ten lookups a second for five minutes in every two hours; one in a hundred is forgotten.
fn under_a_storm() -> Workload {
    plain(
        "a lookup in a hundred under storms",
        16 * HOUR,
        &[(5 * HOUR + 10 * MIN, Leak)],
        |site, noise, second| {
            let is_storm = (HOUR..HOUR + 5 * MIN).contains(&(second % (2 * HOUR)));
            let pace = if is_storm { 10.0 } else { 0.05 };
            traffic(site, noise, second, pace, (500, 5_000));
            if happens(noise, pace / 100.0) {
                keep(site, second, 88);
            }
        },
    )
}

/// The same parser at three call sites, with an error path in two.
fn in_two_of_three_sites() -> Workload {
    let mut workload = Workload::new("in two of three sites", &[(15 * MIN, Leak)], |_, _, _| {});
    workload.sites = 3;
    workload.step = Box::new(|sites, noise, second| {
        for (at, site) in sites.iter_mut().enumerate() {
            traffic(site, noise, second, 4.0, (5, 60));
            if at > 0 && happens(noise, 1.0 / 40.0) {
                keep(site, second, 32);
            }
        }
    });
    workload.for_seconds(4 * HOUR)
}

//! What comes and goes.

use super::*;

pub(crate) fn all() -> Vec<Workload> {
    vec![
        pool_by_day(),
        kept_alive(),
        retry_storms(),
        queue_with_outages(),
        parse_trees(),
        timers(),
        reloads(),
        reloads_with_two_generations(),
        paused_trace(),
        too_few_records(),
        windows(),
        segments(),
        batches(),
        busy_queue(),
        operator(),
        tasks(),
        double_buffer(),
        grows_in_place(),
        ten_times_the_load(),
        ramp(),
        download(),
        nightly(),
        heavy_tails(),
        collector(),
    ]
}

/// Twenty connections at noon, four at night; each is closed when it was idle for long.
fn pool_by_day() -> Workload {
    let mut pool: Vec<Block> = Vec::new();
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        let wanted = 4 + (16.0 * daylight(second + 6 * HOUR)) as usize;
        if pool.len() < wanted && happens(noise, 0.02) {
            pool.push(keep(site, second, 1_200));
        }
        if pool.len() > wanted && happens(noise, 1.0 / 600.0) {
            let nth = noise.below(pool.len() as u64) as usize;
            site.free(second * 1_000 + 700, pool.swap_remove(nth));
        }
        if !pool.is_empty() && happens(noise, 1.0 / 400.0) {
            let nth = noise.below(pool.len() as u64) as usize;
            site.free(second * 1_000 + 700, pool.swap_remove(nth));
        }
    };
    Workload::new(
        "a pool of connections by day and night",
        &[(10 * MIN, Clean)],
        step,
    )
}

fn kept_alive() -> Workload {
    plain(
        "connections kept alive",
        8 * HOUR,
        &[(0, Clean)],
        |site, noise, second| {
            if happens(noise, 0.7) {
                site.alloc(second * 1_000, 520, pareto(noise, 5_000, 120_000));
            }
        },
    )
}

fn retry_storms() -> Workload {
    plain(
        "storms of retries",
        10 * HOUR,
        &[(0, Clean)],
        |site, noise, second| {
            let is_storm = (HOUR..HOUR + 3 * MIN).contains(&(second % (2 * HOUR)));
            let (pace, life) = if is_storm { (20.0, 30_000) } else { (1.0, 600) };
            traffic(site, noise, second, pace, (life / 10, life));
        },
    )
}

/// While the broker is away everything waits.
fn queue_with_outages() -> Workload {
    let outages = [
        (3 * HOUR, 40 * MIN),
        (9 * HOUR, 25 * MIN),
        (15 * HOUR, 55 * MIN),
    ];
    let truth = [
        (0, Clean),
        (3 * HOUR, Unknown),
        (3 * HOUR + 41 * MIN, Clean),
        (15 * HOUR + 40 * MIN, Unknown),
        (15 * HOUR + 56 * MIN, Clean),
    ];
    let mut waiting = Vec::new();
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        let is_away = outages
            .iter()
            .any(|(from, long)| (*from..from + long).contains(&second));
        if !is_away {
            free_all(site, second, &mut waiting);
            traffic(site, noise, second, 0.3, (30, 400));
        } else if happens(noise, 0.3) {
            waiting.push(keep(site, second, 150));
        }
    };
    Workload::new("a queue with outages", &truth, step).for_seconds(20 * HOUR)
}

fn parse_trees() -> Workload {
    plain(
        "parse trees",
        4 * HOUR,
        &[(0, Clean)],
        |site, noise, second| {
            if every(second, 60) {
                traffic(site, noise, second, 200.0, (20, 90));
            }
        },
    )
}

/// Fifty timers; each is allocated anew when it has fired.
fn timers() -> Workload {
    let mut due: Vec<(u64, Block)> = Vec::new();
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        if second == 1 {
            due = (0..50)
                .map(|_| (any(noise, MIN, HOUR), keep(site, 1, 56)))
                .collect();
        }
        for (at, block) in &mut due {
            if *at == second {
                site.free(second * 1_000, *block);
                *block = keep(site, second, 56);
                *at = second + any(noise, MIN, HOUR);
            }
        }
    };
    Workload::new("fifty timers", &[(2 * MIN, Clean)], step).for_seconds(12 * HOUR)
}

fn reloads() -> Workload {
    let mut held: Vec<Block> = Vec::new();
    let step = move |site: &mut Site, _: &mut Noise, second: u64| {
        if second % (30 * MIN) == 3 {
            let fresh = keep_many(site, second, 25, 60);
            free_all(site, second + 5, &mut held);
            held = fresh;
        }
    };
    Workload::new(
        "a configuration that is reloaded",
        &[(2 * MIN, Clean)],
        step,
    )
    .for_seconds(8 * HOUR)
}

fn reloads_with_two_generations() -> Workload {
    let mut held: Vec<Vec<Block>> = Vec::new();
    let truth = [(2 * MIN, Clean), (20 * MIN, Unknown), (42 * MIN, Clean)];
    let step = move |site: &mut Site, _: &mut Noise, second: u64| {
        if second % (20 * MIN) == 3 {
            if held.len() == 2 {
                free_all(site, second, &mut held.remove(0));
            }
            held.push(keep_many(site, second, 25, 60));
        }
    };
    Workload::new("a configuration with the one before", &truth, step).for_seconds(8 * HOUR)
}

fn paused_trace() -> Workload {
    plain(
        "a trace that is paused",
        4 * HOUR,
        &[(0, Clean)],
        |site, noise, second| {
            traffic(site, noise, second, 0.5, (1_000, 90_000));
        },
    )
    .with(|view| view.pauses = vec![(HOUR, HOUR + 20 * MIN), (2 * HOUR, 2 * HOUR + 30)])
}

fn too_few_records() -> Workload {
    plain(
        "more live blocks than records",
        3 * HOUR,
        &[(0, Clean)],
        |site, noise, second| {
            traffic(site, noise, second, 3.0, (1_000, 60_000));
        },
    )
    .with(|view| view.room = Some(40))
}

/// What was measured in five minutes is sent and freed at their end.
fn windows() -> Workload {
    let mut held: Vec<Block> = Vec::new();
    let truth = [(0, Unknown), (6 * MIN, Clean)];
    let step = move |site: &mut Site, _: &mut Noise, second: u64| {
        if every(second, 10) {
            held.push(keep(site, second, 24));
        }
        if second % (5 * MIN) == 5 * MIN - 1 {
            free_all(site, second, &mut held);
        }
    };
    Workload::new("windows of five minutes", &truth, step).for_seconds(4 * HOUR)
}

fn segments() -> Workload {
    plain(
        "segments until they are acknowledged",
        4 * HOUR,
        &[(0, Clean)],
        |site, noise, second| {
            for _ in 0..noise.about(4.0) {
                site.alloc(second * 1_000, 1_460, pareto(noise, 200, 120_000));
            }
        },
    )
}

/// Two hundred blocks every ten minutes, done one every two seconds.
fn batches() -> Workload {
    let mut jobs: Vec<Block> = Vec::new();
    let truth = [(0, Unknown), (11 * MIN, Clean)];
    let step = move |site: &mut Site, _: &mut Noise, second: u64| {
        if second % 600 == 20 {
            jobs.extend(keep_many(site, second, 200, 90));
        }
        if second.is_multiple_of(2) && !jobs.is_empty() {
            site.free(second * 1_000 + 900, jobs.remove(0));
        }
    };
    Workload::new("batches of ten minutes", &truth, step).for_seconds(6 * HOUR)
}

/// A queue whose server is busy nine tenths of the time.
fn busy_queue() -> Workload {
    let mut queue = std::collections::VecDeque::new();
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        if happens(noise, 0.45) {
            queue.push_back(keep(site, second, 72));
        }
        if happens(noise, 0.5) && !queue.is_empty() {
            let block = queue.pop_front().expect("it is not empty");
            site.free(second * 1_000 + 600, block);
        }
    };
    Workload::new("a busy queue", &[(20 * MIN, Clean)], step).for_seconds(10 * HOUR)
}

fn operator() -> Workload {
    let truth = [(0, Unknown), (35 * MIN, Clean)];
    plain(
        "views that an operator opens",
        14 * HOUR,
        &truth,
        |site, noise, second| {
            if happens(noise, 1.0 / 300.0) {
                site.alloc(second * 1_000, 800, any(noise, MIN, 30 * MIN) * 1_000);
            }
        },
    )
}

/// Tasks that run for one to three hours.
fn tasks() -> Workload {
    let truth = [(0, Unknown), (200 * MIN, Clean)];
    plain(
        "tasks of hours",
        24 * HOUR,
        &truth,
        |site, noise, second| {
            if happens(noise, 1.0 / 600.0) {
                site.alloc(second * 1_000, 4_096, any(noise, HOUR, 3 * HOUR) * 1_000);
            }
        },
    )
}

fn double_buffer() -> Workload {
    plain("a double buffer", HOUR, &[(0, Clean)], |site, _, second| {
        for frame in 0..30 {
            site.alloc(second * 1_000 + frame * 33, 1_152, 66);
        }
    })
}

/// A list takes 64 bytes each 100 ms for ten minutes.
fn grows_in_place() -> Workload {
    let mut list: Vec<Block> = Vec::new();
    let step = move |site: &mut Site, _: &mut Noise, second: u64| {
        for tenth in 0..10 {
            let at = second * 1_000 + tenth * 100;
            if second < 600 {
                let grown = site.alloc(at, 64 * (second * 10 + tenth + 1), NEVER);
                list.drain(..).for_each(|block| site.free(at, block));
                list.push(grown);
            }
        }
    };
    Workload::new("a list that grows in place", &[(0, Clean)], step).for_seconds(HOUR)
}

fn ten_times_the_load() -> Workload {
    let truth = [(0, Clean), (4 * HOUR, Unknown), (4 * HOUR + 4 * MIN, Clean)];
    plain(
        "ten times the load after four hours",
        8 * HOUR,
        &truth,
        |site, noise, second| {
            let pace = if second < 4 * HOUR { 0.2 } else { 2.0 };
            traffic(site, noise, second, pace, (30_000, 90_000));
        },
    )
}

fn ramp() -> Workload {
    plain(
        "a load that rises for six hours",
        8 * HOUR,
        &[(6 * MIN, Clean)],
        |site, noise, second| {
            let risen = second.min(6 * HOUR) as f64 / (6 * HOUR) as f64;
            traffic(site, noise, second, 0.05 + risen, (60_000, 300_000));
        },
    )
}

/// All chunks of a download are held until it has been checked.
fn download() -> Workload {
    let mut chunks: Vec<Block> = Vec::new();
    let truth = [(0, Clean), (2 * HOUR, Unknown), (2 * HOUR + 5 * MIN, Clean)];
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        traffic(site, noise, second, 0.4, (10, 250));
        let into = second.saturating_sub(2 * HOUR);
        if second > 2 * HOUR && into < 180 {
            chunks.extend(keep_many(site, second, 3, 1_024));
        }
        if into == 200 {
            free_all(site, second, &mut chunks);
        }
    };
    Workload::new("a download that is held until it is checked", &truth, step).for_seconds(5 * HOUR)
}

/// A report gathers for an hour each night, three times.
fn nightly() -> Workload {
    let mut rows: Vec<Block> = Vec::new();
    let truth = [(0, Clean), (2 * HOUR, Unknown), (3 * HOUR + 5 * MIN, Clean)];
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        traffic(site, noise, second, 0.1, (50, 2_000));
        let into = second % (8 * HOUR);
        if (2 * HOUR..3 * HOUR).contains(&into) && every(second, 12) {
            rows.push(keep(site, second, 80));
        }
        if into == 3 * HOUR {
            free_all(site, second, &mut rows);
        }
    };
    Workload::new("a report that gathers for an hour", &truth, step)
}

/// Sessions from two seconds to six hours.
fn heavy_tails() -> Workload {
    let truth = [(0, Unknown), (6 * HOUR, Clean)];
    plain(
        "sessions with a heavy tail",
        24 * HOUR,
        &truth,
        |site, noise, second| {
            if happens(noise, 0.1) {
                site.alloc(second * 1_000, 300, pareto(noise, 2_000, 6 * HOUR * 1_000));
            }
        },
    )
}

/// Somebody collects what is unused every six hours.
fn collector() -> Workload {
    let mut garbage: Vec<Block> = Vec::new();
    let truth = [(0, Unknown), (6 * HOUR + 5 * MIN, Clean)];
    let step = move |site: &mut Site, noise: &mut Noise, second: u64| {
        if happens(noise, 1.0 / 120.0) {
            garbage.push(keep(site, second, 44));
        }
        if second % (6 * HOUR) == 6 * HOUR - 1 {
            free_all(site, second, &mut garbage);
        }
    };
    Workload::new("a collector every six hours", &truth, step)
}

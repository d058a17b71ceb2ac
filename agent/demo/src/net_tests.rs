//! What the network job owns after a number of steps, by switch.

use super::*;

const STEPS_PER_CONNECT: usize = Scale::DESKTOP.steps_per_connect;
const CAPACITY: usize = Scale::DESKTOP.pages;
const CONFIG_BYTES: usize = Scale::DESKTOP.config_bytes;

/// A server with room for so many sessions.
fn server(sessions: usize) -> Net {
    Net::new(&Scale {
        sessions,
        ..Scale::DESKTOP
    })
}

/// Switches of which only `behaviour` and the traffic that it lives on are on.
fn busy(behaviour: Behaviour) -> Switches {
    let switches = Switches::only(behaviour);
    switches.set(Behaviour::Traffic, true);
    switches
}

fn run(net: &mut Net, switches: &Switches, steps: usize) {
    for _ in 0..steps {
        net.step(switches);
    }
}

/// A server whose eight clients have all connected once.
fn connected(switches: &Switches) -> Net {
    let mut net = server(1000);
    run(&mut net, switches, CLIENTS * STEPS_PER_CONNECT);
    assert_eq!(net.sessions.len(), CLIENTS);
    net
}

#[test]
fn leak_grows_by_one_session_per_other_reconnect() {
    let switches = busy(Behaviour::SessionLeak);
    let mut net = connected(&switches);
    run(&mut net, &switches, 50 * STEPS_PER_CONNECT);
    assert_eq!(net.sessions.len(), CLIENTS + 25);
}

#[test]
fn leak_switched_off_stops_and_keeps_what_leaked() {
    let switches = busy(Behaviour::SessionLeak);
    let mut net = connected(&switches);
    run(&mut net, &switches, 50 * STEPS_PER_CONNECT);
    switches.set(Behaviour::SessionLeak, false);
    run(&mut net, &switches, 500);
    assert_eq!(net.sessions.len(), CLIENTS + 25);
    switches.set(Behaviour::SessionLeak, true);
    run(&mut net, &switches, 2 * STEPS_PER_CONNECT);
    assert_eq!(
        net.sessions.len(),
        CLIENTS + 26,
        "switched on again, it goes on"
    );
}

#[test]
fn a_leak_that_fills_the_table_begins_anew() {
    let switches = busy(Behaviour::SessionLeak);
    let mut net = server(20);
    // Eight clients have a session, and every second reconnect leaves one behind.
    run(&mut net, &switches, (8 + 2 * 12) * STEPS_PER_CONNECT);
    assert_eq!(net.sessions.len(), 20);
    run(&mut net, &switches, 4 * STEPS_PER_CONNECT);
    assert!(net.sessions.len() < 8, "{}", net.sessions.len());
    switches.set(Behaviour::SessionLeak, false);
    run(&mut net, &switches, 100 * STEPS_PER_CONNECT);
    assert_eq!(net.sessions.len(), CLIENTS, "each client has one session");
}

#[test]
fn cache_reaches_its_plateau_and_stays_there() {
    let switches = busy(Behaviour::CachePlateau);
    let mut net = server(CLIENTS);
    run(&mut net, &switches, CAPACITY - 1);
    assert_eq!(
        net.cache.len(),
        CAPACITY - 1,
        "a page asked for twice is cached once"
    );
    run(&mut net, &switches, 500);
    assert_eq!(net.cache.len(), CAPACITY);
}

#[test]
fn cache_switched_off_is_emptied() {
    let switches = busy(Behaviour::CachePlateau);
    let mut net = server(CLIENTS);
    run(&mut net, &switches, 10);
    switches.set(Behaviour::CachePlateau, false);
    run(&mut net, &switches, 1);
    assert_eq!(net.cache.len(), 0);
}

#[test]
fn config_is_loaded_once_dropped_when_switched_off_and_loaded_again() {
    let switches = Switches::only(Behaviour::ConfigOneOff);
    let mut net = server(CLIENTS);
    let block = |net: &Net| net.config.as_ref().map(|config| config.host().as_ptr());
    run(&mut net, &switches, 1);
    let first = block(&net);
    assert_eq!(net.config.as_ref().map(Config::bytes), Some(CONFIG_BYTES));
    run(&mut net, &switches, 10);
    assert_eq!(block(&net), first, "it is not loaded a second time");
    switches.set(Behaviour::ConfigOneOff, false);
    run(&mut net, &switches, 1);
    assert_eq!(block(&net), None);
    switches.set(Behaviour::ConfigOneOff, true);
    run(&mut net, &switches, 1);
    assert!(block(&net).is_some());
}

#[test]
fn pages_differ_in_size_within_the_announced_range() {
    let sizes: Vec<usize> = (0..100).map(|number| render(number).len()).collect();
    assert!(
        sizes.iter().all(|size| (200..=700).contains(size)),
        "{sizes:?}"
    );
    assert_ne!(sizes.iter().min(), sizes.iter().max());
}

#[test]
fn without_traffic_sessions_and_pages_stay_as_they_are() {
    let switches = busy(Behaviour::CachePlateau);
    let mut net = server(CLIENTS);
    run(&mut net, &switches, 10);
    let (sessions, pages) = (net.sessions.len(), net.cache.len());
    assert!(sessions > 0 && pages > 0);
    switches.set(Behaviour::Traffic, false);
    run(&mut net, &switches, 100);
    assert_eq!((net.sessions.len(), net.cache.len()), (sessions, pages));
}

#[test]
fn blocks_are_lost_at_every_other_reconnect_until_there_are_enough_of_them() {
    let switches = busy(Behaviour::LostBlocks);
    let losses = 10;
    let mut net = Net::new(&Scale {
        losses,
        ..Scale::DESKTOP
    });
    run(&mut net, &switches, 8 * STEPS_PER_CONNECT);
    assert_eq!(net.loser.times(), 4);
    run(&mut net, &switches, 40 * STEPS_PER_CONNECT);
    assert_eq!(net.loser.times(), losses);
}

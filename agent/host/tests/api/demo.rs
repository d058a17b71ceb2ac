//! The demo workload, where one runs: its switches, and its leak with names and lines.

use std::time::Duration;

use heapbeacon_shared::api::{
    Demo, DemoSwitch, Device, Feature, Leak, LeaksPage, Stack, StacksPage,
};
use heapbeacon_shared::symbols::{SymbolizedStack, Symbols};
use heapbeacon_shared::trace::Mode;

use crate::support::target::{Target, start};
use crate::support::{await_some, some_within};

const LEAK: &str = "session-leak";
/// Blocks that the leak must have grown by to be sure of it.
const GROWTH: u64 = 5;
/// How long it may take until it is said to leak; on a busy machine a second of the demo takes longer.
const SAID_WITHIN: Duration = Duration::from_secs(60);

/// Returns an agent whose demo workload leaks and holds nothing else, or `None` where there is no workload.
fn with_demo() -> Option<Target> {
    let agent = Target::tracing(Mode::Leaks);
    if !agent.has(Feature::Demo) {
        return None;
    }
    // A firmware may have switches of its own.
    let demo: Demo = agent.read("/demo");
    if !demo.switches.iter().any(|switch| switch.name == LEAK) {
        return None;
    }
    for filling in [
        "cache-plateau",
        "message-churn",
        "config-one-off",
        "fragmentation",
    ] {
        set(&agent, filling, false);
    }
    // What they had allocated is not in a new trace.
    agent.command(start(Mode::Leaks), "");
    Some(agent)
}

fn set(agent: &Target, name: &str, on: bool) {
    let switch: DemoSwitch = agent
        .post(&format!("/demo/{name}"), &format!(r#"{{"on":{on}}}"#))
        .json();
    assert_eq!((switch.name.as_str(), switch.on), (name, on));
}

/// Returns the stack with the most live blocks that it never freed.
fn largest_leak(agent: &Target) -> Option<Leak> {
    let page: LeaksPage = agent.read("/trace/leaks?limit=1000");
    let mut leaks = page.leaks.into_iter();
    leaks.find(|leak| leak.stack.frees == 0 && leak.count >= GROWTH)
}

fn stack(agent: &Target, id: u32) -> Stack {
    let page: StacksPage = agent.read(&format!("/trace/stacks?limit=1&after={}", id - 1));
    let stack = page.stacks.into_iter().next();
    stack
        .filter(|stack| stack.id == id)
        .expect("a stack with live blocks stays")
}

#[test]
fn a_switch_says_what_it_was_set_to() {
    let Some(agent) = with_demo() else { return };
    let before: Demo = agent.read("/demo");
    // Some boards have switches that end the boot.
    let lasting = |switch: &&DemoSwitch| !switch.summary.contains("restarts");
    for switch in before.switches.iter().filter(lasting) {
        set(&agent, &switch.name, !switch.on);
        let demo: Demo = agent.read("/demo");
        let now = demo.switches.iter().find(|now| now.name == switch.name);
        assert_eq!(now.map(|now| now.on), Some(!switch.on));
        set(&agent, &switch.name, switch.on);
    }
    assert_eq!(agent.read::<Demo>("/demo"), before);
}

/// Requests and timers go on: their allocations are the clock that tells that time has passed.
#[test]
fn turning_the_leak_off_stops_its_growth() {
    let Some(agent) = with_demo() else { return };
    let leak = await_some("the leak grows", || largest_leak(&agent))
        .stack
        .id;
    set(&agent, LEAK, false);
    let ticks = || agent.trace().summary.total_allocations;
    let wait = |allocations: u64| {
        let start = ticks();
        await_some("others allocate", || {
            (ticks() > start + allocations).then_some(())
        });
    };
    // The job takes its step first, then sees the switch.
    wait(20);
    let off = stack(&agent, leak).live_count;
    wait(40);
    let later = stack(&agent, leak).live_count;
    set(&agent, LEAK, true);
    // A client that reconnects just now has its new session before it loses the old one.
    assert!(later <= off + 1, "it still grows: {off}, then {later}");
    await_some("it grows again", || {
        (stack(&agent, leak).live_count > off + 1).then_some(())
    });
}

/// One answer is enough, half a minute after the start, and a list of what does not leak is empty.
#[test]
fn the_leak_is_told_from_one_answer() {
    let Some(agent) = with_demo() else { return };
    let leak = await_some("the leak grows", || largest_leak(&agent));
    let told = some_within(SAID_WITHIN, || {
        let page: LeaksPage = agent.read("/trace/leaks?verdict=leaking&limit=1000");
        let mut leaks = page.leaks.into_iter();
        leaks.find(|told| told.stack.id == leak.stack.id)
    });
    let told = told.expect("it is said to leak");
    assert!(told.verdict.bytes_per_minute > 0, "{told:?}");
    // Those of clients that left without a word have outlived those of the others.
    assert!((4..=told.count).contains(&told.outlived.count), "{told:?}");
    let born: u32 = told.births.counts.iter().sum();
    assert!(u64::from(born) <= told.count, "{told:?}");
    let page: LeaksPage = agent.read("/trace/leaks?verdict=lost");
    assert!(page.leaks.is_empty());
}

#[test]
fn the_leak_has_the_name_and_line_of_the_code_that_leaks() {
    let Some(agent) = with_demo() else { return };
    if !agent.has(Feature::Elf) {
        return;
    }
    let leak = await_some("the leak grows", || largest_leak(&agent)).stack;
    let elf = agent.get("/elf");
    assert_eq!(elf.status, 200);
    let symbols = Symbols::parse(&elf.body).expect("the ELF has symbols");
    let device: Device = agent.read("/device");
    let build_id = symbols
        .build_id()
        .expect("the linker was told to write one");
    assert_eq!(build_id.to_string(), device.build_id.to_string());
    let frames: Vec<_> = leak.frames.iter().map(|frame| frame.0).collect();
    let stack = SymbolizedStack::new(symbols.call_stack(&frames));
    let site = &stack.call_site().expect("user code is on the stack").frame;
    let function = site.function.as_deref().unwrap_or_default();
    assert!(function.contains("session::Table"), "{stack:#?}");
    let file = site.file.as_deref().unwrap_or_default();
    assert!(file.ends_with("demo/src/session.rs"), "{file}");
    assert!(site.line.is_some_and(|line| line > 1), "{site:?}");
}

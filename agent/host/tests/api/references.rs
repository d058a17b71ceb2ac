//! What points into the heap, and who holds a block by that: what the demo holds is held, and what it loses is lost.

use std::time::Duration;

use heapbeacon_shared::analysis::{Hold, Holder};
use heapbeacon_shared::api::{Demo, Device, Feature, ReferencesPage};
use heapbeacon_shared::symbols::Symbols;
use heapbeacon_shared::trace::{Address, Mode, Root, RootKind, State};
use heapbeacon_shared::wire::Message;

use crate::support::scans::Scanned;
use crate::support::target::{Target, start, stop_if_running};
use crate::support::{await_some, some_within};

const PATH: &str = "/trace/references";
const LOST: &str = "/demo/lost-blocks";
/// Scans read all memory of a process a dozen times, and leave in doubt what moves meanwhile: where other tests run, that takes a while.
const FOUND_WITHIN: Duration = Duration::from_secs(240);
/// Blocks that are held, before it means something that none of them is called lost.
const HELD: usize = 1000;
/// The same where the heap is small.
const HELD_ON_A_DEVICE: usize = 100;

/// Returns an agent that traces and can be scanned, or `None` where the board offers no scans. The test's own has traced from its
/// start.
fn scannable() -> Option<Target> {
    let agent = Target::take();
    if agent.trace().summary.state != State::Recording {
        agent.command(start(Mode::Leaks), "");
    }
    let answer = agent.get(PATH);
    if answer.status == 501 {
        answer.problem(501);
        return None;
    }
    Some(agent)
}

/// Checks whether the trace knows what the workload allocated first, which holds the rest.
fn is_traced_from_the_start(agent: &Target) -> bool {
    agent.trace().trace_id == 1
}

/// Returns an agent with the demo workload that loses blocks, or `None` where there is none.
fn losing() -> Option<Target> {
    let agent = scannable()?;
    if !agent.has(Feature::Demo) {
        return None;
    }
    let demo: Demo = agent.read("/demo");
    let mut switches = demo.switches.iter();
    switches
        .any(|switch| LOST.ends_with(&*switch.name))
        .then_some(agent)
}

#[test]
fn nothing_that_the_workload_holds_is_called_lost() {
    let Some(agent) = scannable() else { return };
    let enough = if agent.trace().summary.capacity > 10_000 {
        HELD
    } else {
        HELD_ON_A_DEVICE
    };
    agent.worked_until("blocks that are held", |trace| {
        trace.summary.live_count as usize > enough + enough / 5
    });
    let (now, lost) = Scanned::take_two(&agent);
    let scan = now.scan();
    assert!(scan.is_whole && scan.omitted == 0, "{scan:?}");
    assert_eq!(scan.found as usize, now.page().references.len());
    assert_eq!(
        lost.len(),
        0,
        "{:?}",
        now.stack(*lost.first().unwrap_or(&0))
    );
    let (held, all) = (now.count(Hold::Held), now.holders.blocks().len());
    if is_traced_from_the_start(&agent) {
        assert!(held * 10 > all * 8, "{held} of {all} are held");
    }
}

#[test]
fn what_is_lost_is_found_in_two_scans_and_nothing_else_is_called_lost() {
    let Some(agent) = losing() else { return };
    assert_eq!(agent.post(LOST, r#"{"on":true}"#).status, 200);
    let allocations = agent.trace().summary.total_allocations;
    agent.worked_until("some reconnects", |trace| {
        trace.summary.total_allocations > allocations + 2000
    });
    let symbols = agent.has(Feature::Elf).then(|| {
        let elf = agent.get("/elf");
        Symbols::parse(&elf.body).expect("the ELF has symbols")
    });
    // More is lost meanwhile: words of the last ones may still lie about.
    let found = some_within(FOUND_WITHIN, || {
        let (now, lost) = Scanned::take_two(&agent);
        assert!(now.scan().is_whole, "{:?}", now.scan());
        let is_found = match &symbols {
            Some(symbols) => now.finds_planted(symbols, &lost),
            None => !lost.is_empty(),
        };
        is_found.then_some(())
    });
    assert!(found.is_some(), "what is lost is not found");
    assert_eq!(agent.post(LOST, r#"{"on":false}"#).status, 200);
}

#[test]
fn a_chain_begins_in_a_root_and_ends_at_its_block() {
    let Some(agent) = scannable() else { return };
    agent.worked_until("some records", |trace| trace.summary.live_count > 50);
    let is_listed = agent.has(Feature::Demo) && is_traced_from_the_start(&agent);
    await_some("a list's entry is held by the list", || {
        let longest = longest_sound_chain(&Scanned::take(&agent));
        (longest > 2 || !is_listed).then_some(())
    });
}

/// Returns how many holders the longest chain has, once every chain has the end that it should.
fn longest_sound_chain(now: &Scanned) -> usize {
    let page = now.page();
    assert!(page.roots.iter().any(|root| root.kind == RootKind::Static));
    let mut longest = 0;
    for block in 0..now.holders.blocks().len() {
        let chain: Vec<_> = now.holders.chain(block).collect();
        match now.holders.hold(block) {
            Hold::Held => {
                let Some(Holder::Root { root, at }) = chain.last() else {
                    panic!("{chain:?}");
                };
                let root = &page.roots[*root];
                assert!((root.start.0..root.start.0 + root.size).contains(&at.0));
            }
            Hold::Uncertain | Hold::Unreached => {
                assert!(!matches!(chain.last(), Some(Holder::Root { .. })));
            }
        }
        longest = longest.max(chain.len());
    }
    longest
}

#[test]
fn statics_that_hold_blocks_have_the_addresses_of_the_elf() {
    let Some(agent) = scannable() else { return };
    if !agent.has(Feature::Elf) {
        return;
    }
    agent.worked_until("some records", |trace| trace.summary.live_count > 50);
    let symbols = Symbols::parse(&agent.get("/elf").body).expect("the ELF has symbols");
    let now = Scanned::take(&agent);
    let page = now.page();
    let words = page.references.iter().map(|reference| reference.at);
    let mut statics = words.filter(|at| {
        let mut roots = page.roots.iter();
        roots.any(|root| root.kind == RootKind::Static && is_in(root, *at))
    });
    assert!(
        statics.any(|at| symbols.static_at(at.0).is_some()),
        "{:?}",
        page.roots
    );
}

fn is_in(root: &Root, at: Address) -> bool {
    (root.start.0..root.start.0 + root.size).contains(&at.0)
}

/// A device has so many bytes at most to say, a process as many as it takes.
fn assert_fits(agent: &Target, bytes: usize) {
    let device: Device = agent.read("/device");
    assert!(bytes <= 64 * 1024 || device.board == "host", "{bytes}");
}

#[test]
fn json_and_postcard_say_the_same_of_a_stopped_workload() {
    let Some(agent) = scannable() else { return };
    agent.worked_until("some records", |trace| trace.summary.live_count > 50);
    let answer = agent.get(PATH);
    assert_fits(&agent, answer.body.len());
    let page: ReferencesPage = answer.json();
    let scan = page.scan.expect("the trace goes on");
    let told = page.references.len() + scan.omitted as usize;
    assert_eq!(scan.found as usize, told);
    assert!(scan.started_us <= scan.ended_us);
    let is_inside = |address: u64| {
        let mut heap = page.heap.iter();
        heap.any(|span| (span.start.0..span.start.0 + span.size).contains(&address))
    };
    assert!(
        page.references
            .iter()
            .all(|reference| is_inside(reference.to.0))
    );

    let answer = agent.get("/trace/references?format=postcard");
    assert_fits(&agent, answer.body.len());
    let messages = answer.messages();
    let roots = messages.iter().filter_map(|message| match message {
        Message::Root(root) => Some(root.name.clone()),
        _ => None,
    });
    let roots: Vec<_> = roots.collect();
    let names: Vec<_> = page.roots.iter().map(|root| root.name.clone()).collect();
    assert_eq!(roots, names);
    let references = messages.iter().map(|message| match message {
        Message::References(references) => references.iter().count(),
        _ => 0,
    });
    let found: usize = references.sum();
    let scan = messages.iter().find_map(|message| match message {
        Message::Scan(scan) => Some(*scan),
        _ => None,
    });
    let scan = scan.expect("it is the last but one");
    assert_eq!(found, (scan.found - scan.omitted) as usize);
    assert!(
        !messages
            .iter()
            .any(|message| matches!(message, Message::Record(_)))
    );
}

#[test]
fn a_scan_before_any_trace_is_refused_and_one_of_a_stopped_trace_is_not() {
    let Some(agent) = scannable() else { return };
    stop_if_running(&agent);
    let page: ReferencesPage = agent.read(PATH);
    assert!(page.scan.is_some_and(|scan| scan.is_whole));
    agent.command("/trace/init", r#"{"destination":"standalone","records":0}"#);
    assert_eq!(agent.trace().summary.state, State::Uninitialised);
    let before = agent.trace();
    for path in [PATH, "/capture?references=1"] {
        let problem = agent.get(path).problem(409);
        assert_eq!(problem.code, "ESP_ERR_INVALID_STATE");
        assert!(problem.detail.contains("/trace/init"), "{problem:?}");
    }
    agent.assert_untouched(&before);
}

#[test]
fn a_wrong_argument_of_a_scan_is_refused() {
    let Some(agent) = scannable() else { return };
    for path in [
        "/trace/references?format=xml",
        "/trace/references?limit=1",
        "/capture?references=2",
        "/capture?references=yes",
    ] {
        agent.get(path).problem(422);
    }
    assert_eq!(agent.get("/capture?references=0").status, 200);
}

/// A full table has evicted records: what their blocks hold is uncertain, and nothing of it is called lost.
#[test]
fn with_a_full_table_nothing_that_is_held_is_called_lost() {
    let Some(agent) = scannable() else { return };
    stop_if_running(&agent);
    agent.command(
        "/trace/init",
        r#"{"destination":"standalone","records":64}"#,
    );
    agent.command(start(Mode::Leaks), "");
    let trace = agent.worked_until("evictions", |trace| trace.summary.evicted_live > 10);
    let (now, lost) = Scanned::take_two(&agent);
    if trace.summary.evicted_live > 10 {
        assert!(now.scan().evicted_live > 10 && now.scan().untraced_blocks > 10);
    }
    assert_eq!(
        lost.len(),
        0,
        "{:?}",
        now.stack(*lost.first().unwrap_or(&0))
    );
}

#[test]
fn several_scans_at_once_are_answered_or_put_off() {
    let Some(agent) = scannable() else { return };
    agent.worked_until("some records", |trace| trace.summary.live_count > 50);
    let agent = &agent;
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| agent.get(PATH))).collect();
        for answer in asked {
            let answer = answer.join().expect("it is answered");
            if answer.status == 503 {
                answer.problem(503);
                assert!(answer.header("retry-after").is_some());
            } else {
                assert!(answer.json::<ReferencesPage>().scan.is_some());
            }
        }
    });
    // A scan that is over keeps nobody waiting.
    await_some("a scan", || (agent.get(PATH).status == 200).then_some(()));
}

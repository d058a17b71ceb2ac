//! What points into the heap of a device: its variables, the executor's stack, and the heap itself.

use heapbeacon_shared::analysis::{Hold, Holder};
use heapbeacon_shared::symbols::Symbols;
use heapbeacon_shared::trace::Scope;
use object::{Object, ObjectSymbol};

use crate::support::await_some;
use crate::support::qemu::{self, Qemu};
use crate::support::scans::Scanned;

/// Blocks that are held and may not be called lost, over all scans.
const HELD: usize = 1000;
/// Blocks that the demo has to lose first.
const LOST: usize = 9;

#[test]
fn every_block_of_the_workload_is_held_from_a_static_or_the_stack() {
    let machine = Qemu::boot();
    let agent = machine.client();
    let mut held = 0;
    while held < HELD {
        let (now, lost) = Scanned::take_two(&agent);
        let scan = now.scan();
        assert!(scan.is_whole, "{scan:?}");
        assert_eq!(lost.len(), 0, "{:?}", now.stack(lost[0]));
        assert_eq!(now.count(Hold::Unreached), 0, "{scan:?}");
        held += now.count(Hold::Held);
    }
    // The trace knows all blocks, but for those that the network card allocates meanwhile.
    await_some("a moment without frames", || {
        (Scanned::take(&agent).scan().scope == Scope::Blocks).then_some(())
    });
}

#[test]
fn what_the_workload_loses_is_lost_and_its_leak_is_held_by_its_task() {
    let machine = Qemu::boot();
    let agent = machine.client();
    let elf = qemu::elf(qemu::AGENT);
    let symbols = Symbols::parse(&elf).expect("the ELF has symbols");
    assert_eq!(
        agent.post("/demo/lost-blocks", r#"{"on":true}"#).status,
        200
    );
    await_some("enough is lost", || {
        let now = Scanned::take(&agent);
        let functions = now.count_by_function(&symbols, &now.blocks());
        let planted = functions.iter().filter(|(name, _)| name.contains("lost::"));
        (planted.map(|(_, count)| count).sum::<usize>() >= LOST).then_some(())
    });
    let now = await_some("what is lost is found", || {
        let (now, lost) = Scanned::take_two(&agent);
        now.finds_planted(&symbols, &lost).then_some(now)
    });

    let is_session = |block: &usize| {
        let functions = now.count_by_function(&symbols, &[*block]);
        functions.keys().any(|name| name.contains("Table::open"))
    };
    let blocks = now.blocks().into_iter();
    let sessions: Vec<_> = blocks.filter(is_session).collect();
    assert!(!sessions.is_empty());
    let holders = sessions.iter().map(|session| {
        let chain: Vec<_> = now.holders.chain(*session).collect();
        let Some(Holder::Root { at, .. }) = chain.last() else {
            panic!("{chain:?}");
        };
        static_at(&elf, at.0).unwrap_or_default()
    });
    let holders: Vec<_> = holders.collect();
    // A word that another task has left behind passes for one that holds a block, and may be the shorter way to it.
    let is_net = |name: &&String| name.contains("net") && name.contains("POOL");
    let by_net = holders.iter().filter(is_net).count();
    assert!(by_net * 4 >= holders.len() * 3, "{holders:?}");
}

/// Returns the name of the variable that an address lies in: not the compiler's own for several that it has merged.
fn static_at(elf: &[u8], address: u64) -> Option<String> {
    let elf = object::File::parse(elf).expect("it is an ELF");
    let around = elf
        .symbols()
        .filter(|symbol| (symbol.address()..symbol.address() + symbol.size()).contains(&address));
    let mut names = around.filter_map(|symbol| symbol.name().ok());
    let name = names.find(|name| !name.starts_with(".L"))?;
    Some(format!("{:#}", rustc_demangle::demangle(name)))
}

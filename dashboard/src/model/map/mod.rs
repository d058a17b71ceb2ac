//! The heap map: what lies where in each region, and whose it is.

use std::collections::HashMap;

use heapbeacon_shared::analysis::layout::{Kind, Layout, Piece, Placed, Rules};
use heapbeacon_shared::analysis::{self, Amount, is_recording, places, sort_keys};
use heapbeacon_shared::api::{Heap, Record, Trace};
use heapbeacon_shared::trace::{Region, Summary};

use crate::model::heap_sample::regions;
use crate::model::record_list::RecordList;
use crate::symbols::names::Names;

pub mod colours;
pub mod words;

/// A call site that has blocks in the heap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// The key that colours it.
    pub key: String,
    /// Short name.
    pub name: String,
    /// That, with its line where another one is called the same.
    pub label: String,
    /// File and line.
    pub place: Option<String>,
}

/// A region, piece by piece.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRegion {
    /// How full it is.
    pub region: Region,
    /// What lies where.
    pub layout: Layout,
    /// Why what looks free may have blocks in it; `None` where the trace knows all blocks of the region.
    pub doubt: Option<Doubt>,
    /// Index of the record of each piece; of a piece that is no block, of none.
    records: Vec<usize>,
}

/// What is known of the heap as a whole, of the moment that its records were read at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known<'k> {
    /// Its regions.
    pub heap: &'k Heap,
    /// Its trace.
    pub trace: &'k Trace,
    /// Bytes of a pointer there.
    pub pointer_bytes: u8,
}

/// The heap map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeapMap {
    /// Regions of the firmware's heap.
    pub regions: Vec<MapRegion>,
    /// Who has blocks in them; what a layout calls an owner is an index of these.
    pub owners: Vec<Owner>,
    /// All records, live or not.
    pub records: Vec<Record>,
}

/// Why a trace may not know all blocks of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Some are handed out without a record.
    Untraced(Amount),
    /// Nothing was recorded for a while.
    Gaps,
    /// Nobody has counted what is handed out.
    Uncounted,
}

impl HeapMap {
    /// Lays out the records that are live.
    pub fn new(known: Known<'_>, list: &RecordList, names: &mut Names) -> Self {
        let (owners, owner_of) = owners(list, names);
        let place_of = places(&mut list.stacks.iter().map(|stack| stack.id));
        let live = list.records.iter().enumerate();
        let live = live.filter(|(_, record)| !record.freed);
        let mut keys = Vec::new();
        let mut placed = Vec::new();
        for (index, record) in live {
            keys.push([record.address.0, index as u64, 0]);
            placed.push(Placed {
                address: record.address.0,
                size: record.size,
                owner: place_of
                    .get(&record.stack)
                    .map_or(0, |place| owner_of[*place] as u32),
            });
        }
        sort_keys(&mut keys);
        let region = |region: &Region| {
            let doubt = doubt(known, region, &placed);
            let rules = Rules::new(
                known.pointer_bytes,
                region.largest_free_block,
                doubt.is_none(),
            );
            let layout = Layout::new(region.start.0, region.size, rules, &placed);
            let records = layout.pieces.iter().map(|piece| record_at(&keys, piece));
            MapRegion {
                region: region.clone(),
                records: records.collect(),
                layout,
                doubt,
            }
        };
        Self {
            regions: regions(known.heap).map(region).collect(),
            owners,
            records: list.records.clone(),
        }
    }

    /// Returns whether no block is known.
    pub fn is_empty(&self) -> bool {
        let mut counts = self.regions.iter().map(|region| region.layout.sums.count);
        counts.all(|count| count == 0)
    }

    /// Returns a call site by its index.
    pub fn owner(&self, index: u32) -> &Owner {
        // Every block has one.
        &self.owners[index as usize]
    }
}

impl MapRegion {
    /// Returns the index of the piece that an address lies in.
    pub fn piece_at(&self, address: u64) -> Option<usize> {
        let pieces = &self.layout.pieces;
        let behind = pieces.partition_point(|piece| piece.address <= address);
        let index = behind.checked_sub(1)?;
        (address < pieces[index].end()).then_some(index)
    }

    /// Returns the record of a piece, if it is a block.
    pub fn record<'m>(&self, map: &'m HeapMap, piece: usize) -> Option<&'m Record> {
        map.records.get(*self.records.get(piece)?)
    }

    /// Returns the next piece in a direction that can be pointed at: what the allocator takes for itself says nothing.
    pub fn beside(&self, piece: usize, is_forward: bool) -> Option<usize> {
        let says = |index: &usize| self.layout.pieces[*index].kind != Kind::Overhead;
        match is_forward {
            true => (piece + 1..self.layout.pieces.len()).find(says),
            false => (0..piece).rev().find(says),
        }
    }
}

/// Names the call sites of all call stacks; returns which of them each call stack of the list is of. The first stands for those
/// that are not told.
fn owners(list: &RecordList, names: &mut Names) -> (Vec<Owner>, Vec<usize>) {
    let mut owners = vec![Owner {
        label: "a call stack that is not known".to_owned(),
        ..Owner::default()
    }];
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut owner_of = Vec::new();
    for stack in &list.stacks {
        let named = names.of(stack);
        let index = *known.entry(named.key.clone()).or_insert(owners.len());
        if index == owners.len() {
            owners.push(Owner {
                key: named.key.clone(),
                name: named.name.clone(),
                label: named.name.clone(),
                place: named.place.clone(),
            });
        }
        owner_of.push(index);
    }
    tell_apart(&mut owners);
    (owners, owner_of)
}

/// Adds the lines of those that are called the same.
fn tell_apart(owners: &mut [Owner]) {
    let mut times: HashMap<String, usize> = HashMap::new();
    for owner in owners.iter() {
        *times.entry(owner.name.clone()).or_insert(0) += 1;
    }
    for owner in owners.iter_mut().filter(|owner| times[&owner.name] > 1) {
        let place = owner.place.as_deref().unwrap_or_default();
        if let Some((_, line)) = place.rsplit_once(':') {
            owner.label = format!("{}:{line}", owner.name);
        }
    }
}

/// Finds the record of a piece, if it is a block.
fn record_at(keys: &[[u64; 3]], piece: &Piece) -> usize {
    let Kind::Block(block) = piece.kind else {
        return usize::MAX;
    };
    let first = keys.partition_point(|[address, ..]| *address < block.address);
    let found = keys.get(first).map(|[_, index, _]| *index as usize);
    found.unwrap_or(usize::MAX)
}

/// Returns why a trace may not know all blocks of a region; those whose records were evicted are among what it does not know.
fn doubt(known: Known<'_>, region: &Region, placed: &[Placed]) -> Option<Doubt> {
    let inside = |block: &&Placed| block.address.wrapping_sub(region.start.0) < region.size;
    let traced = amount(placed.iter().filter(inside));
    // What the trace knows more of came since the records were read.
    let (heap, read) = (known.heap, amount(placed.iter()));
    let traced_since = Amount {
        blocks: traced.blocks + heap.traced_blocks.saturating_sub(read.blocks),
        bytes: traced
            .bytes
            .saturating_add(heap.traced_bytes.saturating_sub(read.bytes)),
    };
    let none_evicted = Summary::default();
    let summary = &known.trace.summary;
    let is_recorded = is_recording(summary) && summary.gaps == 0;
    match analysis::untraced(core::slice::from_ref(region), traced_since, &none_evicted) {
        Some(amount) => Some(Doubt::Untraced(amount)),
        None if !is_recorded => Some(Doubt::Gaps),
        None => (region.blocks == 0 && traced.blocks > 0).then_some(Doubt::Uncounted),
    }
}

/// Adds blocks up.
fn amount<'b>(blocks: impl Iterator<Item = &'b Placed>) -> Amount {
    blocks.fold(Amount::default(), |sum, block| Amount {
        blocks: sum.blocks + 1,
        bytes: sum.bytes.saturating_add(block.size),
    })
}

#[cfg(test)]
mod tests;

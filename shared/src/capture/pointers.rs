//! Gathers what points into the heap.

use alloc::vec::Vec;

use crate::api::ReferencesPage;
use crate::trace::{Origin, Reference, Region, Root, Scan, Span};
use crate::wire::References;

/// Roots and references as they come.
#[derive(Debug, Default)]
pub(super) struct Pointers {
    roots: Vec<Root>,
    references: Vec<Reference>,
    scan: Option<Scan>,
}

impl Pointers {
    pub(super) fn root(&mut self, root: Root) {
        self.roots.push(root);
    }

    pub(super) fn references(&mut self, references: &References) {
        self.references.extend(references.iter());
    }

    pub(super) fn scan(&mut self, scan: Scan) {
        self.scan = Some(scan);
    }

    /// Returns all of it as the API would; `None` if there was nothing. References that did not arrive count as omitted.
    pub(super) fn settle(self, trace_id: u32, regions: &[Region]) -> Option<ReferencesPage> {
        if self.scan.is_none() && self.roots.is_empty() && self.references.is_empty() {
            return None;
        }
        let arrived = u32::try_from(self.references.len()).unwrap_or(u32::MAX);
        let scan = self.scan.map(|scan| {
            let omitted = scan.found.abs_diff(arrived);
            Scan {
                omitted,
                is_whole: scan.is_whole && omitted == 0,
                ..scan
            }
        });
        let traced = regions
            .iter()
            .filter(|region| region.origin != Origin::Agent);
        let heap = traced.map(|region| Span {
            start: region.start,
            size: region.size,
        });
        Some(ReferencesPage {
            trace_id,
            heap: heap.collect(),
            roots: self.roots,
            references: self.references,
            scan,
        })
    }
}

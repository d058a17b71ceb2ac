//! Which blocks pin a hole.

use heapless::Vec;

use super::pieces::{Kind, Piece, Placed};

/// Blocks of a pin that are named.
pub const NAMED: usize = 2;

/// The blocks from one hole to the next, or to an end of the region: without all of them it would be larger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pin {
    /// How many blocks there are.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The first of them, by their addresses.
    pub named: Vec<Placed, NAMED>,
    /// Whether all of them have one owner.
    pub is_of_one: bool,
    /// Bytes of the hole that there would be without them.
    pub becomes: u64,
}

/// A hole, and what pins it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hole {
    /// Its first byte.
    pub address: u64,
    /// Its bytes.
    pub bytes: u64,
    /// The blocks before it; none at the start of the region, and beside what no record is of.
    pub below: Option<Pin>,
    /// The blocks behind it; none at the end of the region, and beside what no record is of.
    pub above: Option<Pin>,
}

impl Hole {
    /// Returns whether it comes before another one in a list: the larger first, and of those that are alike the lower.
    pub fn is_before(&self, other: &Self) -> bool {
        (self.bytes, other.address) > (other.bytes, self.address)
    }

    /// Returns the address behind it.
    pub fn end(&self) -> u64 {
        self.address + self.bytes
    }

    /// Returns what has least to go for it to become larger: fewer blocks, and of as many those that leave more room.
    pub fn weakest(&self) -> Option<&Pin> {
        let pins = [&self.below, &self.above].into_iter().flatten();
        pins.min_by_key(|pin| (pin.count, u64::MAX - pin.becomes))
    }
}

/// Finds the pins of each hole, from the pieces of a region in their order.
#[derive(Clone, Debug)]
pub struct PinFinder {
    /// The hole before, without what is above it.
    hole: Option<Hole>,
    /// What has come since that, or since what no record is of.
    run: Pin,
    /// Where that and the hole before it begin; `None` behind what no record is of.
    from: Option<u64>,
}

impl PinFinder {
    /// Begins at the start of a region.
    pub fn new(start: u64) -> Self {
        Self {
            hole: None,
            run: Pin::default(),
            from: Some(start),
        }
    }

    /// Takes the next piece; returns the hole before where that is known to its end.
    pub fn take(&mut self, piece: &Piece) -> Option<Hole> {
        match piece.kind {
            Kind::Overhead => None,
            Kind::Block(block) => {
                self.run.add(block, piece.bytes);
                None
            }
            Kind::Hole => self.begin(piece),
            Kind::Unknown => {
                self.run = Pin::default();
                self.from = None;
                self.hole.take()
            }
        }
    }

    /// Ends at the end of the region.
    pub fn finish(&mut self, end: u64) -> Option<Hole> {
        let above = self.pin(end);
        let hole = self.hole.take()?;
        Some(Hole { above, ..hole })
    }

    fn begin(&mut self, piece: &Piece) -> Option<Hole> {
        let pin = self.pin(piece.end());
        self.from = Some(piece.address);
        let next = Hole {
            address: piece.address,
            bytes: piece.bytes,
            below: pin.clone(),
            above: None,
        };
        let hole = self.hole.replace(next)?;
        Some(Hole { above: pin, ..hole })
    }

    /// Ends the blocks that have come since the hole before.
    fn pin(&mut self, until: u64) -> Option<Pin> {
        let run = core::mem::take(&mut self.run);
        let from = self.from.filter(|_| run.count > 0)?;
        Some(Pin {
            becomes: until - from,
            ..run
        })
    }
}

impl Pin {
    fn add(&mut self, block: Placed, bytes: u64) {
        let first = self.named.first().copied().unwrap_or(block);
        self.is_of_one = first.owner == block.owner && (self.is_of_one || self.count == 0);
        self.count += 1;
        self.bytes += bytes;
        // The first few are named.
        let _ = self.named.push(block);
    }
}

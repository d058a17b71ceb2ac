//! Who pins most: the hole that there would be without the blocks of one owner.

use super::pieces::{Kind, Piece};

/// A part of a region in which nobody has blocks but one owner: a hole, were it not for those.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Who has the blocks.
    pub owner: u32,
    /// Its first byte.
    pub address: u64,
    /// Its bytes: those of the hole that there would be.
    pub bytes: u64,
    /// How many blocks there are in it.
    pub blocks: u64,
    /// Their bytes.
    pub block_bytes: u64,
    /// How many holes there are in it.
    pub holes: u64,
}

impl Stretch {
    /// Returns whether it comes before another one in a list: the longer first, and of those that are alike the lower.
    pub fn is_before(&self, other: &Self) -> bool {
        (self.bytes, other.address) > (other.bytes, self.address)
    }
}

/// Finds the stretches of all owners, from the pieces of a region in their order.
#[derive(Clone, Debug)]
pub struct Stretches {
    /// The stretch so far; its bytes are not counted yet.
    now: Stretch,
    /// Where the next one begins: behind the last block; with the holes since then.
    next: Stretch,
}

impl Stretches {
    /// Begins at the start of a region.
    pub fn new(start: u64) -> Self {
        let now = Stretch {
            address: start,
            ..Stretch::default()
        };
        Self { now, next: now }
    }

    /// Takes the next piece; returns the stretch that ends before it, if one does and has a hole in it.
    pub fn take(&mut self, piece: &Piece) -> Option<Stretch> {
        match piece.kind {
            Kind::Overhead => None,
            Kind::Hole => {
                self.now.holes += 1;
                self.next.holes += 1;
                None
            }
            Kind::Unknown => {
                let ended = self.finish(piece.address);
                *self = Self::new(piece.end());
                ended
            }
            Kind::Block(block) => {
                let is_other = self.now.blocks > 0 && self.now.owner != block.owner;
                let ended = if is_other {
                    let ended = self.finish(piece.address);
                    self.now = self.next;
                    ended
                } else {
                    None
                };
                self.now.owner = block.owner;
                self.now.blocks += 1;
                self.now.block_bytes += piece.bytes;
                self.next = Stretch {
                    address: piece.end(),
                    ..Stretch::default()
                };
                ended
            }
        }
    }

    /// Ends the stretch before an address.
    pub fn finish(&self, end: u64) -> Option<Stretch> {
        let is_pinning = self.now.blocks > 0 && self.now.holes > 0;
        is_pinning.then(|| Stretch {
            bytes: end - self.now.address,
            ..self.now
        })
    }
}

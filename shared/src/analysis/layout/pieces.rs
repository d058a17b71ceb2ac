//! From blocks to the pieces that make up their region.

/// Words that an allocator takes at most between two blocks where nothing is free: TLSF rounds up to four words, and writes two
/// before each block. What it has free takes four at least.
const OVERHEAD_WORDS: u64 = 6;
/// Part of a hole, one in so many, that an allocator may not hand out in one piece: it looks for room in classes of sizes.
const CLASSES: u64 = 8;

/// A live block, and who has allocated it: whatever the caller counts as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// Its first byte.
    pub address: u64,
    /// Bytes that were asked for.
    pub size: u64,
    /// Who has allocated it.
    pub owner: u32,
}

/// What a gap between two blocks may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Bytes of the smallest hole.
    pub least: u64,
    /// Bytes of the largest one.
    pub most: u64,
}

impl Rules {
    /// Returns the rules of a device with pointers of so many bytes. Where its trace does not know all blocks, no gap is a hole
    /// that is longer than what the allocator has free in one piece.
    pub fn new(pointer_bytes: u8, largest_free_block: u64, is_complete: bool) -> Self {
        let least = OVERHEAD_WORDS * u64::from(pointer_bytes);
        let most = match is_complete {
            true => u64::MAX,
            false => largest_free_block
                .saturating_add(largest_free_block / CLASSES)
                .saturating_add(least),
        };
        Self { least, most }
    }

    fn kind(self, bytes: u64) -> Kind {
        match bytes {
            _ if bytes < self.least => Kind::Overhead,
            _ if bytes > self.most => Kind::Unknown,
            _ => Kind::Hole,
        }
    }
}

/// What a piece of a region is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A live block.
    Block(Placed),
    /// What the allocator takes for itself.
    Overhead,
    /// Free, as far as the trace knows.
    Hole,
    /// Something that no record is of, with or without free parts.
    Unknown,
}

/// A piece of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its first byte.
    pub address: u64,
    /// Its bytes, of which there are some.
    pub bytes: u64,
    /// What it is.
    pub kind: Kind,
}

impl Piece {
    /// Returns the address behind it.
    pub fn end(&self) -> u64 {
        self.address + self.bytes
    }
}

/// Cuts a region into pieces, which follow each other without a gap from its start to its end.
#[derive(Clone, Debug)]
pub struct Tiles {
    rules: Rules,
    /// Where the next piece begins.
    at: u64,
    end: u64,
}

impl Tiles {
    /// Begins at the start of a region.
    pub fn new(start: u64, size: u64, rules: Rules) -> Self {
        Self {
            rules,
            at: start,
            end: start.saturating_add(size),
        }
    }

    /// Returns the address behind the region.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Takes the block that comes next by its address; returns the gap before it, and itself. Of a block that begins inside the
    /// one before, or ends outside of the region, only the rest counts: records that were read one after the other may overlap.
    pub fn take(&mut self, block: Placed) -> [Option<Piece>; 2] {
        let first = block.address.max(self.at);
        let last = block.address.saturating_add(block.size).min(self.end);
        if last <= first {
            return [None, None];
        }
        let gap = self.gap(first);
        self.at = last;
        let block = Piece {
            address: first,
            bytes: last - first,
            kind: Kind::Block(block),
        };
        [gap, Some(block)]
    }

    /// Returns what is left behind the last block.
    pub fn finish(&mut self) -> Option<Piece> {
        self.gap(self.end)
    }

    /// Ends the piece that begins where the last one ends.
    fn gap(&mut self, until: u64) -> Option<Piece> {
        let (address, bytes) = (self.at, until.saturating_sub(self.at));
        self.at = self.at.max(until);
        (bytes > 0).then(|| Piece {
            address,
            bytes,
            kind: self.rules.kind(bytes),
        })
    }
}

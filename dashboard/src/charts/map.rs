//! Where the pieces of a heap map are: pure geometry.

use std::ops::Range;

use crate::format;

/// Pixels from one row to the next.
pub const ROW: f64 = 18.0;
/// Pixels between two rows.
const GAP: f64 = 3.0;
/// Rows at most.
const MOST_ROWS: usize = 36;
/// Bytes of a row at least.
const LEAST_BYTES: u64 = 64;
/// Rows inside one piece that are drawn as one.
const FOLDED: u64 = 3;
/// Pixels of the narrowest piece that is drawn.
const LEAST: f64 = 2.0;
/// Pixels from which on a piece stands apart from the next.
const APART: f64 = 6.0;

/// A piece of the address space: where it begins, and where it ends.
pub type Extent = Range<u64>;

/// Rows of address space, one below the other. Where nothing begins or ends for several rows, they are one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    /// What each row holds.
    rows: Vec<Extent>,
    /// Bytes of a row that is none of several.
    pub row_bytes: u64,
    width: f64,
}

impl Grid {
    /// Lays out pieces, which follow each other without a gap, over a width in pixels, in as many rows as there may be.
    pub fn new(pieces: &[Extent], width: f64) -> Self {
        let mut row_bytes = LEAST_BYTES;
        let mut rows = cut(pieces, row_bytes);
        while rows.len() > MOST_ROWS {
            row_bytes *= 2;
            rows = cut(pieces, row_bytes);
        }
        Self {
            rows,
            row_bytes,
            // Boxes begin and end at whole pixels.
            width: width.floor(),
        }
    }

    /// Returns its height in pixels.
    pub fn height(&self) -> f64 {
        self.rows.len() as f64 * ROW
    }

    /// Returns the rows that stand for several, each with its upper edge.
    pub fn folded(&self) -> impl Iterator<Item = (f64, &Extent)> {
        let rows = self.rows.iter().enumerate();
        let folded = rows.filter(|(_, row)| row.end - row.start > self.row_bytes);
        folded.map(|(index, row)| (index as f64 * ROW, row))
    }

    /// Returns the address at a place, in pixels from the left and upper edge.
    pub fn address_at(&self, x: f64, y: f64) -> Option<u64> {
        let row = self.rows.get((y / ROW).max(0.0) as usize)?;
        let share = (x / self.width.max(1.0)).clamp(0.0, 1.0);
        let offset = (share * (row.end - row.start) as f64) as u64;
        Some((row.start + offset).min(row.end - 1))
    }

    /// Returns the address that lies above another one, or below it.
    pub fn address_beside(&self, address: u64, is_down: bool) -> Option<u64> {
        let index = self.row_of(address)?;
        let row = &self.rows[index];
        let share = (address - row.start) as f64 / (row.end - row.start) as f64;
        let next = match is_down {
            true => index + 1,
            false => index.checked_sub(1)?,
        };
        self.rows.get(next)?;
        self.address_at(share * self.width, next as f64 * ROW)
    }

    fn row_of(&self, address: u64) -> Option<usize> {
        let row = self.rows.partition_point(|row| row.end <= address);
        let is_there = self.rows.get(row).is_some_and(|row| row.contains(&address));
        is_there.then_some(row)
    }

    /// Draws pieces, each into the path of its index among `paths`; one without is left out. What has no pixel of its own is
    /// not drawn, so the size of the drawing bounds what there is to do.
    pub fn draw(
        &self,
        pieces: &[Extent],
        path_of: &dyn Fn(usize) -> Option<usize>,
        paths: &mut [String],
    ) {
        let mut first = 0;
        for (index, row) in self.rows.iter().enumerate() {
            let mut drawn = 0.0;
            while pieces
                .get(first)
                .is_some_and(|piece| piece.end <= row.start)
            {
                first += 1;
            }
            let inside = pieces.iter().enumerate().skip(first);
            for (piece, extent) in inside.take_while(|(_, extent)| extent.start < row.end) {
                let Some(path) = path_of(piece) else { continue };
                let [left, right] = self.span(row, extent);
                if right <= drawn && drawn > 0.0 {
                    continue;
                }
                let left = left.max(drawn);
                let right = right.max(left + LEAST).min(self.width.max(LEAST));
                if right > left {
                    append(&mut paths[path], index, left, right);
                    drawn = right;
                }
            }
        }
    }

    /// Returns the outline of a piece as the data of an SVG path: a box in each row that it lies in.
    pub fn outline(&self, extent: &Extent) -> String {
        let mut path = String::new();
        let rows = self.rows.iter().enumerate();
        for (index, row) in rows {
            if row.start < extent.end && extent.start < row.end {
                let [left, right] = self.span(row, extent);
                append(&mut path, index, left, right.max(left + LEAST));
            }
        }
        path
    }

    /// Returns the left and right edge of a piece in a row, in whole pixels.
    fn span(&self, row: &Extent, extent: &Extent) -> [f64; 2] {
        let scale = self.width / (row.end - row.start) as f64;
        let x = |address: u64| {
            let inside = address.clamp(row.start, row.end) - row.start;
            (inside as f64 * scale).round()
        };
        [x(extent.start), x(extent.end)]
    }
}

/// Cuts pieces into rows.
fn cut(pieces: &[Extent], row_bytes: u64) -> Vec<Extent> {
    let mut rows = Vec::new();
    let Some(mut at) = pieces.first().map(|first| first.start) else {
        return rows;
    };
    for piece in pieces {
        while at < piece.end {
            let whole = (piece.end - at) / row_bytes;
            let end = match whole {
                FOLDED.. => at + whole * row_bytes,
                _ => at + row_bytes,
            };
            rows.push(at..end);
            if rows.len() > MOST_ROWS {
                return rows;
            }
            at = end;
        }
    }
    let end = pieces.last().map_or(at, |last| last.end);
    if let Some(last) = rows.last_mut() {
        last.end = last.end.min(end);
    }
    rows
}

fn append(path: &mut String, row: usize, left: f64, right: f64) {
    let apart = if right - left >= APART { 1.0 } else { 0.0 };
    let [left, top, width, height] = [left, row as f64 * ROW, right - left - apart, ROW - GAP]
        .map(|pixels| (pixels as i64).to_string());
    for part in [
        "M", &left, " ", &top, "h", &width, "v", &height, "h-", &width, "z",
    ] {
        path.push_str(part);
    }
}

/// Describes how much address space a row stands for.
pub fn row_words(bytes: u64) -> String {
    format!("{} a row", format::whole_bytes(bytes))
}

#[cfg(test)]
mod tests;

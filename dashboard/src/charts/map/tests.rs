use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const START: u64 = 0x3fc8_0000;

/// Pieces that follow each other, some of them much longer than others.
fn pieces() -> impl Strategy<Value = Vec<Extent>> {
    let bytes = prop_oneof![4 => 1_u64..400, 1 => 1_u64..2_000_000];
    vec(bytes, 1..300).prop_map(|all| {
        let mut at = START;
        let piece = |bytes: u64| {
            let piece = at..at + bytes;
            at = piece.end;
            piece
        };
        all.into_iter().map(piece).collect()
    })
}

/// Reads the boxes of a path: left, top, width.
fn boxes(path: &str) -> Vec<[f64; 3]> {
    let one = |text: &str| {
        let (left, rest) = text.split_once(' ').expect("a place");
        let (top, rest) = rest.split_once('h').expect("a width");
        let (width, _) = rest.split_once('v').expect("a height");
        [left, top, width].map(|number| number.parse().expect("a number"))
    };
    path.split('M').skip(1).map(one).collect()
}

proptest! {
    #[test]
    fn rows_make_up_the_region_and_are_few(pieces in pieces(), width in 1.0_f64..3_000.0) {
        let grid = Grid::new(&pieces, width);
        let end = pieces.last().expect("there are some").end;
        let mut at = START;
        for row in &grid.rows {
            prop_assert_eq!(row.start, at);
            prop_assert!(row.end > row.start);
            at = row.end;
        }
        prop_assert_eq!(at, end);
        prop_assert!(grid.rows.len() <= MOST_ROWS);
        // Those that are longer lie within one piece.
        for (_, row) in grid.folded() {
            prop_assert!(pieces.iter().any(|it| it.start <= row.start && row.end <= it.end));
        }
    }

    #[test]
    fn what_is_pointed_at_is_what_lies_there(pieces in pieces(), width in 50.0_f64..3_000.0, x in 0.0_f64..1.0, y in 0.0_f64..1.0) {
        let grid = Grid::new(&pieces, width);
        let (x, y) = (x * width, y * (grid.height() - 0.001));
        let address = grid.address_at(x, y).expect("inside");
        let row = grid.row_of(address).expect("it is in a row");
        prop_assert_eq!(row, (y / ROW) as usize);
        prop_assert_eq!(grid.address_at(x, grid.height() + 1.0), None);
        if let Some(below) = grid.address_beside(address, true) {
            prop_assert_eq!(grid.row_of(below), Some(row + 1));
        } else {
            prop_assert_eq!(row + 1, grid.rows.len());
        }
    }

    #[test]
    fn no_two_boxes_overlap_and_all_lie_inside(pieces in pieces(), width in 50.0_f64..3_000.0) {
        let grid = Grid::new(&pieces, width);
        let mut paths = vec![String::new(), String::new()];
        grid.draw(&pieces, &|index| (index % 3 < 2).then_some(index % 3), &mut paths);
        let mut all: Vec<_> = paths.iter().flat_map(|path| boxes(path)).collect();
        prop_assert!(!all.is_empty());
        prop_assert!(all.len() as f64 <= grid.rows.len() as f64 * (width / LEAST + 1.0));
        all.sort_by(|a, b| (a[1], a[0]).partial_cmp(&(b[1], b[0])).expect("numbers"));
        for pair in all.windows(2) {
            let [a, b] = [pair[0], pair[1]];
            prop_assert!(a[1] < b[1] || a[0] + a[2] <= b[0], "{a:?} and {b:?}");
        }
        for [left, top, box_width] in all {
            prop_assert!(left >= 0.0 && box_width > 0.0 && left + box_width <= width + 1.0);
            prop_assert!(top < grid.height());
        }
    }
}

#[test]
fn what_is_wide_is_as_wide_as_its_bytes() {
    let pieces = [0..16, 16..48, 48..64];
    let grid = Grid::new(&pieces, 640.0);
    let mut paths = vec![String::new()];
    grid.draw(&pieces, &|_| Some(0), &mut paths);
    // Each but for the pixel that keeps it apart.
    assert_eq!(
        boxes(&paths[0]),
        [[0.0, 0.0, 159.0], [160.0, 0.0, 319.0], [480.0, 0.0, 159.0]]
    );
    assert_eq!(grid.outline(&(16..48)), "M160 0h319v15h-319z");
}

#[test]
fn rows_inside_one_piece_are_one() {
    let pieces = [0..100, 100..1_000_000, 1_000_000..1_000_064];
    let grid = Grid::new(&pieces, 640.0);
    assert_eq!(grid.row_bytes, 64);
    let folded: Vec<_> = grid.folded().map(|(_, row)| row.clone()).collect();
    assert_eq!(folded.len(), 1);
    assert_eq!(folded[0], 128..1_000_000);
    assert!(grid.rows.len() <= 5);
}

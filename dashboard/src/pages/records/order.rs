use heapbeacon_shared::analysis::{Lived, sort_keys};

/// What records are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Column {
    /// When the block was allocated.
    #[default]
    Age,
    /// Its bytes.
    Size,
    /// How long it lived; those that are live come last.
    Freed,
}

/// The order of the list: the youngest, the largest or the longest-lived first, unless that is reversed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) column: Column,
    pub(super) is_reversed: bool,
}

impl Order {
    /// Reads it from the address of a view.
    pub(super) fn named(name: &str) -> Self {
        let column = match name.trim_start_matches('-') {
            "size" => Column::Size,
            "freed" => Column::Freed,
            _ => Column::Age,
        };
        let is_reversed = name.starts_with('-');
        Self {
            column,
            is_reversed,
        }
    }

    /// Writes it for the address of a view; the usual one is empty.
    pub(super) fn name(self) -> String {
        let sign = if self.is_reversed { "-" } else { "" };
        let column = match self.column {
            Column::Age if self.is_reversed => "age",
            Column::Age => "",
            Column::Size => "size",
            Column::Freed => "freed",
        };
        [sign, column].concat()
    }

    /// Returns it after somebody has chosen a column: the same one again is reversed.
    pub(super) fn chosen(self, column: Column) -> Self {
        Self {
            column,
            is_reversed: self.column == column && !self.is_reversed,
        }
    }

    /// Puts the places of blocks, which come oldest first, in this order.
    pub(super) fn sort(self, mut places: Vec<u32>, block: impl Fn(u32) -> Lived) -> Vec<u32> {
        // The youngest come first, of those that are alike, too.
        places.reverse();
        if self.column != Column::Age {
            let key = |(rank, place): (u64, u32)| {
                let block = block(place);
                let first = match self.column {
                    Column::Size => !block.size,
                    _ => block.freed_us.map_or(u64::MAX, |freed_us| {
                        u64::MAX - 1 - freed_us.saturating_sub(block.time_us)
                    }),
                };
                [first, rank, place.into()]
            };
            let mut keys: Vec<_> = (0..).zip(places).map(key).collect();
            sort_keys(&mut keys);
            places = keys.into_iter().map(|[.., place]| place as u32).collect();
        }
        if self.is_reversed {
            places.reverse();
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(size: u64, freed_us: Option<u64>) -> Lived {
        Lived {
            size,
            time_us: 10,
            freed_us,
            ..Lived::default()
        }
    }

    #[test]
    fn records_are_ordered_by_age_size_or_lifetime_and_the_other_way_round() {
        let blocks = [block(8, Some(20)), block(64, None), block(8, Some(90))];
        let sorted = |name: &str| {
            let block = |place| blocks[place as usize];
            Order::named(name).sort(vec![0, 1, 2], block)
        };
        assert_eq!(sorted(""), [2, 1, 0]);
        assert_eq!(sorted("-age"), [0, 1, 2]);
        assert_eq!(sorted("size"), [1, 2, 0]);
        assert_eq!(sorted("-size"), [0, 2, 1]);
        assert_eq!(sorted("freed"), [2, 0, 1]);
    }

    #[test]
    fn an_order_is_read_as_it_was_written_and_a_second_choice_reverses_it() {
        for name in ["", "-age", "size", "-size", "freed", "-freed"] {
            assert_eq!(Order::named(name).name(), name);
        }
        let by_size = Order::default().chosen(Column::Size);
        assert_eq!(by_size.name(), "size");
        assert_eq!(by_size.chosen(Column::Size).name(), "-size");
        assert_eq!(by_size.chosen(Column::Freed).name(), "freed");
    }
}

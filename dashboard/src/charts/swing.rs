//! Bars that go to both sides of a middle: what is more to the right, and what is less to the left.

/// Where a bar begins and how wide it is, in percent of the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Swing {
    /// Where it begins.
    pub left: f64,
    /// How wide it is.
    pub width: f64,
}

/// Percent of the whole that the middle is at.
const MIDDLE: f64 = 50.0;
/// Percent that anything but nothing is wide at least, so that it is seen.
const NARROWEST: f64 = 0.6;

/// Places a bar for a value, of which the largest one, whatever its sign, reaches to the edge.
pub fn swing(value: i64, most: u64) -> Swing {
    let share = value.unsigned_abs() as f64 / most.max(1) as f64;
    let width = match value {
        0 => 0.0,
        _ => (share.min(1.0) * MIDDLE).max(NARROWEST),
    };
    let left = if value < 0 { MIDDLE - width } else { MIDDLE };
    Swing { left, width }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_bar_stays_within_its_half_and_the_other_sign_is_its_mirror(value: i64, most: u64) {
            let (there, back) = (swing(value, most), swing(value.saturating_neg(), most));
            prop_assert!(there.left >= 0.0 && there.left + there.width <= 100.0);
            prop_assert_eq!(there.width > 0.0, value != 0);
            prop_assert!(value >= 0 || there.left + there.width == MIDDLE);
            prop_assert!(value < 0 || there.left == MIDDLE);
            let mirrored = 100.0 - back.left - back.width;
            prop_assert!(value == 0 || (there.left - mirrored).abs() < 1e-9);
        }

        #[test]
        fn more_is_never_narrower(one: i64, other: i64) {
            let most = one.unsigned_abs().max(other.unsigned_abs());
            let widths = [one, other].map(|value| swing(value, most).width);
            prop_assert_eq!(
                one.unsigned_abs() <= other.unsigned_abs() || widths[0] >= widths[1],
                true
            );
            prop_assert!(most == 0 || widths.contains(&MIDDLE));
        }
    }
}

//! A trend as small as a word.

use leptos::prelude::*;

use super::geometry::{Frame, Reading};

const WIDTH: f64 = 90.0;
const HEIGHT: f64 = 24.0;

/// Draws a trend without axes; the column beside it says the numbers, so readers may skip it.
#[component]
pub fn Sparkline(
    /// Oldest first.
    readings: Vec<Reading>,
) -> impl IntoView {
    view! {
        <svg class="spark" viewBox="0 0 90 24" aria-hidden="true">
            <path d=path(&readings) />
        </svg>
    }
}

/// Draws between the least and the largest value, but never makes a hill of less than a tenth.
fn path(readings: &[Reading]) -> String {
    let (Some(first), Some(last)) = (readings.first(), readings.last()) else {
        return String::new();
    };
    let highs = || readings.iter().map(|reading| reading.high);
    let (least, most) = (highs().min().unwrap_or(0), highs().max().unwrap_or(0));
    let missing = (most / 10).saturating_sub(most - least);
    let min = least.saturating_sub(missing / 2);
    let max = most.max(min + (most / 10).max(most - least));
    let frame = Frame {
        left: 1.0,
        right: WIDTH - 1.0,
        top: 2.0,
        bottom: HEIGHT - 2.0,
        end_us: last.time_us,
        span_us: last.time_us - first.time_us,
        max: max - min,
    };
    let raised = readings.iter().map(|reading| Reading {
        high: reading.high - min,
        ..*reading
    });
    frame.line(&raised.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[u64]) -> String {
        let readings = values.iter().enumerate().map(|(index, high)| Reading {
            time_us: index as u64,
            low: 0,
            high: *high,
        });
        path(&readings.collect::<Vec<_>>())
    }

    #[test]
    fn a_rise_goes_from_corner_to_corner() {
        assert_eq!(drawn(&[0, 100]), "M1.0,22.0L89.0,2.0");
    }

    #[test]
    fn a_tremble_is_not_a_hill() {
        assert_eq!(drawn(&[99, 100]), "M1.0,14.0L89.0,12.0");
    }

    #[test]
    fn nothing_draws_nothing() {
        assert_eq!(drawn(&[]), "");
        assert_eq!(drawn(&[0, 0]), "M1.0,22.0L89.0,22.0");
    }
}

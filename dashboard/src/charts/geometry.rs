//! From values to the points of a drawing.

use crate::format;

/// What a layer shows at one moment: the part of the axis between `low` and `high`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Microseconds since boot.
    pub time_us: u64,
    /// Lower edge; 0 unless layers are stacked.
    pub low: u64,
    /// Upper edge.
    pub high: u64,
}

/// Width of a letter of a label, and the least room beside it, in pixels.
const LETTER: f64 = 7.0;
/// Letters that say nothing.
const FEW_LETTERS: usize = 4;

/// Maps readings to the pixels of a drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    /// Left edge of the picture.
    pub(super) left: f64,
    /// Right edge of the picture: now.
    pub(super) right: f64,
    /// Upper edge: the largest value.
    pub(super) top: f64,
    /// Lower edge: zero.
    pub(super) bottom: f64,
    /// Microseconds since boot at the right edge.
    pub(super) end_us: u64,
    /// Microseconds from edge to edge.
    pub(super) span_us: u64,
    /// The value at the upper edge.
    pub(super) max: u64,
}

impl Frame {
    /// Returns the place of a moment; what is older than the left edge stays there.
    pub(super) fn x(&self, time_us: u64) -> f64 {
        let before = self.end_us.saturating_sub(time_us).min(self.span_us);
        let share = before as f64 / self.span_us.max(1) as f64;
        self.right - share * (self.right - self.left)
    }

    /// Returns the place of a value.
    pub(super) fn y(&self, value: u64) -> f64 {
        let share = value.min(self.max) as f64 / self.max.max(1) as f64;
        self.bottom - share * (self.bottom - self.top)
    }

    /// Returns the moment at a place.
    pub(super) fn time_at(&self, x: f64) -> u64 {
        let share = (self.right - x) / (self.right - self.left).max(1.0);
        let before = share.clamp(0.0, 1.0) * self.span_us as f64;
        self.end_us.saturating_sub(before as u64)
    }

    /// Draws the upper edge of the readings.
    pub(super) fn line(&self, readings: &[Reading]) -> String {
        let mut path = String::new();
        self.append(&mut path, readings.iter().map(|r| (r.time_us, r.high)));
        path
    }

    /// Draws the area between the edges of the readings.
    pub(super) fn area(&self, readings: &[Reading]) -> String {
        let mut path = String::new();
        self.append(&mut path, readings.iter().map(|r| (r.time_us, r.high)));
        self.append(&mut path, readings.iter().rev().map(|r| (r.time_us, r.low)));
        if !path.is_empty() {
            path.push('Z');
        }
        path
    }

    fn append(&self, path: &mut String, points: impl Iterator<Item = (u64, u64)>) {
        for (time_us, value) in points {
            let command = if path.is_empty() { 'M' } else { 'L' };
            let [x, y] = [self.x(time_us), self.y(value)].map(format::decimal);
            path.push(command);
            path.extend([x.as_str(), ",", y.as_str()]);
        }
    }
}

/// Returns the reading that is nearest to a moment.
pub(super) fn nearest(readings: &[Reading], time_us: u64) -> Option<Reading> {
    let distance = |reading: &&Reading| reading.time_us.abs_diff(time_us);
    readings.iter().min_by_key(distance).copied()
}

/// Returns as much of some words as there is room for, in pixels: nothing rather than a letter or two.
pub fn shortened(words: &str, room: f64) -> String {
    let letters = (room / LETTER) as usize;
    match words.chars().count() {
        all if all <= letters => words.to_owned(),
        _ if letters < FEW_LETTERS => String::new(),
        _ => words.chars().take(letters - 1).chain(['…']).collect(),
    }
}

/// Stacks layers on each other: each starts where the one before it ends.
///
/// All layers have a value for each of `times_us`.
pub fn stack_up(times_us: &[u64], layers: &[Vec<u64>]) -> Vec<Vec<Reading>> {
    let mut floor = vec![0; times_us.len()];
    let stacked = layers.iter().map(|layer| {
        let columns = times_us.iter().zip(layer).zip(floor.iter_mut());
        columns
            .map(|((time_us, value), floor)| raise(floor, *time_us, *value))
            .collect()
    });
    stacked.collect()
}

fn raise(floor: &mut u64, time_us: u64, value: u64) -> Reading {
    let low = *floor;
    *floor += value;
    Reading {
        time_us,
        low,
        high: *floor,
    }
}

/// Where tests draw.
#[cfg(test)]
pub(super) const FRAME: Frame = Frame {
    left: 40.0,
    right: 140.0,
    top: 10.0,
    bottom: 110.0,
    end_us: 1_000,
    span_us: 100,
    max: 50,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(time_us: u64, low: u64, high: u64) -> Reading {
        Reading { time_us, low, high }
    }

    #[test]
    fn now_is_at_the_right_and_zero_at_the_bottom() {
        assert_eq!(FRAME.x(1_000), 140.0);
        assert_eq!(FRAME.x(900), 40.0);
        assert_eq!(FRAME.y(0), 110.0);
        assert_eq!(FRAME.y(50), 10.0);
    }

    #[test]
    fn what_lies_outside_stays_on_the_edge() {
        assert_eq!(FRAME.x(10), 40.0);
        assert_eq!(FRAME.y(500), 10.0);
    }

    #[test]
    fn a_place_and_its_moment_agree() {
        assert_eq!(FRAME.time_at(FRAME.x(940)), 940);
        assert_eq!(FRAME.time_at(-5.0), 900);
    }

    #[test]
    fn a_line_follows_the_upper_edge() {
        let readings = [reading(900, 0, 25), reading(1_000, 0, 50)];
        assert_eq!(FRAME.line(&readings), "M40.0,60.0L140.0,10.0");
        assert_eq!(FRAME.line(&[]), "");
    }

    #[test]
    fn an_area_returns_along_the_lower_edge() {
        let readings = [reading(900, 0, 25), reading(1_000, 25, 50)];
        assert_eq!(
            FRAME.area(&readings),
            "M40.0,60.0L140.0,10.0L140.0,60.0L40.0,110.0Z"
        );
        assert_eq!(FRAME.area(&[]), "");
    }

    #[test]
    fn words_are_cut_where_their_room_ends() {
        assert_eq!(shortened("login", 35.0), "login");
        assert_eq!(shortened("after löten", 42.0), "after…");
        assert_eq!(shortened("login", 20.0), "");
        assert_eq!(shortened("", 0.0), "");
    }

    #[test]
    fn layers_stand_on_each_other() {
        let stacked = stack_up(&[1, 2], &[vec![10, 20], vec![5, 0]]);
        assert_eq!(stacked[0], [reading(1, 0, 10), reading(2, 0, 20)]);
        assert_eq!(stacked[1], [reading(1, 10, 15), reading(2, 20, 20)]);
    }

    #[test]
    fn the_nearest_reading_wins() {
        let readings = [reading(10, 0, 1), reading(20, 0, 2)];
        assert_eq!(nearest(&readings, 14), Some(readings[0]));
        assert_eq!(nearest(&readings, 99), Some(readings[1]));
        assert_eq!(nearest(&[], 1), None);
    }
}

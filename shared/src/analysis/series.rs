//! A bounded history.

use alloc::vec::Vec;

/// Fewest points that a series keeps.
const MINIMUM_CAPACITY: usize = 16;

/// Blocks that are not known to be freed, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// Microseconds since boot.
    pub time_us: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many there are.
    pub count: u64,
}

/// What was so at one moment.
pub trait Timed {
    /// Returns the moment, in microseconds since boot.
    fn time_us(&self) -> u64;

    /// Takes over what is not to be forgotten of the moment behind it, which is.
    fn absorb(&mut self, _gone: &Self) {}
}

impl Timed for Point {
    fn time_us(&self) -> u64 {
        self.time_us
    }
}

/// A history of fixed size that covers all the time since its first point.
///
/// When it is full, each new point costs one old one, so that the points are as far apart as they
/// are old: the past grows coarse, the present stays sharp, and a look back over any time finds
/// about as many points.
#[derive(Clone, Debug)]
pub struct Series<T = Point> {
    points: Vec<T>,
    capacity: usize,
}

impl<T: Timed> Series<T> {
    /// Creates a series that keeps `capacity` points, and never fewer than 16.
    pub fn new(capacity: usize) -> Self {
        Self {
            points: Vec::new(),
            capacity: capacity.max(MINIMUM_CAPACITY),
        }
    }

    /// Appends a point; one that is not newer than the last is ignored.
    ///
    /// A device that rebooted counts its time from 0 again and needs a new series.
    pub fn push(&mut self, point: T) {
        if self
            .last()
            .is_some_and(|last| point.time_us() <= last.time_us())
        {
            return;
        }
        if self.points.len() == self.capacity {
            self.thin_out(point.time_us());
        }
        self.points.push(point);
    }

    /// Puts another point in the place of the newest one.
    pub fn replace_last(&mut self, point: T) {
        self.points.pop();
        self.points.push(point);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.points.clear();
    }

    /// Returns the points, oldest first.
    pub fn points(&self) -> &[T] {
        &self.points
    }

    /// Returns the newest point.
    pub fn last(&self) -> Option<&T> {
        self.points.last()
    }

    /// Returns the microseconds from the first point to the last.
    pub fn span_us(&self) -> u64 {
        span_us(&self.points)
    }

    /// Returns the points of the last `window_us`, and more if those are fewer than `minimum`.
    pub(super) fn window(&self, window_us: u64, minimum: usize) -> &[T] {
        let start = self
            .last()
            .map_or(0, |last| last.time_us().saturating_sub(window_us));
        let by_time = self.points.partition_point(|point| point.time_us() < start);
        &self.points[by_time.min(self.points.len().saturating_sub(minimum))..]
    }

    /// Drops the point whose neighbours are closest together for its age, never the first or last.
    fn thin_out(&mut self, now_us: u64) {
        let gap = |index: usize| {
            let [before, point, after] =
                [index - 1, index, index + 1].map(|i| self.points[i].time_us());
            (after - before) as f64 / (now_us - point) as f64
        };
        let inner = 1..self.points.len() - 1;
        if let Some(index) = inner.min_by(|&a, &b| gap(a).total_cmp(&gap(b))) {
            let gone = self.points.remove(index);
            self.points[index - 1].absorb(&gone);
        }
    }
}

impl Series {
    /// Returns the live bytes gained since the first point.
    pub fn growth_since_start(&self) -> i64 {
        match self.points.as_slice() {
            [first, .., last] => last.bytes.wrapping_sub(first.bytes) as i64,
            _ => 0,
        }
    }
}

/// Returns the microseconds from the first point to the last.
pub(super) fn span_us<T: Timed>(points: &[T]) -> u64 {
    match points {
        [first, .., last] => last.time_us() - first.time_us(),
        _ => 0,
    }
}

//! The heap before the page opened, from the history that the device keeps.

use heapbeacon_shared::api::{Heap, HeapHistory};
use heapbeacon_shared::trace::{Level, Point, Region};

use super::heap_sample::{HeapSample, is_of_firmware};

/// Returns one sample for each point of a history, at its end: what was at worst until then. None where the regions are
/// others than those of `heap`.
pub fn samples(history: &HeapHistory, heap: &Heap) -> Vec<HeapSample> {
    let names = heap.regions.iter().map(|region| &region.name);
    match names.eq(&history.regions) {
        true => samples_of(&history.points, heap),
        false => Vec::new(),
    }
}

/// Returns the same of points that a capture has: those with as many regions.
pub fn samples_of(points: &[Point], heap: &Heap) -> Vec<HeapSample> {
    let fits = |point: &&Point| point.regions.len() == heap.regions.len();
    let points = points.iter().filter(fits);
    points.map(|point| sample(point, &heap.regions)).collect()
}

fn sample(point: &Point, regions: &[Region]) -> HeapSample {
    let levels = point.regions.iter().zip(regions);
    let levels = levels.filter(|(_, region)| is_of_firmware(region));
    let mut sample = HeapSample {
        time_us: point.until_us,
        ..HeapSample::default()
    };
    for (numbers, (level, region)) in sample.regions.iter_mut().zip(levels) {
        let Level { used, free, .. } = *level;
        *numbers = (used, free);
        // A file may say anything.
        sample.size = sample.size.saturating_add(region.size);
        sample.used = sample.used.saturating_add(used);
        sample.free = sample.free.saturating_add(free);
        sample.minimum_free = sample.minimum_free.saturating_add(region.minimum_free);
        sample.largest_free_block = sample.largest_free_block.max(level.largest_free_block);
    }
    sample
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::trace::{Origin, name};

    use super::*;

    fn heap(names: &[(&str, Origin)]) -> Heap {
        let regions = names.iter().map(|(text, origin)| Region {
            name: name(text),
            size: 100,
            origin: *origin,
            ..Region::default()
        });
        Heap {
            regions: regions.collect(),
            ..Heap::default()
        }
    }

    fn history(names: &[&str], used: &[u64]) -> HeapHistory {
        let level = |used: &u64| Level {
            used: *used,
            free: 100 - used,
            largest_free_block: (100 - used) / 2,
            ..Level::default()
        };
        HeapHistory {
            regions: names.iter().map(|text| name(text)).collect(),
            points: vec![Point {
                from_us: 0,
                until_us: 7,
                regions: used.iter().map(level).collect(),
            }],
            ..HeapHistory::default()
        }
    }

    #[test]
    fn regions_of_the_firmware_add_up() {
        let regions = [
            ("a", Origin::Application),
            ("own", Origin::Agent),
            ("b", Origin::Application),
        ];
        let past = samples(&history(&["a", "own", "b"], &[10, 90, 60]), &heap(&regions));
        let [sample] = past[..] else {
            panic!("one point is one sample: {past:?}");
        };
        assert_eq!((sample.time_us, sample.size), (7, 200));
        assert_eq!((sample.used, sample.free), (70, 130));
        assert_eq!(sample.largest_free_block, 45);
        assert_eq!(sample.regions[..2], [(10, 90), (60, 40)]);
    }

    #[test]
    fn a_file_that_tells_of_more_than_there_can_be_overflows_nothing() {
        let mut heap = heap(&[("a", Origin::Application), ("b", Origin::Application)]);
        heap.regions
            .iter_mut()
            .for_each(|region| region.size = u64::MAX);
        let level = Level {
            used: u64::MAX,
            free: u64::MAX,
            ..Level::default()
        };
        let point = Point {
            until_us: 1,
            regions: [level; 2].into_iter().collect(),
            ..Point::default()
        };
        let sample = samples_of(&[point], &heap)[0];
        assert_eq!(
            (sample.size, sample.used, sample.free),
            (u64::MAX, u64::MAX, u64::MAX)
        );
        assert_eq!(HeapSample::of(&heap).size, u64::MAX);
    }

    #[test]
    fn of_other_regions_nothing_is_taken() {
        let one = heap(&[("a", Origin::Application)]);
        assert_eq!(samples(&history(&["b"], &[10]), &one), []);
        assert_eq!(samples(&history(&["a", "b"], &[10, 20]), &one), []);
        assert_eq!(samples(&history(&["a"], &[]), &one), []);
    }
}

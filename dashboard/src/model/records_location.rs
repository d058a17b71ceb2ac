//! Where the records of a trace are.

use heapbeacon_shared::api::Trace;
use heapbeacon_shared::trace::State;

/// Where the records of a trace are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordsLocation {
    /// Nothing was traced yet, or the record buffer was released.
    None,
    /// Events go to a host, and no record is kept on the device.
    Host,
    /// In the table of the device.
    Device,
}

impl RecordsLocation {
    /// Returns where the records of a trace are.
    pub fn of(trace: &Trace) -> Self {
        match trace.summary.state {
            State::Uninitialised => Self::None,
            _ if trace.summary.capacity == 0 => Self::Host,
            State::Stopped if trace.summary.total_allocations == 0 => Self::None,
            _ => Self::Device,
        }
    }
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::trace::Summary;

    use super::*;

    fn location(state: State, capacity: u32, total_allocations: u64) -> RecordsLocation {
        RecordsLocation::of(&Trace {
            summary: Summary {
                state,
                capacity,
                total_allocations,
                ..Summary::default()
            },
            // A released buffer takes the number of its trace with it.
            trace_id: 2,
            ..Trace::default()
        })
    }

    #[test]
    fn a_released_or_unused_buffer_has_no_records() {
        assert_eq!(location(State::Uninitialised, 0, 0), RecordsLocation::None);
        assert_eq!(location(State::Stopped, 100, 0), RecordsLocation::None);
    }

    #[test]
    fn events_that_go_to_a_host_are_recorded_only_where_there_is_a_table() {
        assert_eq!(location(State::Recording, 0, 449), RecordsLocation::Host);
        assert_eq!(
            location(State::Recording, 100, 449),
            RecordsLocation::Device
        );
    }

    #[test]
    fn a_trace_is_on_the_device_from_its_start_and_after_it_was_stopped() {
        assert_eq!(location(State::Recording, 100, 0), RecordsLocation::Device);
        assert_eq!(location(State::Stopped, 100, 9), RecordsLocation::Device);
    }
}

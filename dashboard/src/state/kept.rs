//! Where the records of a trace are.

use heapbeacon_shared::api::Trace;
use heapbeacon_shared::trace::State;

/// Where the records of a trace are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nothing was traced yet, or it was given up.
    Nowhere,
    /// Events go to a host, and no record is kept on the device.
    ByHost,
    /// In the table of the device.
    Here,
}

impl Kept {
    /// Says it of a trace.
    pub fn of(trace: &Trace) -> Self {
        match trace.summary.state {
            State::Uninitialised => Self::Nowhere,
            _ if trace.summary.capacity == 0 => Self::ByHost,
            State::Stopped if trace.summary.total_allocations == 0 => Self::Nowhere,
            _ => Self::Here,
        }
    }
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::trace::Summary;

    use super::*;

    fn kept(state: State, capacity: u32, total_allocations: u64) -> Kept {
        Kept::of(&Trace {
            summary: Summary {
                state,
                capacity,
                total_allocations,
                ..Summary::default()
            },
            // A buffer that was given up takes the number of its trace with it.
            trace_id: 2,
            ..Trace::default()
        })
    }

    #[test]
    fn a_trace_that_was_given_up_is_nowhere() {
        assert_eq!(kept(State::Uninitialised, 0, 0), Kept::Nowhere);
        assert_eq!(kept(State::Stopped, 100, 0), Kept::Nowhere);
    }

    #[test]
    fn events_that_go_to_a_host_are_kept_only_where_there_is_a_table() {
        assert_eq!(kept(State::Recording, 0, 449), Kept::ByHost);
        assert_eq!(kept(State::Recording, 100, 449), Kept::Here);
    }

    #[test]
    fn a_trace_is_here_from_its_start_and_after_it_was_stopped() {
        assert_eq!(kept(State::Recording, 100, 0), Kept::Here);
        assert_eq!(kept(State::Stopped, 100, 9), Kept::Here);
    }
}

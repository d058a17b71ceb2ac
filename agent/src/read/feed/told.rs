//! Which call stacks a host was told of.

/// Call stacks that are remembered: of two whose indexes differ by a multiple of it, the last one.
const REMEMBERED: usize = 256;
/// No call stack. All of it is 0, so that it takes no room in an image.
const NONE: u32 = 0;

/// The call stacks that a host was told of: of each, one more than its id. What is forgotten is told again.
pub(super) struct Told([u32; REMEMBERED]);

impl Told {
    pub(super) const NOTHING: Self = Self([NONE; REMEMBERED]);

    pub(super) fn clear(&mut self) {
        self.0 = [NONE; REMEMBERED];
    }

    /// Notes that the host is told of a call stack; returns whether that is new to it.
    pub(super) fn note(&mut self, id: u32) -> bool {
        // An id is an index in its lower half, and how often that was used again in the upper one.
        let place = &mut self.0[id as usize % REMEMBERED];
        // The last id of all is none: there are fewer entries in a table.
        let known = id.wrapping_add(1);
        core::mem::replace(place, known) != known
    }
}

#[cfg(test)]
mod tests {
    use super::Told;

    #[test]
    fn a_call_stack_is_new_once_and_again_when_another_has_its_entry() {
        let mut told = Told::NOTHING;
        let again = 1 << 16 | 5;
        for (id, is_new) in [
            (5, true),
            (5, false),
            (0, true),
            (0, false),
            (again, true),
            (again, false),
            (5, true),
        ] {
            assert_eq!(told.note(id), is_new, "{id}");
        }
        told.clear();
        assert!(told.note(5));
    }
}

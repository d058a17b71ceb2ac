//! What identifies the running image.

/// Type of the note that holds a build id, in the notes of `GNU` (Linux' `elf.h`).
const NT_GNU_BUILD_ID: u32 = 3;
/// Bytes of a note before its name.
const NOTE_HEAD: usize = 12;

/// Finds the build id among the notes of a loaded section or segment (ELF gABI, "Note Section").
pub fn build_id(mut notes: &[u8]) -> Option<&[u8]> {
    while let Some((head, rest)) = notes.split_at_checked(NOTE_HEAD) {
        let word = |at: usize| head[at..at + 4].try_into().map(u32::from_ne_bytes).ok();
        let (name_len, len, kind) = (word(0)? as usize, word(4)? as usize, word(8)?);
        let (name, rest) = rest.split_at_checked(name_len.checked_next_multiple_of(4)?)?;
        if kind == NT_GNU_BUILD_ID && name.starts_with(b"GNU\0") {
            return rest.get(..len);
        }
        notes = rest.get(len.checked_next_multiple_of(4)?..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A note with a name of `GNU`.
    fn note(kind: u32, content: &[u8; 4]) -> [u8; 20] {
        let mut note = [0; 20];
        note[..4].copy_from_slice(&4u32.to_ne_bytes());
        note[4..8].copy_from_slice(&4u32.to_ne_bytes());
        note[8..12].copy_from_slice(&kind.to_ne_bytes());
        note[12..16].copy_from_slice(b"GNU\0");
        note[16..].copy_from_slice(content);
        note
    }

    #[test]
    fn the_build_id_is_found_behind_other_notes() {
        let mut notes = [0; 40];
        notes[..20].copy_from_slice(&note(1, b"none"));
        notes[20..].copy_from_slice(&note(NT_GNU_BUILD_ID, &[0xde, 0xad, 0, 1]));
        let found = build_id(&notes).expect("there is one");
        assert_eq!(found, [0xde, 0xad, 0, 1]);
    }

    #[test]
    fn notes_that_are_cut_off_or_lie_about_their_length_have_none() {
        let mut notes = note(NT_GNU_BUILD_ID, &[1, 2, 3, 4]);
        assert_eq!(build_id(&notes[..19]), None);
        assert_eq!(build_id(&notes[..7]), None);
        notes[..4].copy_from_slice(&u32::MAX.to_ne_bytes());
        assert_eq!(build_id(&notes), None);
    }
}

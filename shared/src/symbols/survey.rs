//! A look over all debug information before anything is looked up in it.

use gimli::{
    AttributeSpecification, DwForm, Dwarf, EntriesRaw, Error, Reader, UnitHeader, UnitType,
};

use super::{ElfError, Missing};

/// Most functions that may be inlined into one another. addr2line follows them by recursion, and
/// a browser's stack is small; real programs have less than a hundred.
const MOST_NESTED: usize = 256;
/// Most attributes of entries for each byte of a unit. Attributes may take no bytes, but time.
const MOST_ATTRIBUTES_OF_A_BYTE: usize = 16;

/// Checks what looking up relies on, and returns what is missing.
pub(super) fn survey<R>(dwarf: &Dwarf<R>) -> Result<Option<Missing>, ElfError>
where
    R: Reader<Offset = usize>,
{
    let (mut units, mut split) = (0, 0);
    let mut headers = dwarf.units();
    while let Some(header) = headers.next().map_err(ElfError::DebugInfo)? {
        units += 1;
        // Looking up in a unit ends where the survey ends: at the first entry that is damaged.
        match survey_unit(dwarf, &header) {
            Ok(unit) if unit.is_deceptive => return Err(ElfError::TooLarge),
            Ok(unit) => split += usize::from(unit.is_split),
            Err(_) => {}
        }
    }
    Ok((split > 0).then_some(Missing::SplitUnits { split, units }))
}

/// What is seen of a unit.
struct Surveyed {
    /// Whether its functions are described in another file.
    is_split: bool,
    /// Whether it would take more stack, time or numbers than any program has reason to.
    is_deceptive: bool,
}

fn survey_unit<R>(dwarf: &Dwarf<R>, header: &UnitHeader<R>) -> Result<Surveyed, Error>
where
    R: Reader<Offset = usize>,
{
    let abbreviations = dwarf.abbreviations(header)?;
    let mut entries = header.entries_raw(&abbreviations, None)?;
    let mut unit = Surveyed {
        is_split: matches!(header.type_(), UnitType::Skeleton(_)),
        is_deceptive: false,
    };
    if let Some(root) = entries.read_abbreviation()? {
        let mut names = root.attributes().iter().map(|attribute| attribute.name());
        unit.is_split |=
            names.any(|name| matches!(name, gimli::DW_AT_dwo_name | gimli::DW_AT_GNU_dwo_name));
        unit.is_deceptive |= pass(&mut entries, root.attributes())? == Passed::Endless;
    }
    let mut attributes = header.length_including_self() * MOST_ATTRIBUTES_OF_A_BYTE;
    // The depths of the inlined functions around the next entry.
    let mut around = alloc::vec::Vec::new();
    while !unit.is_deceptive && !entries.is_empty() {
        let depth = entries.next_depth();
        while around.last().is_some_and(|outer| *outer >= depth) {
            around.pop();
        }
        let Some(entry) = entries.read_abbreviation()? else {
            continue;
        };
        if entry.tag() == gimli::DW_TAG_inlined_subroutine {
            around.push(depth);
        }
        let left = attributes.checked_sub(entry.attributes().len());
        if around.len() > MOST_NESTED || left.is_none() {
            unit.is_deceptive = true;
            break;
        }
        attributes = left.unwrap_or_default();
        unit.is_deceptive |= pass(&mut entries, entry.attributes())? == Passed::Endless;
    }
    Ok(unit)
}

/// What is found of the attributes of an entry.
#[derive(PartialEq, Eq)]
enum Passed {
    /// They end where they say.
    Whole,
    /// One goes on behind the end of all entries.
    Endless,
}

/// Reads the attributes of an entry, one by one. To skip them, as looking up does, gimli adds up how long they are: one that
/// says that it is nearly as long as all memory makes the sum overflow.
fn pass<R>(
    entries: &mut EntriesRaw<'_, R>,
    attributes: &[AttributeSpecification],
) -> Result<Passed, Error>
where
    R: Reader<Offset = usize>,
{
    for attribute in attributes {
        let read = entries.read_attribute(*attribute);
        if read.is_err() && says_how_long(attribute.form()) {
            return Ok(Passed::Endless);
        }
        read?;
    }
    Ok(Passed::Whole)
}

/// Checks whether an attribute of a form may have any length.
fn says_how_long(form: DwForm) -> bool {
    matches!(
        form,
        gimli::DW_FORM_block
            | gimli::DW_FORM_block4
            | gimli::DW_FORM_exprloc
            | gimli::DW_FORM_indirect
    )
}

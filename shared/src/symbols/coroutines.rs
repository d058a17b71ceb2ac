//! Tells async code from closures. Symbols call both `{{closure}}`; debug information knows.

use alloc::format;
use alloc::string::String;

use gimli::{AttributeValue, DebugInfoOffset, Dwarf, Error, Reader, Unit, UnitOffset, UnitRef};

/// Most references that lead from a function to its name.
pub(super) const MOST_REFERENCES: usize = 4;

/// Names a function that is async code as such: `app::open::{async_fn#0}`, not
/// `app::open::{{closure}}`. `entry` is the function's debug information.
pub(super) fn named<R>(function: String, unit: UnitRef<'_, R>, entry: UnitOffset) -> String
where
    R: Reader<Offset = usize>,
{
    let Some((path, last)) = function.rsplit_once("::") else {
        return function;
    };
    if !last.trim_start_matches('{').starts_with("closure") {
        return function;
    }
    match name_of(unit, entry, MOST_REFERENCES) {
        Ok(Some(name)) if name.starts_with("{async") => format!("{path}::{name}"),
        _ => function,
    }
}

/// Returns the last part of a function's path; `None` where nothing tells it.
fn name_of<R>(
    unit: UnitRef<'_, R>,
    entry: UnitOffset,
    references: usize,
) -> Result<Option<String>, Error>
where
    R: Reader<Offset = usize>,
{
    let mut entries = unit.entries_raw(Some(entry))?;
    let attributes = entries.read_abbreviation()?;
    let mut reference = None;
    for specification in attributes.map_or(&[][..], |entry| entry.attributes()) {
        let attribute = entries.read_attribute(*specification)?;
        match attribute.name() {
            gimli::DW_AT_name => {
                let name = unit.attr_string(attribute.value())?;
                return Ok(Some(name.to_string_lossy()?.into_owned()));
            }
            // What was inlined, or is compiled apart from its declaration, refers to that.
            gimli::DW_AT_abstract_origin | gimli::DW_AT_specification => {
                reference = Some(attribute.value());
            }
            _ => {}
        }
    }
    match reference {
        _ if references == 0 => Ok(None),
        Some(AttributeValue::UnitRef(other)) => name_of(unit, other, references - 1),
        Some(AttributeValue::DebugInfoRef(place)) => match unit_of(unit.dwarf, place)? {
            Some((unit_there, other)) => {
                name_of(unit_there.unit_ref(unit.dwarf), other, references - 1)
            }
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

/// Finds the unit that a place of the debug information lies in, and the place within it.
pub(super) fn unit_of<R>(
    dwarf: &Dwarf<R>,
    place: DebugInfoOffset,
) -> Result<Option<(Unit<R>, UnitOffset)>, Error>
where
    R: Reader<Offset = usize>,
{
    let mut headers = dwarf.units();
    while let Some(header) = headers.next()? {
        if let Some(offset) = place.to_unit_offset(&header) {
            return Ok(Some((dwarf.unit(header)?, offset)));
        }
    }
    Ok(None)
}

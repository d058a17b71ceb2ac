//! Lines of code that several functions share, because the linker has folded those that are alike.
//!
//! The debug information of such code describes one of the functions, and its table of lines still
//! has the lines of each. So a line is only told if it belongs to the function that is named.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use gimli::{
    Abbreviation, AttributeValue, ColumnType, EntriesRaw, Error, LineProgramHeader, Reader,
    UnitOffset, UnitRef,
};

use super::coroutines::{MOST_REFERENCES, unit_of};
use super::demangle::bounded;

/// Most places that are compared for one address.
const MOST_PLACES: usize = 64;

/// A line of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: u64,
    pub(super) column: Option<u64>,
}

/// The lines of a function: from its declaration to the next one in the same file.
struct Lines {
    file: String,
    lines: Range<u64>,
}

/// Finds the line at an address that belongs to a function; `None` where that can't be told.
/// `entry` is the function's debug information.
pub(super) fn place<R>(
    unit: UnitRef<'_, R>,
    entry: Option<UnitOffset>,
    address: u64,
) -> Result<Option<Place>, Error>
where
    R: Reader<Offset = usize>,
{
    let mut places = places(unit, address)?;
    if places.len() <= 1 {
        return Ok(places.pop().flatten());
    }
    let (Some(entry), Some(places)) = (entry, places.into_iter().collect::<Option<Vec<_>>>())
    else {
        return Ok(None);
    };
    let Some(own) = lines_of(unit, entry, MOST_REFERENCES)? else {
        return Ok(None);
    };
    let belongs = |place: &Place| place.file == own.file && own.lines.contains(&place.line);
    let mut belonging = places.into_iter().filter(belongs);
    let place = belonging.next();
    Ok(place.filter(|_| belonging.next().is_none()))
}

/// Returns what the sequences of a unit's lines tell of an address, each place once. `None` is code
/// that belongs to no line.
fn places<R>(unit: UnitRef<'_, R>, address: u64) -> Result<Vec<Option<Place>>, Error>
where
    R: Reader<Offset = usize>,
{
    let mut places = Vec::new();
    let Some(program) = unit.line_program.clone() else {
        return Ok(places);
    };
    let mut rows = program.rows();
    let mut before: Option<gimli::LineRow> = None;
    while let Some((header, row)) = rows.next_row()? {
        let reached =
            before.filter(|before| before.address() <= address && address < row.address());
        if let Some(row) = reached {
            let place = place_of_row(unit, header, &row);
            if places.len() < MOST_PLACES && !places.contains(&place) {
                places.push(place);
            }
        }
        before = (!row.end_sequence()).then_some(*row);
    }
    Ok(places)
}

fn place_of_row<R>(
    unit: UnitRef<'_, R>,
    header: &LineProgramHeader<R>,
    row: &gimli::LineRow,
) -> Option<Place>
where
    R: Reader<Offset = usize>,
{
    Some(Place {
        file: path(unit, header, row.file_index())?,
        line: row.line()?.get(),
        column: match row.column() {
            ColumnType::LeftEdge => None,
            ColumnType::Column(column) => Some(column.get()),
        },
    })
}

/// Returns the whole path of a file in a table of lines.
fn path<R>(unit: UnitRef<'_, R>, header: &LineProgramHeader<R>, file: u64) -> Option<String>
where
    R: Reader<Offset = usize>,
{
    let file = header.file(file)?;
    let text = |text: R| Some(bounded(&text.to_string_lossy().ok()?));
    let named = |value| text(unit.attr_string(value).ok()?);
    let base = unit.comp_dir.clone().and_then(text).unwrap_or_default();
    let folder = match file.directory(header) {
        Some(directory) => joined(base, &named(directory)?),
        None => base,
    };
    Some(joined(folder, &named(file.path_name())?))
}

fn joined(folder: String, path: &str) -> String {
    let is_absolute = path.starts_with(['/', '\\']) || path.get(1..2) == Some(":");
    match is_absolute || folder.is_empty() {
        true => String::from(path),
        false => folder + "/" + path,
    }
}

/// Returns the lines of a function.
fn lines_of<R>(
    unit: UnitRef<'_, R>,
    entry: UnitOffset,
    references: usize,
) -> Result<Option<Lines>, Error>
where
    R: Reader<Offset = usize>,
{
    let mut entries = unit.entries_raw(Some(entry))?;
    let Some(function) = entries.read_abbreviation()? else {
        return Ok(None);
    };
    let declaration = declaration(&mut entries, function)?;
    if let (Some((file, line)), Some(program)) = (declaration.place, &unit.line_program) {
        let end = next_declaration(unit, file, line)?;
        let file = path(unit, program.header(), file);
        let lines = line..end;
        return Ok(file.map(|file| Lines { file, lines }));
    }
    match declaration.elsewhere {
        _ if references == 0 => Ok(None),
        Some(AttributeValue::UnitRef(other)) => lines_of(unit, other, references - 1),
        Some(AttributeValue::DebugInfoRef(place)) => match unit_of(unit.dwarf, place)? {
            Some((there, other)) => lines_of(there.unit_ref(unit.dwarf), other, references - 1),
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

/// Returns the line of the function that is declared next in the same file of a unit.
fn next_declaration<R>(unit: UnitRef<'_, R>, file: u64, line: u64) -> Result<u64, Error>
where
    R: Reader<Offset = usize>,
{
    let mut next = u64::MAX;
    let mut entries = unit.entries_raw(None)?;
    while !entries.is_empty() {
        let Some(entry) = entries.read_abbreviation()? else {
            continue;
        };
        if entry.tag() != gimli::DW_TAG_subprogram {
            entries.skip_attributes(entry.attributes())?;
        } else if let Some(other) = declaration(&mut entries, entry)?.place
            && other.0 == file
            && other.1 > line
        {
            next = next.min(other.1);
        }
    }
    Ok(next)
}

/// Where a function is declared, or what refers to that.
struct Declaration<R: Reader<Offset = usize>> {
    /// The number of the file, and the line.
    place: Option<(u64, u64)>,
    elsewhere: Option<AttributeValue<R>>,
}

fn declaration<R>(
    entries: &mut EntriesRaw<'_, R>,
    function: &Abbreviation,
) -> Result<Declaration<R>, Error>
where
    R: Reader<Offset = usize>,
{
    let (mut file, mut line, mut elsewhere) = (None, None, None);
    for specification in function.attributes() {
        let attribute = entries.read_attribute(*specification)?;
        match (attribute.name(), attribute.value()) {
            (gimli::DW_AT_decl_file, AttributeValue::FileIndex(index)) => file = Some(index),
            (gimli::DW_AT_decl_line, value) => line = value.udata_value(),
            // What was inlined, or is compiled apart from its declaration, refers to that.
            (gimli::DW_AT_abstract_origin | gimli::DW_AT_specification, value) => {
                elsewhere = Some(value);
            }
            _ => {}
        }
    }
    let place = file.zip(line);
    Ok(Declaration { place, elsewhere })
}

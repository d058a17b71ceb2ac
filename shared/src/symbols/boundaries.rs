//! Where debug information begins to tell something else.

use alloc::vec::Vec;

use gimli::{Dwarf, Error, Reader, Unit, UnitRef};

/// Returns the addresses where a row of lines, a function, an inlined one or a unit begins or ends, in no order.
///
/// What is damaged has none: nothing is looked up in there either.
pub(super) fn of<R>(dwarf: &Dwarf<R>) -> Vec<u64>
where
    R: Reader<Offset = usize>,
{
    let mut boundaries = Vec::new();
    let mut headers = dwarf.units();
    while let Ok(Some(header)) = headers.next() {
        let Ok(unit) = dwarf.unit(header) else {
            continue;
        };
        // What was found before the damage counts.
        let _ = of_lines(&unit, &mut boundaries);
        let _ = of_functions(unit.unit_ref(dwarf), &mut boundaries);
    }
    boundaries
}

fn of_lines<R>(unit: &Unit<R>, boundaries: &mut Vec<u64>) -> Result<(), Error>
where
    R: Reader<Offset = usize>,
{
    let Some(program) = unit.line_program.clone() else {
        return Ok(());
    };
    let mut rows = program.rows();
    while let Some((_, row)) = rows.next_row()? {
        boundaries.push(row.address());
    }
    Ok(())
}

fn of_functions<R>(unit: UnitRef<'_, R>, boundaries: &mut Vec<u64>) -> Result<(), Error>
where
    R: Reader<Offset = usize>,
{
    let mut entries = unit.entries();
    while let Some(entry) = entries.next_dfs()? {
        if !matches!(
            entry.tag(),
            gimli::DW_TAG_compile_unit
                | gimli::DW_TAG_partial_unit
                | gimli::DW_TAG_skeleton_unit
                | gimli::DW_TAG_subprogram
                | gimli::DW_TAG_inlined_subroutine
        ) {
            continue;
        }
        let mut ranges = unit.die_ranges(entry)?;
        while let Some(range) = ranges.next()? {
            boundaries.extend([range.begin, range.end]);
        }
    }
    Ok(())
}

//! The names of the process's own functions, by the symbol table of its executable.

use std::ops::Range;
use std::sync::OnceLock;

use heapbeacon::platform::Functions;
use object::read::elf::ElfFile64;
use object::{Object, ObjectSymbol, SymbolKind};

use crate::image;

static TABLE: OnceLock<Table> = OnceLock::new();

/// All functions, by address.
struct Table(Vec<Function>);

struct Function {
    range: Range<u64>,
    name: &'static str,
}

/// Returns the functions, if the executable tells of any. They are read when they are asked for first, by the server, and kept in its pool.
pub(crate) fn get() -> Option<&'static dyn Functions> {
    let table = TABLE.get_or_init(|| Table::read(image::file().unwrap_or_default()));
    (!table.0.is_empty()).then_some(table as &dyn Functions)
}

impl Table {
    fn read(elf: &'static [u8]) -> Self {
        let file = ElfFile64::<object::Endianness>::parse(elf);
        let mut functions: Vec<_> = file
            .iter()
            .flat_map(Object::symbols)
            .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition())
            // A label within a function would hide that.
            .filter(|symbol| symbol.size() > 0)
            .filter_map(|symbol| {
                let range = symbol.address()..symbol.address().checked_add(symbol.size())?;
                let name = symbol.name().ok()?;
                Some(Function { range, name })
            })
            .collect();
        functions.sort_unstable_by_key(|function| (function.range.start, function.range.end));
        Self(functions)
    }
}

impl Functions for Table {
    fn name(&self, address: u64) -> Option<&str> {
        let before = |function: &Function| function.range.start <= address;
        let function = self.0[..self.0.partition_point(before)].last()?;
        function.range.contains(&address).then_some(function.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_found_by_every_address_of_its_own() {
        image::load();
        let image = image::get().expect("it was found");
        let this =
            (a_function_is_found_by_every_address_of_its_own as *const ()).addr() - image.bias;
        let functions = get().expect("tests have symbols");
        for address in [this as u64, this as u64 + 1] {
            let name = functions.name(address).expect("it is known");
            assert!(
                name.contains("a_function_is_found_by_every_address_of_its_own"),
                "{name}"
            );
        }
        assert!(functions.name(0).is_none() && functions.name(u64::MAX).is_none());
    }
}

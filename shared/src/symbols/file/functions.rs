use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::symbol_file::NAMELESS;

/// Writes functions as [`symbol_file::Functions`](crate::symbol_file::Functions) reads them: addresses in order, and which function is found from each on.
/// An address beyond 32 bits, which no device has, ends them.
pub(super) fn written<'r>(runs: impl IntoIterator<Item = (u64, Option<&'r str>)>) -> Vec<u8> {
    let mut names = Names::default();
    let mut rows: Vec<[u32; 2]> = Vec::new();
    for (address, function) in runs {
        let Ok(address) = u32::try_from(address) else {
            break;
        };
        let name = function.map_or(NAMELESS, |name| names.place(name));
        if rows.last().map_or(NAMELESS, |[_, last]| *last) != name {
            rows.push([address, name]);
        }
    }
    let lengths = [rows.len(), names.text.len()].map(|length| u32::try_from(length).unwrap_or(0));
    let numbers = lengths.iter().chain(rows.as_flattened());
    let mut bytes: Vec<_> = numbers.flat_map(|number| number.to_le_bytes()).collect();
    bytes.extend_from_slice(names.text.as_bytes());
    let sum = adler2::adler32_slice(&bytes);
    bytes.extend_from_slice(&sum.to_be_bytes());
    bytes
}

/// Checks whether functions have the sum that they end with.
pub(super) fn is_whole(functions: &[u8]) -> bool {
    let parts = functions.split_last_chunk();
    parts.is_some_and(|(rest, sum)| adler2::adler32_slice(rest).to_be_bytes() == *sum)
}

/// Names, each once.
#[derive(Default)]
struct Names<'r> {
    text: String,
    places: BTreeMap<&'r str, u32>,
}

impl<'r> Names<'r> {
    /// Returns where a name begins; those that hold what ends one, and those beyond 4 GiB, are none.
    fn place(&mut self, name: &'r str) -> u32 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let Ok(place) = u32::try_from(self.text.len()) else {
            return NAMELESS;
        };
        if name.is_empty() || name.contains('\0') {
            return NAMELESS;
        }
        self.text.push_str(name);
        self.text.push('\0');
        self.places.insert(name, place);
        place
    }
}

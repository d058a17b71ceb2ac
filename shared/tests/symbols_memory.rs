//! How much memory files take that were made to take much.

mod memory {
    pub(crate) mod counted;
    pub(crate) mod elf;
    pub(crate) mod hostile;
}

use heapbeacon_shared::symbols::{ElfError, Symbols};

use memory::{counted, elf, hostile};

/// What reading any small file may take at once, in bytes.
const MOST: usize = 256 << 20;

/// Reads a file and looks up many addresses; returns the most bytes that it took at once.
fn peak(file: &[u8]) -> (usize, Result<usize, ElfError>) {
    counted::peak(|| {
        let symbols = Symbols::parse(file)?;
        let addresses = (0..64).map(|index| elf::CODE.start + index * 61);
        let stacks: Vec<_> = addresses.map(|address| symbols.frames(address)).collect();
        Ok(stacks.iter().map(Vec::len).sum())
    })
}

#[test]
fn no_small_file_takes_much_memory() {
    for (name, file) in hostile::files() {
        assert!(file.len() < 170_000, "{name} has {} bytes", file.len());
        let (bytes, result) = peak(&file);
        println!("{name:>30}: {:>4} MB, {result:?}", bytes >> 20);
        assert!(bytes < MOST, "{name} takes {bytes} bytes: {result:?}");
    }
}

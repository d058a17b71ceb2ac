//! Reads an ELF, and finds names in it.

use core::ops::Range;

use heapbeacon_shared::symbols::{ElfReader, Symbols};

use crate::protocol::{Answer, ElfProblem, Found, Opened, Question, Wanted};

/// A file whose parts can be read.
pub trait File {
    /// Returns the size in bytes.
    fn size(&self) -> u64;

    /// Reads a part; `None` if that is not possible.
    fn read(&self, range: Range<u64>) -> Option<Vec<u8>>;
}

/// Answers questions, once it has an ELF.
#[derive(Default)]
pub struct Lookup {
    symbols: Option<Symbols>,
}

impl Lookup {
    /// Answers a question. `file` is the ELF that came with it.
    pub fn answer(&mut self, question: &Question, file: Option<&dyn File>) -> Answer {
        match question {
            Question::Open { build_id } => Answer::Opened(self.open(file, build_id)),
            Question::Names(wanted) => Answer::Names(self.find(wanted)),
            Question::Pack => {
                let packed = self.symbols.as_ref().map(Symbols::pack);
                Answer::Packed(packed.unwrap_or_default())
            }
        }
    }

    fn open(&mut self, file: Option<&dyn File>, build_id: &str) -> Result<Opened, ElfProblem> {
        let file = file.ok_or(ElfProblem::Unreadable)?;
        let symbols = self.symbols.insert(symbols(file, build_id)?);
        let missing = symbols.missing();
        Ok(Opened {
            build_id: symbols
                .build_id()
                .map_or_else(String::new, ToString::to_string),
            has_lines: symbols.has_debug_info(),
            missing: missing.iter().map(ToString::to_string).collect(),
        })
    }

    /// Finds nothing without an ELF.
    fn find(&self, wanted: &Wanted) -> Found {
        let Some(symbols) = &self.symbols else {
            return Found::default();
        };
        let addresses = wanted.addresses.iter();
        let tasks = wanted.tasks.iter();
        let statics = wanted.statics.iter();
        Found {
            frames: addresses
                .map(|address| symbols.frames_of_return(*address))
                .collect(),
            tasks: tasks.map(|storage| task(symbols, *storage)).collect(),
            statics: statics.map(|address| variable(symbols, *address)).collect(),
        }
    }
}

/// Reads symbols from the few parts of a file that hold them, if it belongs to the build that was
/// traced; firmware without a build id takes any file.
pub(crate) fn symbols(file: &dyn File, build_id: &str) -> Result<Symbols, ElfProblem> {
    let not_usable = |error| ElfProblem::NotUsable(format!("{error}"));
    let mut reader = ElfReader::new(file.size());
    let mut checked = false;
    while let Some(range) = reader.needs() {
        if !checked && reader.is_build_id_known() {
            check(&reader, build_id)?;
            checked = true;
        }
        let bytes = file.read(range).ok_or(ElfProblem::Unreadable)?;
        reader.provide(&bytes).map_err(not_usable)?;
    }
    if !checked {
        check(&reader, build_id)?;
    }
    reader.finish().map_err(not_usable)
}

/// Compares the build ids before the large parts are read.
fn check(reader: &ElfReader, traced: &str) -> Result<(), ElfProblem> {
    let traced = traced.to_owned();
    match reader.build_id().map(ToString::to_string) {
        _ if traced.is_empty() => Ok(()),
        Some(file) if file == traced => Ok(()),
        Some(file) => Err(ElfProblem::OtherBuild { file, traced }),
        None => Err(ElfProblem::NoBuildId { traced }),
    }
}

/// Names a task by its storage. In a pool of several it has a number, from 0; where nothing tells how many
/// those are, it says how many bytes behind the first it is.
fn task(symbols: &Symbols, storage: u64) -> Option<String> {
    let task = symbols.task_at(storage)?;
    Some(match (task.index, task.offset) {
        (Some(index), _) => format!("{}[{index}]", task.name),
        (None, 0) => task.name,
        (None, offset) => format!("{} +{offset}", task.name),
    })
}

/// Names the static around an address, and says how many bytes behind its start that is.
fn variable(symbols: &Symbols, address: u64) -> Option<(String, u64)> {
    let found = symbols.static_at(address)?;
    Some((found.name, found.offset))
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    static A_VARIABLE_OF_THIS_TEST: [u8; 64] = [23; 64];

    /// A file in memory, and how many bytes of it were read.
    struct Bytes {
        bytes: Vec<u8>,
        read: Cell<u64>,
    }

    impl File for Bytes {
        fn size(&self) -> u64 {
            self.bytes.len() as u64
        }

        fn read(&self, range: Range<u64>) -> Option<Vec<u8>> {
            self.read.set(self.read.get() + (range.end - range.start));
            Some(self.bytes[range.start as usize..range.end as usize].to_vec())
        }
    }

    /// A file that was moved since it was chosen.
    struct Moved;

    impl File for Moved {
        fn size(&self) -> u64 {
            4096
        }

        fn read(&self, _: Range<u64>) -> Option<Vec<u8>> {
            None
        }
    }

    fn in_memory(bytes: Vec<u8>) -> Bytes {
        let read = Cell::new(0);
        Bytes { bytes, read }
    }

    /// This test itself, which is an ELF.
    fn own() -> Bytes {
        let path = std::env::current_exe().expect("it has a path");
        in_memory(std::fs::read(path).expect("it can be read"))
    }

    fn open(file: &Bytes, build_id: &str) -> Result<Opened, ElfProblem> {
        Lookup::default().open(Some(file), build_id)
    }

    #[test]
    fn an_elf_is_taken_by_its_own_build_and_by_firmware_without_a_build_id() {
        let own = own();
        let opened = open(&own, "").expect("it is an ELF");
        assert!(opened.has_lines && !opened.build_id.is_empty());
        assert_eq!(open(&own, &opened.build_id), Ok(opened.clone()));
        let refusal = ElfProblem::OtherBuild {
            file: opened.build_id,
            traced: "aa11".to_owned(),
        };
        assert_eq!(open(&own, "aa11"), Err(refusal));
    }

    #[test]
    fn a_file_of_another_build_is_refused_before_its_large_parts_are_read() {
        let own = own();
        let refusal = open(&own, "aa11");
        assert!(matches!(refusal, Err(ElfProblem::OtherBuild { .. })));
        let refused_after = own.read.take();
        open(&own, "").expect("it is an ELF");
        assert!(refused_after < own.read.get() / 10, "{refused_after} bytes");
    }

    #[test]
    fn what_is_no_elf_or_can_t_be_read_is_refused_with_a_reason() {
        let text = open(&in_memory(b"no program at all".to_vec()), "");
        let Err(ElfProblem::NotUsable(reason)) = text else {
            panic!("it was taken");
        };
        assert!(reason.contains("not an ELF"), "{reason}");
        for file in [None, Some(&Moved as &dyn File)] {
            let refusal = Lookup::default().open(file, "");
            assert_eq!(refusal, Err(ElfProblem::Unreadable));
        }
    }

    #[test]
    fn names_come_in_the_order_of_the_addresses_and_without_an_elf_there_are_none() {
        let wanted = Wanted {
            addresses: vec![1, 0],
            tasks: vec![1],
            statics: vec![1],
        };
        let mut lookup = Lookup::default();
        let names = Question::Names(wanted);
        assert_eq!(lookup.answer(&names, None), Answer::Names(Found::default()));
        lookup.open(Some(&own()), "").expect("it is an ELF");
        let Answer::Names(found) = lookup.answer(&names, None) else {
            panic!("it answers another question");
        };
        let addresses = found.frames.iter().map(|frames| frames[0].address);
        assert!(addresses.eq([1, 0]));
        assert_eq!(found.tasks, [None]);
        assert_eq!(found.statics, [None]);
    }

    #[test]
    fn a_symbol_file_is_what_the_command_line_writes_too() {
        let elf = own().bytes;
        let mut lookup = Lookup::default();
        let pack = |lookup: &mut Lookup| lookup.answer(&Question::Pack, None);
        assert_eq!(pack(&mut lookup), Answer::Packed(Vec::new()));
        let opened = lookup.open(Some(&in_memory(elf.clone())), "");
        let written = Symbols::parse(&elf).expect("it is an ELF").pack();
        assert!(pack(&mut lookup) == Answer::Packed(written.clone()));
        // It is taken in place of the ELF, and tells as much.
        assert_eq!(lookup.open(Some(&in_memory(written)), ""), opened);
    }

    #[test]
    fn a_variable_is_named_with_the_distance_from_its_start() {
        let path = std::env::current_exe().expect("it has a path");
        let own = std::fs::read(path).expect("it can be read");
        let symbols = Symbols::parse(&own).expect("it is an ELF");
        // Where the ELF has it, wherever it was loaded.
        let name = b"A_VARIABLE_OF_THIS_TEST";
        assert!(
            A_VARIABLE_OF_THIS_TEST
                .iter()
                .all(|byte| *byte == name.len() as u8)
        );
        let found = (0..own.len() as u64 * 2).step_by(16);
        let mut found = found.filter_map(|address| variable(&symbols, address));
        let (path, offset) = found
            .find(|(path, offset)| path.ends_with("A_VARIABLE_OF_THIS_TEST") && *offset >= 16)
            .expect("the ELF names it");
        assert!(
            path.starts_with("heapbeacon_worker::lookup::tests"),
            "{path}"
        );
        assert!((16..64).contains(&offset));
    }
}

//! Changes the sections of a program, as tools do that compress, strip or renumber.

use std::ops::Range;

/// An ELF file in the making: sections are added behind what was there.
pub(crate) struct Edited {
    bytes: Vec<u8>,
    pub(crate) sections: Vec<Header>,
    names: usize,
    is_64: bool,
}

/// A section's header.
#[derive(Clone, Debug, Default)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) kind: u32,
    pub(crate) flags: u64,
    pub(crate) address: u64,
    pub(crate) offset: u64,
    pub(crate) size: u64,
    pub(crate) link: u32,
    pub(crate) info: u32,
    pub(crate) align: u64,
    pub(crate) entry_size: u64,
}

pub(crate) const SHF_COMPRESSED: u64 = 1 << 11;

impl Edited {
    /// Reads the sections of a program with little-endian headers.
    pub(crate) fn new(elf: &[u8]) -> Self {
        let is_64 = elf[4] == 2;
        let mut edited = Self {
            bytes: elf.to_vec(),
            sections: Vec::new(),
            names: 0,
            is_64,
        };
        let (table, count, names) = match is_64 {
            true => (edited.number(0x28, 8), 0x3C, 0x3E),
            false => (edited.number(0x20, 4), 0x30, 0x32),
        };
        let entry = if is_64 { 64 } else { 40 };
        let count = edited.number(count, 2);
        edited.names = edited.number(names, 2) as usize;
        let headers = (0..count).map(|index| edited.header((table + index * entry) as usize));
        edited.sections = headers.collect();
        let names = edited.sections[edited.names].clone();
        let names = edited.content(&names).to_vec();
        for section in &mut edited.sections {
            let start = section.name.parse::<usize>().expect("an offset");
            let name = names[start..].split(|byte| *byte == 0).next();
            section.name = String::from_utf8_lossy(name.expect("a name")).into_owned();
        }
        edited
    }

    fn number(&self, at: usize, len: usize) -> u64 {
        let bytes = self.bytes[at..at + len].iter().rev();
        bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// Reads a header; the name is the offset of its name, in digits.
    fn header(&self, at: usize) -> Header {
        let long = if self.is_64 { 8 } else { 4 };
        let mut next = at;
        let mut number = |len: usize| {
            next += len;
            self.number(next - len, len)
        };
        Header {
            name: number(4).to_string(),
            kind: number(4) as u32,
            flags: number(long),
            address: number(long),
            offset: number(long),
            size: number(long),
            link: number(4) as u32,
            info: number(4) as u32,
            align: number(long),
            entry_size: number(long),
        }
    }

    pub(crate) fn content(&self, section: &Header) -> &[u8] {
        let range: Range<u64> = section.offset..section.offset + section.size;
        &self.bytes[range.start as usize..range.end as usize]
    }

    pub(crate) fn index(&self, name: &str) -> usize {
        let found = self
            .sections
            .iter()
            .position(|section| section.name == name);
        found.unwrap_or_else(|| panic!("there is a section {name}"))
    }

    pub(crate) fn content_of(&self, name: &str) -> &[u8] {
        self.content(&self.sections[self.index(name)])
    }

    /// Gives a section other content.
    pub(crate) fn set_content(&mut self, index: usize, content: &[u8]) {
        self.sections[index].offset = self.bytes.len() as u64;
        self.sections[index].size = content.len() as u64;
        self.bytes.extend(content);
    }

    pub(crate) fn add(&mut self, header: Header, content: &[u8]) {
        self.sections.push(header);
        self.set_content(self.sections.len() - 1, content);
    }

    pub(crate) fn remove(&mut self, names: &[&str]) {
        for section in &mut self.sections {
            if names.contains(&section.name.as_str()) {
                *section = Header {
                    name: "removed".to_owned(),
                    ..Header::default()
                };
            }
        }
    }

    /// Writes the header of a compressed section of this class.
    pub(crate) fn compression_header(&self, method: u32, size: u64) -> Vec<u8> {
        let mut header = method.to_le_bytes().to_vec();
        match self.is_64 {
            true => {
                header.extend([0; 4]);
                header.extend(size.to_le_bytes());
                header.extend(1_u64.to_le_bytes());
            }
            false => {
                header.extend((size as u32).to_le_bytes());
                header.extend(1_u32.to_le_bytes());
            }
        }
        header
    }

    /// Writes the file, with the numbers of its sections where they belong.
    pub(crate) fn file(self) -> Vec<u8> {
        self.written(false)
    }

    /// Writes the file as if its sections were more than the header has room for.
    pub(crate) fn file_with_extended_numbering(self) -> Vec<u8> {
        self.written(true)
    }

    fn written(mut self, is_extended: bool) -> Vec<u8> {
        let mut names = vec![0];
        for section in &mut self.sections {
            let start = names.len();
            names.extend(section.name.as_bytes());
            names.push(0);
            section.name = start.to_string();
        }
        self.set_content(self.names, &names);
        let count = self.sections.len();
        if is_extended {
            self.sections[0].size = count as u64;
            self.sections[0].link = self.names as u32;
        }
        let table = self.bytes.len() as u64;
        for section in std::mem::take(&mut self.sections) {
            self.write_header(&section);
        }
        let (count, names) = match is_extended {
            true => (0, 0xFFFF),
            false => (count as u16, self.names as u16),
        };
        let (at, count_at, names_at) = if self.is_64 {
            (0x28, 0x3C, 0x3E)
        } else {
            (0x20, 0x30, 0x32)
        };
        let long = if self.is_64 { 8 } else { 4 };
        self.bytes[at..at + long].copy_from_slice(&table.to_le_bytes()[..long]);
        self.bytes[count_at..count_at + 2].copy_from_slice(&count.to_le_bytes());
        self.bytes[names_at..names_at + 2].copy_from_slice(&names.to_le_bytes());
        self.bytes
    }

    fn write_header(&mut self, header: &Header) {
        let long = if self.is_64 { 8 } else { 4 };
        let name = header.name.parse::<u64>().expect("an offset");
        for (number, len) in [
            (name, 4),
            (header.kind.into(), 4),
            (header.flags, long),
            (header.address, long),
            (header.offset, long),
            (header.size, long),
            (header.link.into(), 4),
            (header.info.into(), 4),
            (header.align, long),
            (header.entry_size, long),
        ] {
            self.bytes.extend(&number.to_le_bytes()[..len]);
        }
    }
}

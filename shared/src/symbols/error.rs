use alloc::string::String;
use core::error::Error;
use core::fmt;

/// Why no symbols could be read from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElfError {
    /// The file is of another kind.
    NotElf(Lookalike),
    /// The file ends before something that its headers point to.
    Truncated {
        /// The length in bytes that the headers call for.
        needed: u64,
        /// The length in bytes that was there.
        len: u64,
    },
    /// The class byte is neither 32 nor 64 bit.
    UnknownClass(u8),
    /// The data byte is not little endian.
    UnsupportedByteOrder(u8),
    /// The file is an object file or a core dump, with the given `e_type`.
    NotAProgram(u16),
    /// A header contradicts itself.
    Damaged(&'static str),
    /// A section of debug information is compressed.
    Compressed {
        /// The name of the section.
        section: String,
    },
    /// The file has neither function symbols nor debug information.
    NoSymbols,
    /// The debug information breaks the rules of DWARF.
    DebugInfo(gimli::Error),
}

impl fmt::Display for ElfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotElf(kind) => write!(f, "this is {kind}, not an ELF file; {}", kind.advice()),
            Self::Truncated { needed, len } => write!(
                f,
                "the ELF file is cut off: its headers call for {needed} bytes and {len} are here; \
                 copy it again"
            ),
            Self::UnknownClass(class) => write!(
                f,
                "the ELF file is of class {class}, neither 32 nor 64 bit; copy it again"
            ),
            Self::UnsupportedByteOrder(order) => write!(
                f,
                "the ELF file has byte order {order}, and only little endian (1) is supported; \
                 choose the ELF of the firmware that runs on the device"
            ),
            Self::NotAProgram(kind) => write!(
                f,
                "the ELF file is of type {kind}, an object file or a core dump; choose the linked \
                 program, e.g. target/<target>/release/<name>"
            ),
            Self::Damaged(what) => write!(f, "the ELF file is damaged: {what}; copy it again"),
            Self::Compressed { section } => write!(
                f,
                "section {section} is compressed, which is not supported; undo it with \
                 `objcopy --decompress-debug-sections`"
            ),
            Self::NoSymbols => f.write_str(
                "the ELF file has neither symbols nor debug information; build with \
                 `debug = \"limited\"` and without `strip`",
            ),
            // What exactly is the source's to say: its words are many, and help nobody on a page.
            Self::DebugInfo(_) => f.write_str(
                "the debug information of the ELF file is damaged; build or copy it again",
            ),
        }
    }
}

impl Error for ElfError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::DebugInfo(error) => Some(error),
            _ => None,
        }
    }
}

/// What a file that is no ELF file looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookalike {
    /// Nothing at all.
    Empty,
    /// What `espflash` and `esptool` write to the device: no symbols in it.
    EspImage,
    /// A gzip stream.
    Gzip,
    /// A ZIP archive.
    Zip,
    /// A static library.
    Library,
    /// A program for Windows.
    WindowsProgram,
    /// A program for macOS.
    MacProgram,
    /// Text, perhaps Intel HEX or a linker map.
    Text,
    /// Something else.
    Unknown,
}

/// First bytes of other kinds of files. The 0xE9 is `ESP_IMAGE_HEADER_MAGIC` of ESP-IDF's
/// `esp_app_format.h`; it stands last because one byte says little.
const MAGICS: [(&[u8], Lookalike); 6] = [
    (&[0x1F, 0x8B], Lookalike::Gzip),
    (b"PK\x03\x04", Lookalike::Zip),
    (b"!<arch>\n", Lookalike::Library),
    (b"MZ", Lookalike::WindowsProgram),
    (&[0xCF, 0xFA, 0xED, 0xFE], Lookalike::MacProgram),
    (&[0xE9], Lookalike::EspImage),
];

impl Lookalike {
    /// Guesses the kind of a file from its first bytes.
    pub(super) fn of(head: &[u8]) -> Self {
        if head.is_empty() {
            return Self::Empty;
        }
        let known = MAGICS.iter().find(|(magic, _)| head.starts_with(magic));
        match known {
            Some((_, kind)) => *kind,
            None if head
                .iter()
                .all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) =>
            {
                Self::Text
            }
            None => Self::Unknown,
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Gzip | Self::Zip => "unpack it first",
            Self::EspImage => {
                "choose the ELF that it was made from, e.g. target/<target>/release/<name>"
            }
            _ => "choose the linked program, e.g. target/<target>/release/<name>",
        }
    }
}

impl fmt::Display for Lookalike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "an empty file",
            Self::EspImage => "an ESP flash image",
            Self::Gzip => "a gzip file",
            Self::Zip => "a ZIP archive",
            Self::Library => "a static library",
            Self::WindowsProgram => "a Windows program",
            Self::MacProgram => "a macOS program",
            Self::Text => "a text file",
            Self::Unknown => "a file of an unknown kind",
        })
    }
}

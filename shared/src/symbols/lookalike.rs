use core::fmt;

/// What a file that is no ELF file looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookalike {
    /// Nothing at all.
    Empty,
    /// What `espflash` and `esptool` write to the device: no symbols in it.
    EspImage,
    /// A UF2 file, as bootloaders on USB take it.
    Uf2,
    /// Intel HEX.
    IntelHex,
    /// Motorola S-records.
    SRecords,
    /// A file in one of the formats that only compress.
    Compressed(&'static str),
    /// A file that holds other files.
    Archive(&'static str),
    /// A static library.
    Library,
    /// A program for Windows.
    WindowsProgram,
    /// Debug information of a program for Windows.
    WindowsSymbols,
    /// A program for macOS.
    MacProgram,
    /// A WebAssembly module.
    WebAssembly,
    /// What the compiler hands to the linker for link-time optimisation.
    Bitcode,
    /// An HTML page, for example a server's answer that there is no such file.
    Html,
    /// Text, perhaps a linker map.
    Text,
    /// Something else.
    Unknown,
}

/// First bytes of other kinds of files. The 0xE9 is `ESP_IMAGE_HEADER_MAGIC` of ESP-IDF's
/// `esp_app_format.h`; it stands last because one byte says little.
const MAGICS: [(&[u8], Lookalike); 23] = [
    (&[0x1F, 0x8B], Lookalike::Compressed("gzip")),
    (b"\xFD7zXZ\0", Lookalike::Compressed("xz")),
    (&[0x28, 0xB5, 0x2F, 0xFD], Lookalike::Compressed("zstd")),
    (b"BZh", Lookalike::Compressed("bzip2")),
    (b"PK\x03\x04", Lookalike::Archive("ZIP")),
    (b"7z\xBC\xAF\x27\x1C", Lookalike::Archive("7z")),
    (b"!<arch>\n", Lookalike::Library),
    (b"!<thin>\n", Lookalike::Library),
    (b"UF2\n", Lookalike::Uf2),
    (b"MZ", Lookalike::WindowsProgram),
    (b"Microsoft C/C++ MSF", Lookalike::WindowsSymbols),
    // Mach-O of 32 and 64 bit in either byte order, then universal files.
    (&[0xCE, 0xFA, 0xED, 0xFE], Lookalike::MacProgram),
    (&[0xCF, 0xFA, 0xED, 0xFE], Lookalike::MacProgram),
    (&[0xFE, 0xED, 0xFA, 0xCE], Lookalike::MacProgram),
    (&[0xFE, 0xED, 0xFA, 0xCF], Lookalike::MacProgram),
    (&[0xCA, 0xFE, 0xBA, 0xBE], Lookalike::MacProgram),
    (&[0xCA, 0xFE, 0xBA, 0xBF], Lookalike::MacProgram),
    (b"\0asm", Lookalike::WebAssembly),
    (b"BC\xC0\xDE", Lookalike::Bitcode),
    (b"<!DOCTYPE", Lookalike::Html),
    (b"<!doctype", Lookalike::Html),
    (b"<html", Lookalike::Html),
    (&[0xE9], Lookalike::EspImage),
];

/// Bytes in front of the image where ESP32 and ESP32-S2 have their bootloader: erased flash.
const ERASED: [u8; 16] = [0xFF; 16];

impl Lookalike {
    /// Guesses the kind of a file from its first bytes.
    pub(super) fn of(head: &[u8]) -> Self {
        if head.is_empty() {
            return Self::Empty;
        }
        if let Some((_, kind)) = MAGICS.iter().find(|(magic, _)| head.starts_with(magic)) {
            return *kind;
        }
        if head.starts_with(&ERASED) {
            return Self::EspImage;
        }
        if is_records(head, b":", 11) {
            return Self::IntelHex;
        }
        if [b"S0", b"S1", b"S2", b"S3"]
            .iter()
            .any(|start| is_records(head, *start, 10))
        {
            return Self::SRecords;
        }
        match is_text(head) {
            true => Self::Text,
            false => Self::Unknown,
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Compressed(_) | Self::Archive(_) => "unpack it first",
            Self::EspImage | Self::Uf2 | Self::IntelHex | Self::SRecords => {
                "choose the ELF that it was made from, e.g. target/<target>/release/<name>"
            }
            _ => "choose the linked program, e.g. target/<target>/release/<name>",
        }
    }

    pub(super) fn fmt_with_advice(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is {self}, not an ELF file; {}", self.advice())
    }
}

/// Returns whether a file begins with a record in hexadecimal digits, of `len` characters at least.
fn is_records(head: &[u8], start: &[u8], len: usize) -> bool {
    let Some(record) = head.strip_prefix(start) else {
        return false;
    };
    let digits = record.iter().take_while(|byte| byte.is_ascii_hexdigit());
    let digits = digits.count();
    let ends = matches!(record.get(digits), None | Some(b'\r' | b'\n'));
    ends && start.len() + digits >= len
}

/// Returns whether the first bytes of a file are text; the last character may be cut off.
fn is_text(head: &[u8]) -> bool {
    let whole = match str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !whole.is_empty() && !whole.chars().any(|c| c.is_control() && !c.is_whitespace())
}

impl fmt::Display for Lookalike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Compressed(format) => return write!(f, "a {format} file"),
            Self::Archive(format) => return write!(f, "a {format} archive"),
            Self::Empty => "an empty file",
            Self::EspImage => "an ESP flash image",
            Self::Uf2 => "a UF2 file",
            Self::IntelHex => "an Intel HEX file",
            Self::SRecords => "a file of Motorola S-records",
            Self::Library => "a static library",
            Self::WindowsProgram => "a Windows program",
            Self::WindowsSymbols => "a PDB file of Windows",
            Self::MacProgram => "a macOS program",
            Self::WebAssembly => "a WebAssembly module",
            Self::Bitcode => "LLVM bitcode",
            Self::Html => "an HTML page",
            Self::Text => "a text file",
            Self::Unknown => "a file of an unknown kind",
        })
    }
}

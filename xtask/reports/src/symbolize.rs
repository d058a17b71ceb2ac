//! `cargo xtask symbolize`: names and source lines below each line that has addresses in it.

use std::fs;
use std::io::{BufRead, Write};
use std::path::Path;

use anyhow::{Context, Result};
use heapbeacon_shared::symbols::{Frame, Symbols, short_file, short_name};

/// Copies text, and writes below each line what its addresses are: a line for each function, innermost first.
///
/// Any text will do: an answer of the API, a dump, the console's own log. Addresses are taken for return addresses, as those
/// of call stacks are; what is no code of the program is copied, and nothing said of it.
///
/// # Errors
/// When the file has no symbols that can be read, and when the text can't be read or written.
pub(crate) fn print(elf: &Path, text: impl BufRead, out: &mut impl Write) -> Result<()> {
    let bytes = fs::read(elf).with_context(|| format!("{} can't be read", elf.display()))?;
    let symbols =
        Symbols::parse(&bytes).with_context(|| format!("{} names no addresses", elf.display()))?;
    for line in text.split(b'\n') {
        // Consoles mix bytes of a booting chip with text.
        let line = line.context("the text can't be read")?;
        let line = String::from_utf8_lossy(&line);
        writeln!(out, "{line}")?;
        for address in addresses(&line) {
            for frame in symbols.frames_of_return(address) {
                if let Some(words) = words(&frame) {
                    writeln!(out, "    {address:#x} {words}")?;
                }
            }
        }
    }
    Ok(())
}

/// Returns what is known of a function, if anything is.
fn words(frame: &Frame) -> Option<String> {
    let name = short_name(frame.function.as_deref()?);
    let file = frame.file.as_deref();
    let at = file.map(|file| format!(" at {}", short_file(file, frame.line)));
    let inlined = if frame.inlined { " (inlined)" } else { "" };
    Some(name + &at.unwrap_or_default() + inlined)
}

/// Returns the hexadecimal numbers of a line, each behind a `0x`.
fn addresses(line: &str) -> impl Iterator<Item = u64> {
    line.split("0x").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_hexdigit());
        u64::from_str_radix(&rest[..end.unwrap_or(rest.len())], 16).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_wherever_they_stand() {
        let found = |line| addresses(line).collect::<Vec<_>>();
        assert_eq!(
            found("caller 0x42001234:0x42005678"),
            [0x4200_1234, 0x4200_5678]
        );
        assert_eq!(found(r#"["0x2a","0xB"],"size":12"#), [0x2a, 0xb]);
        assert_eq!(found("0x, 0xyz, 0x11112222333344445, x"), [0; 0]);
    }
}

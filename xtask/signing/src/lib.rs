//! Makes the keys that updates of firmware are signed with, and signs them: `cargo xtask keygen` and `cargo xtask sign`.

#![forbid(unsafe_code)]

mod elf;
mod image;
mod key;
mod sign;

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};
use lexopt::{Arg, Parser, ValueExt};

use sign::Order;

/// Does what arguments ask for: `keygen FILE`, or `sign IMAGE --key FILE` and more; returns what is said of it.
///
/// # Errors
/// When they are wrong, or a file can't be read or written.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<String> {
    let mut parser = Parser::from_args(arguments);
    let command = match parser.next()? {
        Some(Arg::Value(command)) => command.string()?,
        _ => bail!("name a command: keygen or sign"),
    };
    match command.as_str() {
        "keygen" => key::generate(&only_path(parser)?),
        "sign" => sign::sign(&order(parser)?),
        _ => bail!("`{command}` is neither keygen nor sign"),
    }
}

fn only_path(mut parser: Parser) -> Result<PathBuf> {
    let Some(Arg::Value(path)) = parser.next()? else {
        bail!(
            "keygen takes the file that the private key is written to, outside of any repository"
        );
    };
    match parser.next()? {
        None => Ok(path.into()),
        Some(extra) => Err(extra.unexpected().into()),
    }
}

fn order(mut parser: Parser) -> Result<Order> {
    let mut order = Order::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(image) if order.image.as_os_str().is_empty() => order.image = image.into(),
            Arg::Long("key") => order.key = parser.value()?.into(),
            Arg::Long("chip") => order.chip = Some(parser.value()?.string()?),
            Arg::Long("firmware") => order.firmware = Some(parser.value()?.string()?),
            Arg::Long("version") => order.version = Some(parser.value()?.string()?),
            Arg::Long("build-id") => order.build_id = Some(parser.value()?.string()?),
            Arg::Short('o') | Arg::Long("out") => order.out = Some(parser.value()?.into()),
            _ => return Err(arg.unexpected().into()),
        }
    }
    if order.image.as_os_str().is_empty() || order.key.as_os_str().is_empty() {
        bail!("sign takes an image and, after --key, the file of the private key");
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> String {
        let result = run(line.split_whitespace().map(OsString::from));
        format!("{:#}", result.expect_err("it lacks something"))
    }

    #[test]
    fn what_is_missing_or_too_much_is_said() {
        for (line, words) in [
            ("", "keygen or sign"),
            ("verify", "neither keygen nor sign"),
            ("keygen", "the file"),
            ("keygen a b", "b"),
            ("sign", "an image"),
            ("sign a.bin", "--key"),
            ("sign --key k", "an image"),
            ("sign a.bin b.bin --key k", "b.bin"),
            ("sign a.bin --key k --nonsense", "nonsense"),
        ] {
            assert!(said(line).contains(words), "{line}: {}", said(line));
        }
    }
}

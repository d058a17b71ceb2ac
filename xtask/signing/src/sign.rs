//! The header before an image, and its signature.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use ed25519_dalek::Signer;
use heapbeacon_shared::trace::{BuildId, Name};
use heapbeacon_shared::update::{HEADER_BYTES, Header};
use sha2::{Digest, Sha256};

use crate::image::{self, Facts};
use crate::{elf, key};

/// What is signed, by whom, and what is said of it where the image does not say so itself.
#[derive(Debug, Default)]
pub(crate) struct Order {
    pub(crate) image: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) chip: Option<String>,
    pub(crate) firmware: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) build_id: Option<String>,
    pub(crate) out: Option<PathBuf>,
}

/// Writes an image with a signed header before it; returns what is said of it.
///
/// # Errors
/// When a file can't be read or written, or something is not known that the header has to say.
pub(crate) fn sign(order: &Order) -> Result<String> {
    let name = order.image.display();
    let mut image = fs::read(&order.image).with_context(|| format!("can't read {name}"))?;
    if elf::is_one(&image) {
        // The bootloader of every ESP32 wants an image of its own.
        if order
            .chip
            .as_deref()
            .is_none_or(|chip| chip.starts_with("esp32"))
        {
            bail!(
                "{name} is an ELF: sign what `espflash save-image` makes of it, or `cargo xtask image` beside its image"
            );
        }
        elf::strip(&mut image).with_context(|| format!("{name} can't be stripped"))?;
    }
    let key = key::read(&order.key)?;
    let header = header(order, &image)?;
    let signed = header.encode();
    let signature = key.sign(&signed).to_bytes();
    let out = order
        .out
        .clone()
        .unwrap_or_else(|| order.image.with_added_extension("signed"));
    let bytes = [&signed[..], &signature, &image].concat();
    fs::write(&out, &bytes).with_context(|| format!("can't write {}", out.display()))?;
    Ok(format!(
        "{}: {} {} for {}, {} bytes, build id {}, signed for {}\n",
        out.display(),
        header.firmware,
        header.version,
        header.chip,
        image.len(),
        match header.build_id.is_empty() {
            true => "none".to_owned(),
            false => header.build_id.to_string(),
        },
        key::public_of(&key),
    ))
}

fn header(order: &Order, image: &[u8]) -> Result<Header> {
    let Ok(size) = u32::try_from(image.len() + HEADER_BYTES) else {
        bail!("the image is larger than any flash");
    };
    let Facts {
        chip,
        firmware,
        version,
        build_id,
    } = image::facts(image);
    let build_id = match &order.build_id {
        Some(digits) => Some(bytes_of(digits)?),
        None => build_id,
    };
    let header = Header {
        size: size - HEADER_BYTES as u32,
        sha256: Sha256::digest(image).into(),
        chip: word("chip", &order.chip, chip, 16)?,
        firmware: word("firmware", &order.firmware, firmware, 32)?,
        version: word("version", &order.version, version, 32)?,
        build_id: BuildId::new(&build_id.unwrap_or_default()),
    };
    // What a device would not read is not signed.
    let mut bytes = [0; HEADER_BYTES];
    bytes[..header.encode().len()].copy_from_slice(&header.encode());
    match Header::decode(&bytes) {
        Ok(read) if read == header => Ok(header),
        _ => bail!("chip, firmware and version are text without control characters"),
    }
}

/// Returns what the header says: what the command line says, or else the image.
fn word(option: &str, told: &Option<String>, known: Option<String>, most: usize) -> Result<Name> {
    let Some(word) = told.clone().or(known) else {
        bail!("the image does not say its {option}: add --{option}");
    };
    if word.is_empty() || word.len() > most {
        bail!("--{option} has 1 to {most} bytes, not `{word}`");
    }
    Ok(heapbeacon_shared::trace::name(&word))
}

/// Reads up to 32 bytes in hexadecimal.
fn bytes_of(digits: &str) -> Result<Vec<u8>> {
    let is_hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !is_hexadecimal || !digits.len().is_multiple_of(2) || digits.len() > 64 {
        bail!("--build-id takes up to 64 hexadecimal digits, as `readelf -n` prints them");
    }
    let pairs = (0..digits.len()).step_by(2);
    let bytes = pairs.map(|at| u8::from_str_radix(&digits[at..at + 2], 16));
    Ok(bytes.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signature, VerifyingKey};
    use heapbeacon_shared::update::SIGNED_BYTES;

    use super::*;
    use crate::image::tests::image;

    /// Returns an order for an image, with a new key.
    fn order_for(image: &[u8]) -> (tempfile::TempDir, Order) {
        let folder = tempfile::tempdir().expect("there is room");
        let order = Order {
            image: folder.path().join("app.bin"),
            key: folder.path().join("key.pem"),
            ..Order::default()
        };
        key::generate(&order.key).expect("there is room");
        fs::write(&order.image, image).expect("there is room");
        (folder, order)
    }

    #[test]
    fn an_image_of_an_esp32_needs_nothing_but_a_key() {
        let (folder, order) = order_for(&image());
        let said = sign(&order).expect("it says all of it");
        assert!(
            said.contains("logger 1.4.2 for esp32c3, 512 bytes"),
            "{said}"
        );
        let bytes = fs::read(folder.path().join("app.bin.signed")).expect("it is there");
        let (head, rest) = bytes
            .split_first_chunk::<HEADER_BYTES>()
            .expect("it is long");
        assert_eq!(rest, image());
        let header = Header::decode(head).expect("it is a header");
        assert_eq!(
            (header.size, header.build_id.as_bytes()),
            (512, &[0xAB; 20][..])
        );
        assert_eq!(header.sha256[..], Sha256::digest(image())[..]);
        let key = key::read(&order.key).expect("it is there").verifying_key();
        let key = VerifyingKey::from_bytes(&key.to_bytes()).expect("it is one");
        let signature: [u8; 64] = head[SIGNED_BYTES..].try_into().expect("64 bytes");
        let signature = Signature::from_bytes(&signature);
        assert!(key.verify_strict(&head[..SIGNED_BYTES], &signature).is_ok());
    }

    #[test]
    fn what_the_command_line_says_counts_more() {
        let (folder, order) = order_for(b"no image of an ESP32");
        let out = folder.path().join("out");
        let order = Order {
            chip: Some("x86_64".to_owned()),
            firmware: Some("agent".to_owned()),
            version: Some("2.0.0".to_owned()),
            build_id: Some("00ff".to_owned()),
            out: Some(out.clone()),
            ..order
        };
        sign(&order).expect("it says all of it");
        let bytes = fs::read(out).expect("it is there");
        let head = bytes.first_chunk::<HEADER_BYTES>().expect("it is long");
        let header = Header::decode(head).expect("it is a header");
        assert_eq!((&*header.chip, &*header.version), ("x86_64", "2.0.0"));
        assert_eq!(header.build_id.as_bytes(), [0, 0xFF]);
    }

    #[test]
    fn what_a_device_would_refuse_is_not_signed() {
        let (_folder, order) = order_for(b"no image of an ESP32");
        let error = |order: &Order| format!("{:#}", sign(order).expect_err("it is wrong"));
        assert!(error(&order).contains("add --chip"));
        let told = |chip: &str, version: &str, build_id: &str| Order {
            image: order.image.clone(),
            key: order.key.clone(),
            chip: Some(chip.to_owned()),
            firmware: Some("agent".to_owned()),
            version: Some(version.to_owned()),
            build_id: Some(build_id.to_owned()),
            out: None,
        };
        assert!(error(&told("a chip with a long name", "1", "")).contains("1 to 16 bytes"));
        assert!(error(&told("x", "", "")).contains("1 to 32 bytes"));
        assert!(error(&told("x", "1\n", "")).contains("control characters"));
        for wrong in ["f", "+f", &"ff".repeat(33)] {
            assert!(error(&told("x", "1", wrong)).contains("hexadecimal digits"));
        }
        let (_folder, elf) = order_for(b"\x7fELF and more");
        assert!(error(&elf).contains("is an ELF"));
        let elf = |chip: &str| Order {
            chip: Some(chip.to_owned()),
            ..told("", "1", "")
        };
        fs::write(&order.image, b"\x7fELF and more").expect("there is room");
        assert!(error(&elf("esp32c6")).contains("is an ELF"));
        assert!(error(&elf("riscv32imac")).contains("can't be stripped"));
        fs::write(&order.image, crate::elf::tests::elf()).expect("there is room");
        let said = sign(&elf("riscv32imac")).expect("it can be stripped");
        assert!(said.contains("for riscv32imac, 92 bytes"), "{said}");
    }
}

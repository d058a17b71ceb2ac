//! Images of QEMU's machine, made of one build: each with a build id and a version of its own, and something that is different about it, signed by a key of the test's own.

use std::ffi::OsString;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use heapbeacon_shared::symbols::{self, BuildId};
use heapbeacon_shared::update::public_key;
use object::{Object, ObjectSegment, ObjectSymbol};
use tempfile::TempDir;

use super::qemu::{AGENT, elf};

/// What is different about an image: see `parameters.rs` of the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    AsBuilt = 0,
    Hang = b'h' as isize,
    Panic = b'p' as isize,
    NoNetwork = b'n' as isize,
    Mended = b'm' as isize,
}

/// Who makes images for a device.
pub(crate) struct Maker {
    folder: TempDir,
    elf: Vec<u8>,
    /// Where the parameters are in the ELF: 32 bytes for the key, and the variant.
    parameters: usize,
}

impl Maker {
    /// Makes one with a new key.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        signing(&["keygen".into(), folder.path().join("key.pem").into()]);
        let key = fs::read_to_string(folder.path().join("key.pem.pub"));
        let key = public_key(key.expect("it is there").trim()).expect("it is one");
        let mut elf = elf(AGENT);
        let parameters = place(&elf, "HEAPBEACON_PARAMETERS").start;
        elf[parameters..][..key.len()].copy_from_slice(&key);
        Self {
            folder,
            elf,
            parameters,
        }
    }

    /// Returns a file in the maker's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the image that a machine comes with, which is of version 0.1.0, as it was built.
    pub(crate) fn factory(&self) -> PathBuf {
        let path = self.path("factory");
        fs::write(&path, &self.elf).expect("there is room");
        path
    }

    /// Signs an image; returns the file that is uploaded, and the image's build id.
    pub(crate) fn sign(&self, version: &str, variant: Variant) -> (PathBuf, String) {
        self.sign_for("riscv32imac", version, variant)
    }

    /// Signs an image for a chip.
    pub(crate) fn sign_for(
        &self,
        chip: &str,
        version: &str,
        variant: Variant,
    ) -> (PathBuf, String) {
        let mut elf = self.elf.clone();
        elf[self.parameters + 32] = variant as u8;
        let build_id = self.change_build_id(&mut elf, version, variant);
        (self.sign_image(chip, version, &elf), build_id)
    }

    /// Signs any bytes; returns the file that is uploaded.
    pub(crate) fn sign_image(&self, chip: &str, version: &str, image: &[u8]) -> PathBuf {
        let path = self.path("image");
        fs::write(&path, image).expect("there is room");
        let mut words: Vec<OsString> = vec!["sign".into(), path.into(), "--key".into()];
        words.push(self.path("key.pem").into());
        for word in ["--chip", chip, "--firmware", AGENT, "--version", version] {
            words.push(word.into());
        }
        signing(&words);
        self.path("image.signed")
    }

    /// Gives an image a build id that no other of this test has.
    fn change_build_id(&self, elf: &mut [u8], version: &str, variant: Variant) -> String {
        let built = build_id(&self.elf);
        let mut found = elf.windows(built.as_bytes().len());
        let at = found.position(|window| window == built.as_bytes());
        let at = at.expect("it is there");
        let seed = version.bytes().map(u32::from).sum::<u32>() << 8 | variant as u32;
        elf[at..at + 4].copy_from_slice(&seed.to_be_bytes());
        build_id(elf).to_string()
    }
}

fn build_id(elf: &[u8]) -> BuildId {
    let build_id = symbols::build_id(elf).expect("it is an ELF");
    build_id.expect("it has a build id")
}

/// Returns the agent's image without the names of its addresses that it may carry itself.
pub(crate) fn without_names() -> Vec<u8> {
    with_names(&[])
}

/// Returns the image as it was built, with a symbol file in the room for one.
pub(crate) fn with_names(names: &[u8]) -> Vec<u8> {
    let mut elf = elf(AGENT);
    let room = place(&elf, "HEAPBEACON_SYMBOLS");
    let room = &mut elf[room];
    room.fill(0xFF);
    room[..names.len()].copy_from_slice(names);
    elf
}

/// Finds a static in an image that may be written into it.
fn place(elf: &[u8], name: &str) -> Range<usize> {
    let file = object::File::parse(elf).expect("it is an ELF");
    let mut symbols = file.symbols();
    let symbol = symbols.find(|symbol| symbol.name().is_ok_and(|known| known.contains(name)));
    let symbol = symbol.expect("the image has it");
    let mut segments = file.segments();
    let found = segments.find_map(|segment| {
        let (offset, bytes) = segment.file_range();
        let inside = symbol.address().checked_sub(segment.address())?;
        (inside < bytes).then_some(offset + inside)
    });
    let at = usize::try_from(found.expect("it is loaded")).expect("it fits");
    at..at + usize::try_from(symbol.size()).expect("it fits")
}

fn signing(words: &[OsString]) {
    let said = heapbeacon_signing::run(words.iter().cloned());
    said.unwrap_or_else(|error| panic!("{error:#}"));
}

/// Uploads a file with curl, as the README tells; returns what curl printed, and whether it was accepted.
pub(crate) fn curl(url: &str, query: &str, file: &Path) -> (bool, String) {
    let url = format!("{url}/api/v1/ota{query}");
    let data = format!("@{}", file.display());
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--fail-with-body", "--data-binary", &data, &url]);
    let output = curl.output().expect("curl starts");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.success(), printed)
}

//! The Web Worker: hands the page's messages to the lookup. `worker.js` starts it.

use core::ops::Range;
use std::cell::RefCell;

use heapbeacon_worker::lookup::{File, Lookup};
use heapbeacon_worker::protocol::{Numbered, decode, encode};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{Blob, FileReaderSync};

thread_local! {
    static LOOKUP: RefCell<Lookup> = RefCell::default();
}

fn main() {
    console_error_panic_hook::set_once();
}

/// Answers a message of the page; nothing if the page is of another version.
#[wasm_bindgen]
pub fn answer(question: &[u8], elf: Option<Blob>) -> Option<Vec<u8>> {
    let Numbered { id, body } = decode(question)?;
    let elf = elf.map(Elf);
    let file = elf.as_ref().map(|elf| elf as &dyn File);
    let body = LOOKUP.with_borrow_mut(|lookup| lookup.answer(&body, file));
    Some(encode(&Numbered { id, body }))
}

/// A file that the page has handed over.
struct Elf(Blob);

impl File for Elf {
    fn size(&self) -> u64 {
        self.0.size() as u64
    }

    fn read(&self, range: Range<u64>) -> Option<Vec<u8>> {
        let part = self
            .0
            .slice_with_f64_and_f64(range.start as f64, range.end as f64);
        let bytes = FileReaderSync::new()
            .ok()?
            .read_as_array_buffer(&part.ok()?);
        Some(Uint8Array::new(&bytes.ok()?.into()).to_vec())
    }
}

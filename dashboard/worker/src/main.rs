//! The Web Worker: hands the page's messages to the lookup and to exports. `worker.js` starts it.

use core::ops::Range;
use std::cell::RefCell;

use heapbeacon_worker::export::{self, Exported, Listener};
use heapbeacon_worker::lookup::{File, Lookup};
use heapbeacon_worker::outlook;
use heapbeacon_worker::protocol::{Numbered, decode, encode};
use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::JsValue;
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
    let elf = elf.map(Handed);
    let file = elf.as_ref().map(|elf| elf as &dyn File);
    let body = LOOKUP.with_borrow_mut(|lookup| lookup.answer(&body, file));
    Some(encode(&Numbered { id, body }))
}

/// Writes a capture in a format, and hands pieces of it to `tell`, or thousandths that are done. Returns what the name of the
/// file ends in, and behind that what the capture lacks, in sentences.
///
/// # Errors
/// A sentence: why there is no document.
#[wasm_bindgen]
pub fn write(
    format: &str,
    capture: Blob,
    names: Option<Blob>,
    tell: Function,
) -> Result<Array, JsValue> {
    let names = names.map(Handed);
    let names = names.as_ref().map(|names| names as &dyn File);
    let Exported { extension, losses } =
        export::export(format, &Handed(capture), names, &mut Page { tell, told: 0 })?;
    let words = [extension.to_owned()].into_iter().chain(losses);
    Ok(words.map(JsValue::from).collect())
}

/// Returns in how many seconds a heap is full, by what was handed out at some times and what is left.
#[wasm_bindgen(js_name = secondsToFull)]
pub fn seconds_to_full(times: &[f64], used: &[f64], free: f64) -> Option<f64> {
    outlook::seconds_to_full(times, used, free)
}

/// Who waits for an export.
struct Page {
    tell: Function,
    told: u32,
}

impl Page {
    fn tell(&self, what: &JsValue) {
        // It only takes what it is told.
        let _ = self.tell.call1(&JsValue::NULL, what);
    }
}

impl Listener for Page {
    fn write(&mut self, piece: &[u8]) {
        self.tell(&Uint8Array::from(piece));
    }

    fn reached(&mut self, permille: u32) {
        if permille >= self.told + 10 {
            self.told = permille;
            self.tell(&permille.into());
        }
    }
}

/// A file that the page has handed over.
struct Handed(Blob);

impl File for Handed {
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

//! The Web Worker that reads an ELF and finds names in it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use futures::channel::oneshot;
use gloo_timers::future::TimeoutFuture;
use heapbeacon_worker::protocol::{
    Answer, Found, Numbered, Opened, Question, Wanted, decode, encode,
};
use js_sys::{Array, Uint8Array};
use leptos::prelude::document;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, ErrorEvent, Event, MessageEvent, Worker};

use crate::device::client::turn;
use crate::device::retry::{Failure, Tries};

/// The script that starts the worker, beside the page.
const SCRIPT: &str = "worker.js";

/// A worker that has an ELF. It ends when nobody holds it any more.
pub struct Lookup {
    worker: Worker,
    calls: Rc<RefCell<Calls>>,
    // The browser calls them for as long as the worker lives.
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

impl Drop for Lookup {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

impl Lookup {
    /// Starts a worker and hands it an ELF, which is not copied. An empty build id takes any.
    ///
    /// # Errors
    /// A sentence: why the ELF is refused, or what has kept the worker from reading it.
    pub(super) async fn open(elf: &Blob, build_id: &str) -> Result<(Self, Opened), String> {
        let lookup = Self::start_patiently().await?;
        let build_id = build_id.to_owned();
        let question = Question::Open { build_id };
        match lookup.ask(question, Some(elf)).await? {
            Answer::Opened(Ok(opened)) => Ok((lookup, opened)),
            Answer::Opened(Err(problem)) => Err(problem.to_string()),
            _ => Err(stopped("it answers another question")),
        }
    }

    /// Finds names.
    ///
    /// # Errors
    /// A sentence: why the worker can't go on.
    pub(super) async fn find(&self, wanted: Wanted) -> Result<Found, String> {
        match self.ask(Question::Names(wanted), None).await? {
            Answer::Names(found) => Ok(found),
            _ => Err(stopped("it answers another question")),
        }
    }

    /// Writes the names of the ELF as a symbol file.
    ///
    /// # Errors
    /// A sentence: why the worker can't go on.
    pub(super) async fn pack(&self) -> Result<Vec<u8>, String> {
        match self.ask(Question::Pack, None).await? {
            Answer::Packed(file) => Ok(file),
            _ => Err(stopped("it answers another question")),
        }
    }

    /// Starts a worker, and again for as long as that may help: a device serves few requests at a time.
    async fn start_patiently() -> Result<Self, String> {
        let mut tries = Tries::default();
        loop {
            let reason = match Self::start().await {
                Ok(lookup) => return Ok(lookup),
                Err(reason) => reason,
            };
            match tries.pause_ms(&Failure::Reset) {
                Some(pause_ms) => TimeoutFuture::new(pause_ms).await,
                None => return Err(reason),
            }
        }
    }

    /// Starts a worker. Its files are asked for one after the other, so that takes one turn.
    async fn start() -> Result<Self, String> {
        let _turn = turn().await;
        let worker = Worker::new(&script()).map_err(|error| stopped(&reason(&error)))?;
        let (calls, started) = Calls::new();
        let calls = Rc::new(RefCell::new(calls));
        let of_message = Rc::clone(&calls);
        let on_message = Closure::<dyn FnMut(_)>::new(move |event: MessageEvent| {
            of_message.borrow_mut().take(event.data());
        });
        let of_error = Rc::clone(&calls);
        let on_error = Closure::<dyn FnMut(_)>::new(move |event: Event| {
            let what = event.dyn_ref().map(ErrorEvent::message);
            let what = what.unwrap_or_else(|| format!("{SCRIPT} did not arrive"));
            of_error.borrow_mut().fail(&what);
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let lookup = Self {
            worker,
            calls,
            _on_message: on_message,
            _on_error: on_error,
        };
        match started.await {
            Ok(()) => Ok(lookup),
            Err(oneshot::Canceled) => Err(lookup.failure()),
        }
    }

    async fn ask(&self, question: Question, elf: Option<&Blob>) -> Result<Answer, String> {
        let (id, answer) = self.calls.borrow_mut().add();
        let body = question;
        let bytes = Uint8Array::from(&encode(&Numbered { id, body })[..]);
        let message = Array::of2(&bytes, &elf.map_or(JsValue::UNDEFINED, JsValue::from));
        if let Err(error) = self.worker.post_message(&message) {
            self.calls.borrow_mut().fail(&reason(&error));
        }
        answer.await.map_err(|oneshot::Canceled| self.failure())
    }

    fn failure(&self) -> String {
        let calls = self.calls.borrow();
        stopped(calls.failure.as_deref().unwrap_or("it gives no reason"))
    }
}

/// Says that the worker can't go on.
fn stopped(reason: &str) -> String {
    format!(
        "What reads ELFs in this page can't go on: {reason}. The device may be busy, or a part of the page did not \
         arrive. Choose the file again."
    )
}

/// Returns the address of the worker's script. Its name is always the same: what stands behind it keeps a browser
/// from using a copy that belongs to another version of the page.
fn script() -> String {
    let program = document().get_element_by_id("program");
    let of_page = program.and_then(|program| program.get_attribute("data-script"));
    let of_page = of_page.unwrap_or_default();
    let version = of_page.rsplit('/').next().unwrap_or_default();
    format!("{SCRIPT}?{version}")
}

fn reason(error: &JsValue) -> String {
    let error = error.dyn_ref::<js_sys::Error>();
    error.map_or_else(
        || "the browser refuses".to_owned(),
        |error| String::from(error.message()),
    )
}

/// The questions that wait for an answer.
struct Calls {
    last_id: u32,
    /// Who waits for the worker to start.
    start: Option<oneshot::Sender<()>>,
    waiting: HashMap<u32, oneshot::Sender<Answer>>,
    /// Why there will be no answer any more.
    failure: Option<String>,
}

impl Calls {
    /// Creates the calls of a worker that starts, and what is told once it has.
    fn new() -> (Self, oneshot::Receiver<()>) {
        let (start, started) = oneshot::channel();
        let calls = Self {
            last_id: 0,
            start: Some(start),
            waiting: HashMap::new(),
            failure: None,
        };
        (calls, started)
    }

    /// Adds a question, and returns its number and where its answer comes.
    fn add(&mut self) -> (u32, oneshot::Receiver<Answer>) {
        let (sender, answer) = oneshot::channel();
        self.last_id = self.last_id.wrapping_add(1);
        // Without the sender, the answer fails at once.
        if self.failure.is_none() {
            self.waiting.insert(self.last_id, sender);
        }
        (self.last_id, answer)
    }

    /// Takes a message of the worker.
    fn take(&mut self, message: JsValue) {
        if let Some(bytes) = message.dyn_ref::<Uint8Array>() {
            self.settle(&bytes.to_vec());
        } else if let Some(reason) = message.as_string() {
            self.fail(&reason);
        } else {
            self.begin();
        }
    }

    fn begin(&mut self) {
        if let Some(start) = self.start.take() {
            // Nobody may wait any more: the same below.
            let _ = start.send(());
        }
    }

    /// Hands an answer to who waits for it.
    fn settle(&mut self, bytes: &[u8]) {
        let Some(Numbered { id, body }) = decode(bytes) else {
            return self.fail("it is of another version than the page: reload the page");
        };
        if let Some(waiting) = self.waiting.remove(&id) {
            let _ = waiting.send(body);
        }
    }

    /// Ends all calls, those to come as well.
    fn fail(&mut self, reason: &str) {
        self.failure.get_or_insert_with(|| reason.to_owned());
        self.start = None;
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(id: u32, name: &str) -> Vec<u8> {
        let found = Found {
            tasks: vec![Some(name.to_owned())],
            ..Found::default()
        };
        let body = Answer::Names(found);
        encode(&Numbered { id, body })
    }

    fn name_in(answer: &mut oneshot::Receiver<Answer>) -> Option<String> {
        match answer.try_recv().ok()?? {
            Answer::Names(found) => found.tasks.into_iter().next()?,
            _ => None,
        }
    }

    #[test]
    fn an_answer_goes_to_the_question_with_its_number() {
        let (mut calls, mut started) = Calls::new();
        calls.begin();
        assert_eq!(started.try_recv(), Ok(Some(())));
        let ((first, mut of_first), (second, mut of_second)) = (calls.add(), calls.add());
        calls.settle(&answer(second, "net"));
        // Nobody has asked for this one.
        calls.settle(&answer(99, "wifi"));
        assert_eq!(name_in(&mut of_first), None);
        assert_eq!(name_in(&mut of_second).as_deref(), Some("net"));
        calls.settle(&answer(first, "main"));
        assert_eq!(name_in(&mut of_first).as_deref(), Some("main"));
    }

    #[test]
    fn a_worker_that_fails_ends_all_calls_and_the_first_reason_stays() {
        let (mut calls, mut started) = Calls::new();
        let (_, mut before) = calls.add();
        calls.fail("out of memory");
        calls.fail("unreachable");
        let (_, mut after) = calls.add();
        assert!(started.try_recv().is_err());
        assert!(before.try_recv().is_err() && after.try_recv().is_err());
        assert_eq!(calls.failure.as_deref(), Some("out of memory"));
    }

    #[test]
    fn an_answer_of_another_version_ends_the_calls() {
        let (mut calls, _started) = Calls::new();
        let (_, mut waiting) = calls.add();
        calls.settle(&[1, 9, 9]);
        assert!(waiting.try_recv().is_err());
        assert!(
            calls
                .failure
                .is_some_and(|reason| reason.contains("another version"))
        );
    }
}

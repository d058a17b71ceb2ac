//! Reads the list of leaks from its postcard form, which takes a fifth of the bytes of JSON.

use alloc::vec::Vec;

use crate::analysis::judge;
use crate::api::{Leak, LeaksPage, Stack};
use crate::trace::{self, Kind, Task};
use crate::wire::{DecodeError, Decoder, Message};

/// Returns the list that the stream of `GET /trace/leaks` is of; `None` if another trace began while it was made.
///
/// # Errors
/// If the stream is damaged.
pub fn leaks_page(bytes: &[u8]) -> Result<Option<LeaksPage>, DecodeError> {
    let mut decoder = Decoder::new();
    decoder.push(bytes);
    let mut list = List::default();
    for message in decoder.by_ref() {
        list.take(message?);
    }
    match decoder.finish() {
        Ok(_) => Ok(Some(list.page)),
        Err(DecodeError::CutOff { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What was said so far: of a call stack before its blocks, of a task before its call stacks.
#[derive(Default)]
struct List {
    page: LeaksPage,
    tasks: Vec<Task>,
    /// The one that was told of last: the next leak is its own.
    stack: Option<Stack>,
}

impl List {
    fn take(&mut self, message: Message) {
        match message {
            Message::Header(header) => self.page.trace_id = header.trace_id,
            Message::Period(period) => self.page.period = period,
            Message::Task(task) => self.tasks.push(task),
            Message::Stack(stack) => {
                let task = self.tasks.iter().find(|task| task.id == stack.task);
                let task = task.map(|task| (&task.name, task.origin));
                self.stack = Some(Stack::of(&stack, task));
            }
            Message::Births(leak) => self.leak(leak),
            Message::Listed(listed) => self.page.total = listed.call_stacks,
            _ => {}
        }
    }

    fn leak(&mut self, leak: trace::Leak) {
        let stack = self.stack.take().filter(|stack| stack.id == leak.stack);
        let Some(stack) = stack else { return };
        let verdict = judge(&leak, &stack.passed(), &self.page.period, Kind::TooEarly);
        self.page.leaks.push(Leak::of(leak, stack, verdict));
    }
}

//! The records of a list with their names, of which those are drawn that are in sight: there may be half a million.

use std::collections::BTreeMap;
use std::sync::Arc;

use heapbeacon_shared::analysis::{Lived, places};
use heapbeacon_shared::api::Record;
use heapbeacon_shared::trace::{Name, Origin};

use super::filter::Filter;
use super::row::Row;
use crate::format;
use crate::model::record_list::RecordList;
use crate::symbols::names::{NamedStack, Names};

/// Records of a list, in the order in which they are listed. What is worked out anew is another one.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// All that there are.
    pub(super) all: Arc<Rows>,
    /// Where in those the listed ones are.
    pub(super) places: Vec<u32>,
}

impl PartialEq for Listed {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self, other)
    }
}

/// The records of a list, and what names them.
#[derive(Debug, Default)]
pub(super) struct Rows {
    list: Arc<RecordList>,
    /// Names of the call stacks, and whose they are.
    stacks: Vec<(Arc<NamedStack>, Origin)>,
    /// Where in the list the call stack of an id is.
    stack_places: BTreeMap<u32, usize>,
    /// The tasks that have allocated, as they are told, and their names.
    tasks: Vec<(Option<Name>, String)>,
    /// Where call stack and task of each record are.
    places: Vec<(u32, u32)>,
}

impl Rows {
    /// Names the records of a list.
    pub(super) fn of(list: Arc<RecordList>, names: &mut Names) -> Self {
        let mut rows = Self::default();
        // What no call stack was told of.
        rows.stacks.push(Default::default());
        let named = list.stacks.iter();
        let named = named.map(|stack| (names.of(stack), stack.origin));
        rows.stacks.extend(named);
        rows.stack_places = places(&mut list.stacks.iter().map(|stack| stack.id));
        let mut last = (None, 0);
        for record in &list.records {
            // Many in a row have the same.
            if last.0 != Some(record.stack) {
                last = (Some(record.stack), rows.stack_place(record.stack));
            }
            let task = rows.task_place(record, names);
            rows.places.push((last.1, task));
        }
        rows.list = list;
        rows
    }

    fn stack_place(&self, id: u32) -> u32 {
        let place = self.stack_places.get(&id);
        place.map_or(0, |place| *place as u32 + 1)
    }

    fn task_place(&mut self, record: &Record, names: &Names) -> u32 {
        let is_known = |(given, _): &(Option<Name>, String)| *given == record.task;
        let place = self.tasks.iter().position(is_known).unwrap_or_else(|| {
            let name = record.task.as_deref().map(|given| names.task(given));
            self.tasks
                .push((record.task.clone(), name.unwrap_or_default()));
            self.tasks.len() - 1
        });
        place as u32
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.list.records.len()
    }

    /// Returns how many are of an origin.
    pub(super) fn of_origin(&self, origin: Origin) -> usize {
        let stacks = self.places.iter().map(|(stack, _)| *stack);
        let is_of = |stack: &u32| self.stacks[*stack as usize].1 == origin;
        stacks.filter(is_of).count()
    }

    /// Returns the names of the tasks that have allocated.
    pub(super) fn tasks(&self) -> Vec<String> {
        let mut tasks: Vec<String> = Vec::new();
        for (_, name) in self.tasks.iter().filter(|(_, name)| !name.is_empty()) {
            if !tasks.contains(name) {
                tasks.push(name.clone());
            }
        }
        tasks
    }

    /// Returns the places of the records that somebody wants: a filter admits them, their origin is shown, and a text in small letters
    /// is in one of their names.
    pub(super) fn wanted(
        &self,
        filter: &Filter,
        text: &str,
        is_shown: impl Fn(Origin) -> bool,
    ) -> Vec<u32> {
        let holds = |words: &str| words.to_ascii_lowercase().contains(text);
        let of_stack = |(site, origin): &(Arc<NamedStack>, Origin)| {
            let place = site.place.as_deref().unwrap_or_default();
            is_shown(*origin).then(|| holds(&site.name) || holds(place))
        };
        let stacks: Vec<Option<bool>> = self.stacks.iter().map(of_stack).collect();
        let tasks = self.tasks.iter();
        let tasks: Vec<bool> = tasks.map(|(_, name)| holds(name)).collect();
        let records = self.list.records.iter().zip(&self.places);
        let is_wanted = |(record, (stack, task)): (&Record, &(u32, u32))| {
            let (stack, task) = (*stack as usize, *task as usize);
            let age_us = self.age_us(record);
            stacks[stack].is_some_and(|is_named| {
                filter.admits(&record.lived(), &self.tasks[task].1, age_us)
                    && (is_named || tasks[task] || is_in_address(record.address.0, text))
            })
        };
        let wanted = (0..).zip(records).filter(|(_, record)| is_wanted(*record));
        wanted.map(|(place, _)| place).collect()
    }

    /// Returns the block of a record.
    pub(super) fn block(&self, place: u32) -> Lived {
        self.list.records[place as usize].lived()
    }

    /// Returns where the record of a sequence number is.
    pub(super) fn place(&self, seq: u64) -> Option<u32> {
        let records = &self.list.records;
        let place = records.binary_search_by_key(&seq, |record| record.seq);
        place.ok().map(|place| place as u32)
    }

    /// Makes the row of a record.
    pub(super) fn row(&self, place: u32) -> Row {
        let record = &self.list.records[place as usize];
        let (stack, task) = self.places[place as usize];
        let age_us = self.age_us(record);
        let freed_by = record.freed_stack.map(|id| self.stack_place(id));
        let freed_by = freed_by.filter(|place| *place > 0);
        let lived = |freed_us: u64| {
            let lived_us = freed_us.saturating_sub(record.time_us);
            format!("after {}", format::duration(lived_us))
        };
        Row {
            seq: record.seq,
            age_us,
            age: format::duration(age_us),
            freed_by: freed_by.map(|place| self.stacks[place as usize].0.clone()),
            address: record.address.to_string(),
            block: record.lived(),
            task: self.tasks[task as usize].1.clone(),
            site: self.stacks[stack as usize].0.clone(),
            freed: record
                .freed
                .then(|| record.freed_time_us.map_or_else(|| "yes".to_owned(), lived)),
        }
    }

    fn age_us(&self, record: &Record) -> u64 {
        self.list.read_us.saturating_sub(record.time_us)
    }
}

/// Returns whether an address, as it is shown, has a text in it. To write each of many addresses takes too long.
fn is_in_address(address: u64, text: &str) -> bool {
    let digits = (16 - address.leading_zeros() as usize / 4).max(8);
    let mut shown = *b"0x0000000000000000";
    for (place, digit) in shown[2..2 + digits].iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(address >> (4 * place) & 15) as usize];
    }
    let text = text.as_bytes();
    text.is_empty()
        || shown[..2 + digits]
            .windows(text.len())
            .any(|part| part == text)
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::api::Stack;
    use heapbeacon_shared::trace::{Address, name};

    use super::*;

    fn rows() -> Rows {
        let record = |seq, address, stack, task: &str| Record {
            seq,
            address: Address(address),
            stack,
            task: (!task.is_empty()).then(|| name(task)),
            time_us: seq,
            ..Record::default()
        };
        let stack = |id, origin, address| Stack {
            id,
            origin,
            frames: [Address(address)].into_iter().collect(),
            ..Stack::default()
        };
        let list = RecordList {
            records: vec![
                record(3, 0x3fc9_0010, 7, "net"),
                record(5, 0x3fc9_0020, 8, "wifi"),
                record(9, 0x3fc9_0030, 9, ""),
            ],
            stacks: vec![
                stack(7, Origin::Application, 0x4200_1000),
                stack(8, Origin::Driver, 0x4200_2000),
            ],
            read_us: 10,
            ..RecordList::default()
        };
        Rows::of(Arc::new(list), &mut Names::default())
    }

    #[test]
    fn a_row_has_the_names_of_its_record_or_none() {
        let rows = rows();
        let row = |place| {
            let row = rows.row(place);
            (row.site.name.clone(), row.task, row.age_us)
        };
        assert_eq!(row(0), ("0x42001000".to_owned(), "net".to_owned(), 7));
        assert_eq!(row(2), (String::new(), String::new(), 1));
        assert_eq!(rows.tasks(), ["net", "wifi"]);
        assert_eq!((rows.place(5), rows.place(6)), (Some(1), None));
        assert_eq!(rows.of_origin(Origin::Driver), 1);
    }

    #[test]
    fn a_record_is_wanted_by_what_is_shown_of_it() {
        let rows = rows();
        let wanted = |text| rows.wanted(&Filter::default(), text, |_| true);
        assert_eq!(wanted(""), [0, 1, 2]);
        assert_eq!(wanted("0x42002"), [1]);
        assert_eq!(wanted("net"), [0]);
        assert_eq!(wanted("fc90030"), [2]);
        let of_application = rows.wanted(&Filter::default(), "", |origin| {
            origin == Origin::Application
        });
        assert_eq!(of_application, [0, 2]);
        let of_task = Filter {
            task: "wifi".to_owned(),
            ..Filter::default()
        };
        assert_eq!(rows.wanted(&of_task, "", |_| true), [1]);
    }

    #[test]
    fn an_address_is_searched_as_it_is_shown() {
        for address in [0, 0x1f, 0x3fc9_0010, 0x55c1_e523_e5c0, u64::MAX] {
            let shown = Address(address).to_string();
            for text in [
                "",
                "0x0",
                "1f",
                "c9001",
                "e5c0",
                "ffff",
                "0x00000000",
                &shown,
            ] {
                let is_in = is_in_address(address, text);
                assert_eq!(is_in, shown.contains(text), "{text} in {shown}");
            }
        }
    }
}

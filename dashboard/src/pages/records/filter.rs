use heapbeacon_shared::analysis::Lived;
use leptos::prelude::*;

use crate::components::{Switch, When, chip, select};
use crate::location::view_value;
use crate::model::span::Span;
use crate::pages::span::{NO_FREED, SpanChoice, keeps_freed};
use crate::store::Store;

/// Ages that records are filtered by, in seconds, and what they are called.
const AGES: [(&str, &str); 5] = [
    ("", "Any age"),
    ("60", "Older than 1 min"),
    ("600", "Older than 10 min"),
    ("3600", "Older than 1 h"),
    ("86400", "Older than 1 d"),
];

/// Which records are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// Fewest bytes.
    pub(super) least: u64,
    /// The task that allocated; empty for any.
    pub(super) task: String,
    /// Id of the call stack that allocated, as text; empty for any.
    pub(super) stack: String,
    /// Seconds since the allocation, at least, as text; empty for any.
    pub(super) age: String,
    /// When they were allocated.
    pub(super) span: Span,
    /// Whether they were freed in that time instead.
    pub(super) is_by_free: bool,
}

impl Filter {
    /// Returns whether a record is listed, which was read `age_us` after its allocation.
    pub(super) fn admits(&self, block: &Lived, task: &str, age_us: u64) -> bool {
        let least_age = self.age.parse().unwrap_or(0_u64);
        let is_in_time = match (self.is_by_free, block.freed_us) {
            (false, _) => self.span.includes(block.time_us),
            (true, freed_us) => freed_us.is_some_and(|freed_us| self.span.includes(freed_us)),
        };
        block.size >= self.least
            && (self.task.is_empty() || self.task == task)
            && (self.stack.is_empty() || self.stack == block.stack.to_string())
            && age_us / 1_000_000 >= least_age
            && is_in_time
    }
}

/// What somebody chooses records by. A handle: copies share everything.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) text: RwSignal<String>,
    pub(super) least: RwSignal<u64>,
    pub(super) task: RwSignal<String>,
    pub(super) stack: RwSignal<String>,
    pub(super) age: RwSignal<String>,
    pub(super) is_by_free: RwSignal<bool>,
}

impl Wanted {
    /// Takes it from the address of the page.
    pub(super) fn of_view() -> Self {
        let value = |name: &str| RwSignal::new(view_value(name));
        Self {
            text: value("filter"),
            least: RwSignal::new(view_value("least").parse().unwrap_or(0)),
            task: value("task"),
            stack: value("stack"),
            age: value("age"),
            is_by_free: RwSignal::new(!view_value("freed").is_empty()),
        }
    }

    /// Returns it as the address says it.
    pub(super) fn view(self) -> Vec<(&'static str, String)> {
        let least = match self.least.get() {
            0 => String::new(),
            least => least.to_string(),
        };
        let freed = if self.is_by_free.get() { "then" } else { "" };
        vec![
            ("filter", self.text.get()),
            ("least", least),
            ("task", self.task.get()),
            ("stack", self.stack.get()),
            ("age", self.age.get()),
            ("freed", freed.to_owned()),
        ]
    }

    /// Returns which records are listed by that, but for the text.
    pub(super) fn filter(self, store: Store) -> Filter {
        let span = store.span.get();
        Filter {
            least: self.least.get(),
            task: self.task.get(),
            stack: self.stack.get(),
            age: self.age.get(),
            span,
            // Without a time, all records are of it.
            is_by_free: self.is_by_free.get() && !span.is_all(),
        }
    }
}

/// Lets somebody choose records by task, age, time and call stack; `tasks` are those that there are records of.
pub(super) fn filters(
    store: Store,
    wanted: Wanted,
    tasks: impl Fn() -> Vec<String> + Send + 'static,
) -> AnyView {
    let ages = move || {
        let age = wanted.age.get();
        let offer =
            |(value, words): (&str, &str)| (value.to_owned(), words.to_owned(), value == age);
        AGES.map(offer).to_vec()
    };
    let tasks = move || {
        let chosen = wanted.task.get();
        let mut offered = vec![(String::new(), "Any task".to_owned(), chosen.is_empty())];
        let offer = |task: String| (task.clone(), task.clone(), task == chosen);
        offered.extend(tasks().into_iter().map(offer));
        offered
    };
    let is_timed = move || !store.span.get().is_all();
    let one_stack = move || (!wanted.stack.read().is_empty()).then(|| "One call stack".to_owned());
    view! {
        {select("Task", "task", Box::new(tasks), Box::new(move |task| wanted.task.set(task)))}
        {select("Age", "age", Box::new(ages), Box::new(move |age| wanted.age.set(age)))}
        <SpanChoice />
        <When is=is_timed>
            <Switch
                label="Freed in that time"
                hint="Lists what was freed in the chosen time, and not what was allocated in it".to_owned()
                test_id="by-free".to_owned()
                on=wanted.is_by_free
                on_change=Callback::new(move |on| wanted.is_by_free.set(on))
            />
        </When>
        {chip(
            "stack-chip",
            "Show records of all call stacks",
            Box::new(one_stack),
            Box::new(move || wanted.stack.set(String::new())),
        )}
        {move || {
            let is_unknown = is_timed() && wanted.is_by_free.get() && !keeps_freed(store);
            is_unknown.then_some(NO_FREED)
        }}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_listed_if_all_that_is_asked_of_it_is_so() {
        let block = Lived {
            stack: 7,
            size: 64,
            time_us: 100,
            freed_us: Some(300),
        };
        let admits = |filter: Filter| filter.admits(&block, "net", 90_000_000);
        let all = Filter::default;
        assert!(admits(all()));
        let asked = |least: u64, task: &str, stack: &str, age: &str| {
            admits(Filter {
                least,
                task: task.to_owned(),
                stack: stack.to_owned(),
                age: age.to_owned(),
                ..all()
            })
        };
        assert!(asked(64, "net", "7", "60"));
        assert!(!asked(65, "net", "7", "60"));
        assert!(!asked(64, "ui", "7", "60"));
        assert!(!asked(64, "net", "77", "60"));
        assert!(!asked(64, "net", "7", "600"));
        let in_time = |from, until, is_by_free| {
            admits(Filter {
                span: Span::between(from, until),
                is_by_free,
                ..all()
            })
        };
        assert!(in_time(100, 200, false) && !in_time(101, 200, false));
        assert!(in_time(200, 400, true) && !in_time(100, 200, true));
        let live = Lived {
            freed_us: None,
            ..block
        };
        let freed = Filter {
            is_by_free: true,
            ..all()
        };
        assert!(!freed.admits(&live, "net", 0));
    }
}

//! What the width of a frame stands for.

use heapbeacon_shared::analysis::Traffic;
use heapbeacon_shared::api::{LeaksPage, Record, Stack};

use crate::format;
use crate::model::span::Span;

/// What is added up for each frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// Bytes that are live.
    #[default]
    Bytes,
    /// Blocks that are live.
    Blocks,
    /// Live bytes that have outlived what their call stack frees.
    Outlived,
    /// Live bytes that were allocated in a part of the trace.
    Growth,
    /// Bytes of all blocks that have a record, freed ones too.
    Allocated,
    /// Blocks that were freed within one further allocation.
    Temporary,
}

/// What a person reads of a measure.
struct Words {
    /// Its name in the address of a view; that of the usual one is empty.
    name: &'static str,
    title: &'static str,
    hint: &'static str,
    /// What stands above a sum, which takes the place of the braces.
    who: &'static str,
    /// What is said where there is none.
    none: &'static str,
}

impl Measure {
    /// Every measure, in the order of the page.
    pub const ALL: [Self; 6] = [
        Self::Bytes,
        Self::Blocks,
        Self::Outlived,
        Self::Growth,
        Self::Allocated,
        Self::Temporary,
    ];

    fn told(self) -> Words {
        match self {
            Self::Bytes => Words {
                name: "",
                title: "Live bytes",
                hint: "Bytes allocated and not freed",
                who: "Who holds {}",
                none: "Nothing is live",
            },
            Self::Blocks => Words {
                name: "blocks",
                title: "Blocks",
                hint: "Blocks allocated and not freed",
                who: "Who holds {}",
                none: "Nothing is live",
            },
            Self::Outlived => Words {
                name: "outlived",
                title: "Outlived",
                hint: "Live bytes that are more than twice as old as any block became that the same call stack has freed",
                who: "Who holds {} for longer than anything it freed",
                none: "Nothing has outlived what is freed",
            },
            Self::Growth => Words {
                name: "growth",
                title: "Growth",
                hint: "Bytes allocated since a mark, or between two, and still live",
                who: "Who gained {}",
                none: "Nothing of that time is live",
            },
            Self::Allocated => Words {
                name: "allocated",
                title: "Allocated",
                hint: "Bytes of every block that has a record, freed ones too: all mode keeps those",
                who: "Who allocated {}",
                none: "Nothing was allocated",
            },
            Self::Temporary => Words {
                name: "temporary",
                title: "Temporary",
                hint: "Blocks that were freed within one further allocation: they could be on the stack, or used again",
                who: "Who allocated {} for a moment only",
                none: "No block was temporary",
            },
        }
    }

    /// Returns its name in the address of a view.
    pub fn name(self) -> &'static str {
        self.told().name
    }

    /// Returns the measure of a name, or the usual one.
    pub fn named(name: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|measure| measure.name() == name)
            .unwrap_or_default()
    }

    /// Returns what it is called.
    pub fn title(self) -> &'static str {
        self.told().title
    }

    /// Returns what it adds up.
    pub fn hint(self) -> &'static str {
        self.told().hint
    }

    /// Returns what stands above a sum of it.
    pub fn heading(self, total: u64) -> String {
        self.told().who.replace("{}", &self.words(total))
    }

    /// Returns what is said where there is nothing of it.
    pub fn none(self) -> &'static str {
        self.told().none
    }

    /// Returns whether it counts bytes, and not blocks.
    pub fn is_bytes(self) -> bool {
        !matches!(self, Self::Blocks | Self::Temporary)
    }

    /// Returns whether only records that outlive their blocks tell it: those of all mode.
    pub fn needs_freed(self) -> bool {
        matches!(self, Self::Allocated | Self::Temporary)
    }

    /// Writes a value.
    pub fn words(self, value: u64) -> String {
        match self.is_bytes() {
            true => format::bytes(value),
            false => format::plural(value, "block"),
        }
    }
}

/// A call stack, and what it comes to.
#[derive(Clone, Copy, Debug)]
pub struct Weight<'a> {
    /// The call stack.
    pub stack: &'a Stack,
    /// What the measure says of it.
    pub value: u64,
    /// Its blocks.
    pub blocks: u64,
}

/// Weighs the call stacks of a leak list; whose blocks it is of, its reader decides.
pub fn of_leaks(page: &LeaksPage, measure: Measure) -> Vec<Weight<'_>> {
    let weighed = page.leaks.iter().map(|leak| {
        let (value, blocks) = match measure {
            Measure::Blocks => (leak.count, leak.count),
            Measure::Outlived => (leak.outlived.bytes, leak.outlived.count),
            _ => (leak.bytes, leak.count),
        };
        Weight {
            stack: &leak.stack,
            value,
            blocks,
        }
    });
    weighed.collect()
}

/// Weighs call stacks by the records of a part of the trace, those of freed blocks too.
pub fn of_records<'a>(
    records: &[Record],
    stacks: &'a [Stack],
    measure: Measure,
    span: Span,
) -> Vec<Weight<'a>> {
    let mut weighed: Vec<_> = stacks
        .iter()
        .map(|stack| Weight {
            stack,
            value: 0,
            blocks: 0,
        })
        .collect();
    let inside = || records.iter().filter(|it| span.includes(it.time_us));
    if measure == Measure::Temporary {
        let lived: Vec<_> = inside().map(Record::lived).collect();
        let traffic = Traffic::of(&lived);
        for weight in &mut weighed {
            weight.value = traffic.through(weight.stack.id).temporary;
            weight.blocks = weight.value;
        }
        return weighed;
    }
    let places = heapbeacon_shared::analysis::places(&mut stacks.iter().map(|stack| stack.id));
    for record in inside() {
        if let Some(place) = places.get(&record.stack) {
            weighed[*place].value += record.size;
            weighed[*place].blocks += 1;
        }
    }
    weighed
}

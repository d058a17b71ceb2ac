//! A profile as a reader takes it, by the rules that readers have.

use std::collections::{BTreeMap, BTreeSet};
use std::format;
use std::string::String;
use std::vec::Vec;

/// A field of a message: a number, or bytes.
enum Field<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

impl<'b> Field<'b> {
    fn bytes(&self) -> &'b [u8] {
        match self {
            Self::Number(_) => panic!("bytes"),
            Self::Bytes(bytes) => bytes,
        }
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let length = bytes
        .iter()
        .position(|byte| byte & 0x80 == 0)
        .expect("it ends")
        + 1;
    let (number, rest) = bytes.split_at(length);
    *bytes = rest;
    let number = number.iter().rev();
    number.fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f))
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let number = varint(&mut bytes);
        let field = match tag & 7 {
            0 => Field::Number(number),
            2 => {
                let (field, rest) = bytes.split_at(number as usize);
                bytes = rest;
                Field::Bytes(field)
            }
            other => panic!("wire type {other}"),
        };
        fields.push((tag >> 3, field));
    }
    fields
}

fn numbers(bytes: &[u8]) -> BTreeMap<u64, u64> {
    let fields = fields(bytes).into_iter();
    fields
        .filter_map(|(id, field)| match field {
            Field::Number(number) => Some((id, number)),
            Field::Bytes(_) => None,
        })
        .collect()
}

fn list(mut bytes: &[u8]) -> Vec<u64> {
    let mut list = Vec::new();
    while !bytes.is_empty() {
        list.push(varint(&mut bytes));
    }
    list
}

/// Checks what one or another of its readers asks for: pprof, Parca's and Pyroscope's validation, the OpenTelemetry Collector's translation, and
/// Perfetto, which leaves out what is not so without a word.
fn check(bytes: &[u8]) {
    let all = fields(bytes);
    let of = |wanted: u64| all.iter().filter(move |(id, _)| *id == wanted);
    let messages = |wanted| of(wanted).map(|(_, field)| field.bytes());
    assert!(bytes.len() >= 10, "shorter ones are no profile to Perfetto");
    let texts: Vec<_> = messages(6).collect();
    let is_text = |place: Option<&u64>| assert!(place.is_none_or(|at| *at < texts.len() as u64));
    let types = messages(1).chain(messages(11)).map(numbers);
    for of in types {
        is_text(of.get(&1));
        is_text(of.get(&2));
        assert!(
            !texts[of[&1] as usize].contains(&b'-'),
            "Pyroscope's names of types have none"
        );
    }
    let top = numbers(bytes);
    is_text(top.get(&14));
    let mappings: Vec<_> = messages(3).map(numbers).collect();
    for mapping in &mappings {
        is_text(mapping.get(&5));
        is_text(mapping.get(&6));
        assert!(mapping.get(&1) < mapping.get(&3), "it has a size");
    }
    let functions: Vec<_> = messages(5).map(numbers).collect();
    for function in &functions {
        for name in [2, 3, 4] {
            is_text(function.get(&name));
        }
    }
    let locations = messages(4).map(|location| (numbers(location), fields(location)));
    for (location, fields) in locations {
        let lines = fields.iter().filter(|(id, _)| *id == 4);
        let lines: Vec<_> = lines.map(|(_, line)| numbers(line.bytes())[&1]).collect();
        let is_function = |id: &u64| (1..=functions.len() as u64).contains(id);
        assert!(lines.iter().all(is_function));
        assert!(
            !lines.is_empty() || location[&3] != 0,
            "it stands for something"
        );
    }
    for sample in messages(2).map(fields) {
        let labels = sample.iter().filter(|(id, _)| *id == 3);
        let labels: Vec<_> = labels.map(|(_, label)| numbers(label.bytes())).collect();
        for label in &labels {
            is_text(label.get(&1));
            is_text(label.get(&2));
            assert!(
                label[&1] != 0 && !label.contains_key(&3),
                "it is named, and a text"
            );
        }
        let names: BTreeSet<_> = labels.iter().map(|label| label[&1]).collect();
        assert_eq!(names.len(), labels.len(), "each has one value");
    }
}

/// What a sample says: the names or addresses of its call stack, its values, and its labels.
#[derive(Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) frames: Vec<String>,
    pub(super) values: [i64; 4],
    pub(super) labels: Vec<(String, String)>,
}

fn check_types(types: &[[String; 2]]) {
    let known = [
        ["alloc_objects", "count"],
        ["alloc_space", "bytes"],
        ["inuse_objects", "count"],
        ["inuse_space", "bytes"],
    ];
    assert_eq!(types, known);
}

/// No call stack may have more in use than it has allocated.
fn check_sums(samples: &[Sample]) {
    let mut by_frames = BTreeMap::<_, [u64; 4]>::new();
    for Sample { frames, values, .. } in samples {
        let sum = by_frames.entry(frames).or_default();
        // Of what is taken away, too.
        let values = sum.iter_mut().zip(values);
        values.for_each(|(sum, value)| *sum += value.unsigned_abs());
    }
    for (frames, [allocated, allocated_bytes, live, live_bytes]) in by_frames {
        let is_less = live <= allocated && live_bytes <= allocated_bytes;
        assert!(is_less, "more is in use than was allocated by {frames:?}");
    }
}

/// A profile that was read, and is as its readers want it.
pub(super) struct Read {
    pub(super) texts: Vec<String>,
    pub(super) samples: Vec<Sample>,
    pub(super) mapping: BTreeMap<u64, u64>,
    pub(super) top: BTreeMap<u64, u64>,
    pub(super) locations: usize,
    pub(super) bytes: usize,
}

impl Read {
    pub(super) fn of(bytes: &[u8]) -> Self {
        check(bytes);
        let all = fields(bytes);
        let top = numbers(bytes);
        let known = BTreeSet::from([1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 14]);
        assert!(all.iter().all(|(id, _)| known.contains(id)));
        assert_eq!(all[0].0, 1, "a sample type comes first");
        let of = |wanted: u64| {
            let of = all.iter().filter(move |(id, _)| *id == wanted);
            of.map(|(_, field)| field.bytes())
        };
        let texts: Vec<_> = of(6)
            .map(|text| String::from_utf8(text.to_vec()).expect("it is text"))
            .collect();
        assert_eq!(texts[0], "");
        let text = |place: u64| texts[place as usize].clone();
        let types = of(1).map(numbers);
        let types: Vec<_> = types.map(|of| [text(of[&1]), text(of[&2])]).collect();
        check_types(&types);
        let mappings: Vec<_> = of(3).map(numbers).collect();
        assert_eq!((mappings.len(), mappings[0][&1]), (1, 1));
        let functions: Vec<_> = of(5).map(numbers).collect();
        let locations: Vec<_> = of(4).collect();
        let frame = |id: &u64| {
            let location = numbers(locations[*id as usize - 1]);
            let mut lines = fields(locations[*id as usize - 1]).into_iter();
            match lines.find(|(id, _)| *id == 4) {
                Some((_, line)) => text(functions[numbers(line.bytes())[&1] as usize - 1][&2]),
                None => format!("{:#x}", location[&3]),
            }
        };
        for (index, function) in (1..).zip(&functions) {
            assert_eq!(function[&1], index);
        }
        for (index, location) in (1..).zip(&locations) {
            let location = numbers(location);
            assert_eq!((location[&1], location[&2]), (index, 1));
        }
        let samples = of(2).map(|sample| {
            let fields = fields(sample);
            let ids = list(fields[0].1.bytes());
            assert!(!ids.is_empty());
            let values = list(fields[1].1.bytes());
            let labels = fields[2..].iter().map(|(_, label)| numbers(label.bytes()));
            Sample {
                frames: ids.iter().map(frame).collect(),
                values: <[u64; 4]>::try_from(values)
                    .expect("a value for each type")
                    .map(u64::cast_signed),
                labels: labels.map(|of| (text(of[&1]), text(of[&2]))).collect(),
            }
        });
        let samples: Vec<_> = samples.collect();
        check_sums(&samples);
        Self {
            samples,
            mapping: mappings[0].clone(),
            top,
            locations: locations.len(),
            bytes: bytes.len(),
            texts,
        }
    }

    pub(super) fn sum(&self) -> [i64; 4] {
        [0, 1, 2, 3].map(|place| self.samples.iter().map(|sample| sample.values[place]).sum())
    }

    pub(super) fn named(&self, name: &str) -> Option<&Sample> {
        self.samples.iter().find(|sample| sample.frames == [name])
    }
}

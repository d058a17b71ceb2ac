//! The query of a URL: every name known, every value checked.

use core::ops::RangeInclusive;

use crate::http::limits::MAX_PAIRS;
use crate::http::problem::Problem;
use crate::http::request::percent::Encoded;

/// The query of a URL.
#[derive(Clone, Copy)]
pub(crate) struct Query<'b>(Encoded<'b>);

impl<'b> Query<'b> {
    /// Takes the query of a request.
    ///
    /// # Errors
    /// When it holds a name that is not in `known`, or one twice.
    pub(crate) fn new(query: Encoded<'b>, known: &[&str]) -> Result<Self, Problem> {
        let is_long = query.split('&').nth(MAX_PAIRS).is_some();
        let query = Self(query);
        if is_long
            || !query
                .pairs()
                .all(|(name, _)| known.iter().any(|known| name.is(known)))
        {
            return Err(unknown(known));
        }
        for name in known {
            if query.values(name).nth(1).is_some() {
                return Err(Problem::invalid(format_args!("Give `{name}` only once.")));
            }
        }
        Ok(query)
    }

    /// Returns the value of a name.
    pub(crate) fn get(self, name: &str) -> Option<Encoded<'b>> {
        self.values(name).next()
    }

    /// Returns the number that a name has, or `default` where the name is missing.
    ///
    /// # Errors
    /// When it is no number, or not in `range`.
    pub(crate) fn number(
        self,
        name: &str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> Result<u64, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        text.number()
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                let (first, last) = range.into_inner();
                Problem::invalid(format_args!(
                    "`{name}` is a whole number from {first} to {last}."
                ))
            })
    }

    fn values(self, name: &str) -> impl Iterator<Item = Encoded<'b>> {
        self.pairs()
            .filter_map(move |(key, value)| key.is(name).then_some(value))
    }

    fn pairs(self) -> impl Iterator<Item = (Encoded<'b>, Encoded<'b>)> {
        self.0
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('='))
    }
}

fn unknown(known: &[&str]) -> Problem {
    match known {
        [] => Problem::invalid(format_args!("This path takes no query parameters.")),
        _ => {
            let mut names = heapless::String::<64>::new();
            for name in known {
                let separator = if names.is_empty() { "" } else { ", " };
                let _ = names.push_str(separator).and(names.push_str(name));
            }
            Problem::invalid(format_args!(
                "The query parameters of this path are: {names}."
            ))
        }
    }
}

//! The query of a URL: every name known, every value checked.

use core::ops::RangeInclusive;

use picoserve::request::RequestParts;

use super::problem::Problem;

/// The query of a URL. Values are numbers and words, so nothing needs to be percent-decoded.
#[derive(Clone, Copy)]
pub(super) struct Query<'r>(&'r str);

impl<'r> Query<'r> {
    /// Takes the query of a request.
    ///
    /// # Errors
    /// When it holds a name that is not in `known`, or one twice.
    pub(super) fn of(parts: &RequestParts<'r>, known: &[&str]) -> Result<Self, Problem> {
        let query = Self(parts.query().map_or("", |query| query.0));
        for (index, (name, _)) in query.pairs().enumerate() {
            if !known.contains(&name) {
                return Err(unknown(known));
            }
            if query.pairs().take(index).any(|(before, _)| before == name) {
                return Err(Problem::invalid(format_args!("Give `{name}` only once.")));
            }
        }
        Ok(query)
    }

    /// Returns the value of a name.
    pub(super) fn get(self, name: &str) -> Option<&'r str> {
        self.pairs()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Returns the number that a name has, or `default` where the name is missing.
    ///
    /// # Errors
    /// When it is no number, or not in `range`.
    pub(super) fn number(
        self,
        name: &str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> Result<u64, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(default);
        };
        number(text)
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                let (first, last) = range.into_inner();
                Problem::invalid(format_args!(
                    "`{name}` is a whole number from {first} to {last}."
                ))
            })
    }

    fn pairs(self) -> impl Iterator<Item = (&'r str, &'r str)> {
        self.0
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }
}

/// Reads a number of decimal digits and nothing else: no sign, no blanks.
pub(super) fn number(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(())?;
    text.parse().ok()
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

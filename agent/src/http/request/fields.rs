//! The fields of a head, which is what HTTP calls headers.

use httparse::Header;

use crate::http::limits::MAX_ITEMS;
use crate::http::problem::Problem;

/// The fields of a head, in the order in which they came.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'h, 'b>(&'h [Header<'b>]);

impl<'h, 'b> Fields<'h, 'b> {
    pub(crate) fn new(fields: &'h [Header<'b>]) -> Self {
        Self(fields)
    }

    /// Checks whether there is a field of a name.
    pub(crate) fn has(self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Returns the value of a field that may come only once.
    ///
    /// # Errors
    /// When it comes more often: who reads the first, and who reads the last, would read different requests.
    pub(crate) fn one(self, name: &'static str) -> Result<Option<&'b str>, Problem> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(Problem::malformed(format_args!(
                "Send one `{name}` header."
            ))),
        }
    }

    /// Returns the items of a list, which may be spread over several lines (RFC 9110, 5.3): the first [`MAX_ITEMS`], empty
    /// ones counted. A list may be as long as a head, and there may be many who send one.
    pub(crate) fn items(self, name: &str) -> impl Iterator<Item = &'b str> + Clone {
        self.all(name)
            .flat_map(|value| value.split(','))
            .take(MAX_ITEMS)
            .map(|item| item.trim_matches([' ', '\t']))
            .filter(|item| !item.is_empty())
    }

    /// Returns all values of a name.
    pub(crate) fn all(self, name: &str) -> impl Iterator<Item = &'b str> + Clone {
        self.0
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| text(field.value))
    }
}

/// Returns a value as text: one that is none equals nothing that anybody looks for.
fn text(value: &[u8]) -> &str {
    core::str::from_utf8(value).unwrap_or("\u{fffd}")
}

//! What a form of a page sends: `application/x-www-form-urlencoded` (URL standard, 5.1), every name known.

use percent_encoding::percent_decode_str;

use crate::http::problem::Problem;
use crate::http::request::fields::Fields;
use crate::http::request::percent::Encoded;
use crate::http::request::query::Query;

const FORM_MIME: &str = "application/x-www-form-urlencoded";

/// What a form sends.
#[derive(Clone, Copy)]
pub(crate) struct Form<'b>(Query<'b>);

/// Checks that a body is a form by its own account.
///
/// # Errors
/// When it is none: a page of another site can send plain text, but is asked for what a form is.
pub(crate) fn check_form_type(fields: Fields<'_, '_>) -> Result<(), Problem> {
    let content_type = fields.one("content-type")?.unwrap_or("");
    let mime = content_type.split(';').next().unwrap_or("").trim();
    match mime.eq_ignore_ascii_case(FORM_MIME) {
        true => Ok(()),
        false => Err(Problem::no_form()),
    }
}

impl<'b> Form<'b> {
    /// Reads a body.
    ///
    /// # Errors
    /// When it is no form, or has a name that is not in `known`, or one twice.
    pub(crate) fn parse(body: &'b [u8], known: &[&str]) -> Result<Self, Problem> {
        let text = core::str::from_utf8(body).ok();
        let encoded = text.filter(|text| text.is_ascii()).and_then(Encoded::new);
        let encoded = encoded.ok_or_else(|| {
            Problem::malformed(format_args!(
                "The body is no form: names and values in ASCII, all else as `%` and two hexadecimal digits."
            ))
        })?;
        Query::new(encoded, known).map(Self)
    }

    /// Returns whether a name is there.
    pub(crate) fn has(self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    /// Returns the text that a name has, empty where the name is missing; `None` where it does not fit, or is no text.
    pub(crate) fn text<const N: usize>(self, name: &str) -> Option<heapless::String<N>> {
        let Some(value) = self.0.get(name) else {
            return Some(heapless::String::new());
        };
        let mut bytes = heapless::Vec::<u8, N>::new();
        for (index, word) in value.text().split('+').enumerate() {
            if index > 0 {
                bytes.push(b' ').ok()?;
            }
            percent_decode_str(word).try_for_each(|byte| bytes.push(byte).ok())?;
        }
        heapless::String::from_utf8(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    const KNOWN: &[&str] = &["network", "password"];

    fn text<const N: usize>(body: &str, name: &str) -> Option<heapless::String<N>> {
        let form = Form::parse(body.as_bytes(), KNOWN);
        form.unwrap_or_else(|_| panic!("{body} is a form"))
            .text(name)
    }

    #[test]
    fn a_value_is_what_was_typed() {
        for (body, expected) in [
            ("network=Home", "Home"),
            ("network=My+Home", "My Home"),
            ("network=1%2B1%3D2%26more", "1+1=2&more"),
            ("network=Caf%C3%A9&password=", "Caf\u{e9}"),
            ("network=a=b", "a=b"),
            ("password=x", ""),
        ] {
            assert_eq!(
                text::<32>(body, "network").as_deref(),
                Some(expected),
                "{body}"
            );
        }
    }

    #[test]
    fn what_does_not_fit_or_is_no_text_has_no_value() {
        assert_eq!(text::<4>("network=12345", "network"), None);
        assert_eq!(
            text::<4>("network=123+", "network").as_deref(),
            Some("123 ")
        );
        assert_eq!(text::<4>("network=1234+", "network"), None);
        assert_eq!(text::<32>("network=%FF", "network"), None);
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for body in [
            "network=%",
            "network=%zz",
            "network=\u{e9}",
            "other=1",
            "network=1&network=2",
            "{\"network\":\"Home\"}",
        ] {
            assert!(Form::parse(body.as_bytes(), KNOWN).is_err(), "{body}");
        }
        assert!(Form::parse(b"network=\xff", KNOWN).is_err());
    }
}

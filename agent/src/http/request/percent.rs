//! Parts of a URL, in which any byte may stand as `%` and two hexadecimal digits (RFC 3986, 2.1).

use percent_encoding::percent_decode_str;

/// A part of a URL whose escapes are sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Encoded<'u>(&'u str);

impl<'u> Encoded<'u> {
    pub(crate) const EMPTY: Self = Self("");

    /// Takes a part of a URL; `None` if a `%` has no two hexadecimal digits behind it.
    pub(crate) fn new(text: &'u str) -> Option<Self> {
        let mut escapes = text.split('%').skip(1);
        let is_sound = escapes.all(|escape| {
            let digits = escape.as_bytes().get(..2);
            digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        });
        is_sound.then_some(Self(text))
    }

    /// Returns it as it was sent.
    #[cfg(any(test, feature = "provisioning"))]
    pub(crate) fn text(self) -> &'u str {
        self.0
    }

    /// Splits it at a character, which is one that separates only where it is not encoded.
    pub(crate) fn split(self, separator: char) -> impl Iterator<Item = Self> {
        self.0.split(separator).map(Self)
    }

    /// Splits it into what stands before a character and behind it; nothing is behind one that is not there.
    pub(crate) fn split_once(self, separator: char) -> (Self, Self) {
        let (before, behind) = self.0.split_once(separator).unwrap_or((self.0, ""));
        (Self(before), Self(behind))
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Checks whether it stands for a text.
    pub(crate) fn is(self, text: &str) -> bool {
        percent_decode_str(self.0).eq(text.bytes())
    }

    /// Returns the text that it stands for, if there is one and it fits.
    pub(crate) fn decode<const N: usize>(self) -> Option<heapless::String<N>> {
        let mut bytes = heapless::Vec::<u8, N>::new();
        percent_decode_str(self.0).try_for_each(|byte| bytes.push(byte).ok())?;
        heapless::String::from_utf8(bytes).ok()
    }

    /// Reads a number of decimal digits and nothing else: no sign, no blanks.
    pub(crate) fn number(self) -> Option<u64> {
        if self.is_empty() {
            return None;
        }
        percent_decode_str(self.0).try_fold(0_u64, |number, digit| {
            let digit = char::from(digit).to_digit(10)?;
            number.checked_mul(10)?.checked_add(digit.into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Encoded;

    fn encoded(text: &str) -> Encoded<'_> {
        Encoded::new(text).expect("its escapes are sound")
    }

    #[test]
    fn escapes_stand_for_bytes() {
        assert!(encoded("%74r%61ce").is("trace") && encoded("a%2Fb%2fc").is("a/b/c"));
        assert!(encoded("%c3%A4").is("ä") && encoded("%25").is("%") && encoded("+").is("+"));
        assert!(!encoded("%e4").is("ä") && !encoded("trace%00").is("trace"));
    }

    #[test]
    fn a_text_that_fits_is_decoded() {
        assert_eq!(encoded("a%20%c3%A4").decode::<4>().as_deref(), Some("a ä"));
        assert_eq!(encoded("a%20%c3%A4").decode::<3>(), None);
        assert_eq!(encoded("%e4").decode::<4>(), None);
    }

    #[test]
    fn an_encoded_separator_separates_nothing() {
        assert_eq!(encoded("a%2fb/c").split('/').count(), 2);
        assert_eq!(
            encoded("a%3Db=c").split_once('='),
            (encoded("a%3Db"), encoded("c"))
        );
    }

    #[test]
    fn a_number_is_digits_and_fits() {
        assert_eq!(encoded("0%31").number(), Some(1));
        assert_eq!(encoded("18446744073709551615").number(), Some(u64::MAX));
        for text in [
            "",
            "+1",
            "-1",
            "1%20",
            "1%00",
            "1.0",
            "%EF%BC%91",
            "18446744073709551616",
        ] {
            assert_eq!(encoded(text).number(), None, "{text}");
        }
    }
}

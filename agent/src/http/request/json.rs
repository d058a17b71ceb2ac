//! Tells JSON (RFC 8259) from what is none, without looking at what it says.

/// Most arrays and objects within one another: each takes two of the bytes of a body.
const MAX_DEPTH: usize = crate::http::limits::MAX_BODY / 2;

/// Checks whether bytes are one JSON value and nothing else but blanks.
pub(crate) fn is_json(bytes: &[u8]) -> bool {
    core::str::from_utf8(bytes).is_ok() && Scanner(bytes).text().is_some()
}

/// The bytes that are still to be read; `None` from a function means that they are no JSON.
struct Scanner<'b>(&'b [u8]);

impl Scanner<'_> {
    /// Keeps what closes the open arrays and objects, instead of calling itself: a peer chooses
    /// how many there are.
    fn text(&mut self) -> Option<()> {
        let mut open = heapless::Vec::<u8, MAX_DEPTH>::new();
        loop {
            if self.token(b'{') {
                open.push(b'}').ok()?;
                if self.peek() != Some(b'}') {
                    self.name()?;
                    continue;
                }
            } else if self.token(b'[') {
                open.push(b']').ok()?;
                if self.peek() != Some(b']') {
                    continue;
                }
            } else {
                self.scalar()?;
            }
            while open.last().is_some_and(|&end| self.token(end)) {
                open.pop();
            }
            match open.last() {
                None => return self.peek().is_none().then_some(()),
                Some(_) if !self.token(b',') => return None,
                Some(b'}') => self.name()?,
                Some(_) => {}
            }
        }
    }

    fn name(&mut self) -> Option<()> {
        self.token(b'"').then_some(())?;
        self.string()?;
        self.token(b':').then_some(())
    }

    fn scalar(&mut self) -> Option<()> {
        let words = [&b"true"[..], b"false", b"null"];
        if let Some(rest) = words.iter().find_map(|word| self.0.strip_prefix(*word)) {
            self.0 = rest;
            return Some(());
        }
        if self.eat(b"\"") {
            return self.string();
        }
        self.number()
    }

    /// Reads a string behind its first quote.
    fn string(&mut self) -> Option<()> {
        while !self.eat(b"\"") {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let is_allowed = match byte {
                b'\\' if self.eat(b"u") => (0..4).all(|_| self.eat(b"0123456789abcdefABCDEF")),
                b'\\' => self.eat(b"\"\\/bfnrt"),
                _ => byte >= b' ',
            };
            is_allowed.then_some(())?;
        }
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        self.eat(b"-");
        if !self.eat(b"0") {
            self.digits()?;
        }
        if self.eat(b".") {
            self.digits()?;
        }
        if self.eat(b"eE") {
            self.eat(b"+-");
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        self.eat(b"0123456789").then_some(())?;
        while self.eat(b"0123456789") {}
        Some(())
    }

    /// Returns the next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        while self.eat(b" \t\n\r") {}
        self.0.first().copied()
    }

    /// Steps over the next byte that is no blank if it is the wanted one.
    fn token(&mut self, wanted: u8) -> bool {
        self.peek() == Some(wanted) && self.eat(&[wanted])
    }

    /// Steps over the next byte if it is one of the wanted ones.
    fn eat(&mut self, wanted: &[u8]) -> bool {
        let is_wanted = self.0.first().is_some_and(|byte| wanted.contains(byte));
        self.0 = &self.0[usize::from(is_wanted)..];
        is_wanted
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_DEPTH, is_json};

    #[test]
    fn every_kind_of_value_is_json() {
        for text in [
            "{}",
            " [ ] ",
            "0",
            "-1.5e+3",
            "10E2",
            "true",
            "false",
            "null",
            r#""""#,
            r#"{"a":[1,{"b":"\"\\\u00e4"}],"c":{}}"#,
            "\t[\n\"ä\" ,\r-0]",
        ] {
            assert!(is_json(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_breaks_the_grammar_is_no_json() {
        for text in [
            "",
            " ",
            "nonsense",
            "nul",
            "garbage{",
            "{",
            "}",
            "[",
            "]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1}",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "'a'",
            "01",
            "+1",
            "-",
            "1.",
            ".5",
            "1e",
            "{} {}",
            "{}\0",
            "\"a",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\n\"",
            "\u{feff}{}",
            "truer",
        ] {
            assert!(!is_json(text.as_bytes()), "{text}");
        }
        assert!(!is_json(b"\"\xff\""));
    }

    #[test]
    fn the_deepest_body_is_read_to_its_end() {
        let mut body = [b'['; 2 * MAX_DEPTH];
        assert!(!is_json(&body));
        body[MAX_DEPTH..].fill(b']');
        assert!(is_json(&body));
    }
}

//! Where the head of a request ends.

/// A byte that no head may have at its place: not text, or the end of a line without CR LF.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotText;

/// Finds the end of a head, looking at each byte once.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    scanned: usize,
    place: Place,
}

/// What came last.
#[derive(Clone, Copy, Debug, Default)]
enum Place {
    /// The end of a line, or nothing yet.
    #[default]
    Start,
    /// A byte of a line.
    Line,
    /// The CR behind a line.
    LineEnd,
    /// The CR of an empty line.
    EmptyLine,
}

impl Scanner {
    /// Returns the length of the head at the start of `bytes`, its empty line included, once it is complete.
    ///
    /// `bytes` are those of the last call and what has come since.
    ///
    /// # Errors
    /// When no head may begin so. A line ends with CR LF: who takes a lone LF for its end may find another head than
    /// a proxy on the way did (RFC 9112, 2.2).
    pub(crate) fn scan(&mut self, bytes: &[u8]) -> Result<Option<usize>, NotText> {
        for byte in bytes.iter().skip(self.scanned) {
            self.scanned += 1;
            self.place = match (self.place, byte) {
                (Place::EmptyLine, b'\n') => return Ok(Some(self.scanned)),
                (Place::LineEnd, b'\n') => Place::Start,
                (Place::Start, b'\r') => Place::EmptyLine,
                (Place::Line, b'\r') => Place::LineEnd,
                (Place::Start | Place::Line, b'\t' | b' '..=b'~' | 0x80..) => Place::Line,
                _ => return Err(NotText),
            };
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::{NotText, Scanner};

    const HEAD: &[u8] = b"GET / HTTP/1.1\r\nA: b\r\n\r\n";

    #[test]
    fn a_head_ends_behind_its_empty_line_however_it_comes() {
        let with_body = [HEAD, b"body\0"].concat();
        assert_eq!(Scanner::default().scan(&with_body), Ok(Some(HEAD.len())));
        let mut scanner = Scanner::default();
        for length in 0..HEAD.len() {
            assert_eq!(scanner.scan(&HEAD[..length]), Ok(None), "{length}");
        }
        assert_eq!(scanner.scan(HEAD), Ok(Some(HEAD.len())));
        assert_eq!(Scanner::default().scan(b"\r\nGET"), Ok(Some(2)));
    }

    #[test]
    fn what_is_no_text_is_refused_where_it_stands() {
        for bytes in [
            &b"\0"[..],
            b"\n",
            b"\r\r",
            b"\rG",
            b"GET\n",
            b"GET\rX",
            b"GET\r\r",
            b"GET / HTTP/1.1\r\n\n",
            b"GET / HTTP/1.1\r\nA: \0",
            b"GET / HTTP/1.1\r\nA: \x7f",
            b"\x16",
        ] {
            let (last, before) = bytes.split_last().expect("there is one");
            let mut scanner = Scanner::default();
            assert_eq!(scanner.scan(before), Ok(None), "{last} too soon");
            assert_eq!(scanner.scan(bytes), Err(NotText), "{bytes:?}");
        }
    }

    #[test]
    fn each_byte_is_looked_at_once() {
        let mut scanner = Scanner::default();
        let line = [b'a'; 1000];
        for length in 1..=line.len() {
            assert_eq!(scanner.scan(&line[..length]), Ok(None));
            assert_eq!(scanner.scanned, length);
        }
    }
}

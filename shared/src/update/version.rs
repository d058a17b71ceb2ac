//! Which of two versions is the older one.

use core::cmp::Ordering;

/// Checks whether `version` comes before `than`, by the rules of Semantic Versioning 2.0.0 (item 11), with any count of numbers.
///
/// What begins with no number can't be compared, and is not older.
///
/// ```
/// use heapbeacon_shared::update::is_older;
///
/// assert!(is_older("1.9.0", "1.10.0"));
/// assert!(is_older("2.0.0-rc.1", "2.0.0"));
/// assert!(!is_older("2.0.0+other", "2.0.0"));
/// assert!(!is_older("today", "2.0.0"));
/// ```
pub fn is_older(version: &str, than: &str) -> bool {
    match (Version::of(version), Version::of(than)) {
        (Some(one), Some(other)) => one.compare(&other) == Ordering::Less,
        _ => false,
    }
}

/// A version without what was built.
struct Version<'t> {
    numbers: &'t str,
    /// What comes before the version itself.
    pre: Option<&'t str>,
}

impl<'t> Version<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let text = text.split('+').next().unwrap_or(text);
        let (numbers, pre) = match text.split_once('-') {
            Some((numbers, pre)) => (numbers, Some(pre)),
            None => (text, None),
        };
        let are_numbers = numbers.split('.').all(|part| number(part).is_some());
        are_numbers.then_some(Self { numbers, pre })
    }

    fn compare(&self, other: &Self) -> Ordering {
        let numbers = |text: &'t str| text.split('.').map(|part| number(part).unwrap_or(0));
        let (mut one, mut another) = (numbers(self.numbers), numbers(other.numbers));
        loop {
            match (one.next(), another.next()) {
                (None, None) => break,
                (one, another) => match one.unwrap_or(0).cmp(&another.unwrap_or(0)) {
                    Ordering::Equal => {}
                    unequal => return unequal,
                },
            }
        }
        match (self.pre, other.pre) {
            (None, None) => Ordering::Equal,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => compare_words(one, other),
        }
    }
}

fn number(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// Compares what comes before a version, word by word: numbers are before words, and fewer before more.
fn compare_words(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.split('.'), other.split('.'));
    loop {
        let ordering = match (one.next(), other.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(one), Some(other)) => match (number(one), number(other)) {
                (Some(one), Some(other)) => one.cmp(&other),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => one.cmp(other),
            },
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_older;

    #[test]
    fn versions_are_in_the_order_of_semantic_versioning() {
        // The example of its item 11, and what people write beside it.
        let sorted = [
            "0.9",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "v1.0.1",
            "1.2",
            "1.10.0",
            "20261129.1",
        ];
        for (index, one) in sorted.iter().enumerate() {
            for (other_index, other) in sorted.iter().enumerate() {
                let is_before = index < other_index;
                assert_eq!(is_older(one, other), is_before, "{one} {other}");
            }
        }
    }

    #[test]
    fn what_is_equal_or_no_version_is_not_older() {
        for (one, other) in [
            ("1.0.0", "1.0"),
            ("1.0.0+a", "1.0.0+b"),
            ("", "1.0.0"),
            ("1..0", "2.0.0"),
            ("+1", "2"),
            ("99999999999999999999", "1"),
            ("1.0.0", "git-abc"),
        ] {
            assert!(!is_older(one, other), "{one} {other}");
        }
    }
}

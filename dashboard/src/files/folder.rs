//! The source files of a project, from a folder that somebody chose. They are read in the browser, and never leave it.

use core::cmp::Ordering;

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, FileList};

/// What the names of source files end with: a folder may have a hundred thousand others.
const ENDS: [&str; 9] = ["rs", "c", "h", "cc", "cpp", "cxx", "hpp", "S", "s"];

/// Lines before the one that is meant, and behind it.
const AROUND: (usize, usize) = (3, 2);

/// The source files of a folder.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// Each file with its path inside.
    files: Vec<(String, File)>,
}

impl Folder {
    /// Takes the source files among those of a folder.
    pub fn of(list: &FileList) -> Self {
        let all = (0..list.length()).filter_map(|index| list.get(index));
        let files = all.filter_map(|file| {
            let path = Reflect::get(&file, &"webkitRelativePath".into()).ok()?;
            let path = path.as_string().filter(|path| !path.is_empty());
            let path = path.unwrap_or_else(|| file.name());
            is_source(&path).then_some((path, file))
        });
        Self {
            files: files.collect(),
        }
    }

    /// Returns how many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Reads the file that a path of the ELF means; `None` where there is none, or nobody can tell which one.
    pub async fn read(&self, path: &str) -> Option<String> {
        let paths: Vec<_> = self.files.iter().map(|(path, _)| path.as_str()).collect();
        let (_, file) = &self.files[meant(&paths, path)?];
        let text: JsValue = JsFuture::from(file.unchecked_ref::<web_sys::Blob>().text())
            .await
            .ok()?;
        text.as_string()
    }
}

fn is_source(path: &str) -> bool {
    let end = path.rsplit_once('.');
    end.is_some_and(|(_, end)| ENDS.contains(&end))
}

/// Returns the index of the file that a path of another machine means: the one that has the most of its end in common.
fn meant(paths: &[&str], wanted: &str) -> Option<usize> {
    let parts = |path: &str| -> Vec<String> {
        let parts = path.rsplit(['/', '\\']);
        parts.map(str::to_owned).collect()
    };
    let wanted = parts(wanted);
    let mut best = (0, None);
    for (index, path) in paths.iter().enumerate() {
        let same = parts(path)
            .iter()
            .zip(&wanted)
            .take_while(|(a, b)| a == b)
            .count();
        match same.cmp(&best.0) {
            Ordering::Greater => best = (same, Some(index)),
            // Two of them may be meant.
            Ordering::Equal => best.1 = None,
            Ordering::Less => {}
        }
    }
    best.1
}

/// Returns the lines around one, each with its number; empty if the file has no such line.
pub fn excerpt(text: &str, line: u32) -> Vec<(usize, String)> {
    let line = line as usize;
    if line == 0 || text.lines().count() < line {
        return Vec::new();
    }
    let (before, behind) = AROUND;
    let first = line.saturating_sub(before).max(1);
    let lines = (1..).zip(text.lines());
    let shown = lines.skip(first - 1).take(line + behind - first + 1);
    shown
        .map(|(number, text)| (number, text.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_another_machine_means_the_file_with_the_same_end() {
        let paths = [
            "app/src/main.rs",
            "app/net/src/main.rs",
            "app/net/src/session.rs",
            "app/src/a.rs",
            "app/other/a.rs",
        ];
        let meant = |wanted| meant(&paths, wanted);
        assert_eq!(meant("/home/me/app/net/src/session.rs"), Some(2));
        assert_eq!(meant("/build/7/app/src/main.rs"), Some(0));
        assert_eq!(meant("C:\\me\\app\\net\\src\\main.rs"), Some(1));
        assert_eq!(meant("session.rs"), Some(2));
        for unknown in ["/rustc/ab/library/std/src/lib.rs", "", "x/a.rs"] {
            assert_eq!(meant(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn lines_around_one_are_shown_with_their_numbers() {
        let text = "a\nb\nc\nd\ne\nf\ng";
        let numbers = |line| {
            let lines = excerpt(text, line).into_iter();
            lines.map(|(number, _)| number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(4), [1, 2, 3, 4, 5, 6]);
        assert_eq!(numbers(1), [1, 2, 3]);
        assert_eq!(numbers(7), [4, 5, 6, 7]);
        assert_eq!((numbers(8), numbers(0)), (vec![], vec![]));
        assert_eq!(excerpt(text, 4)[3], (4, "d".to_owned()));
    }

    #[test]
    fn only_source_files_are_kept() {
        assert!(is_source("app/src/main.rs") && is_source("a/b.cpp"));
        assert!(!is_source("app/target/debug/app") && !is_source("app/Cargo.lock"));
    }
}

//! Each export of one capture, byte by byte: so what no other test asks for stays as it was, too.

use std::fs;
use std::path::Path;

use heapbeacon_shared::export::Format;

use super::made::*;

#[test]
fn exports_are_as_they_were() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/golden");
    let made = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let bytes = all_mode();
    let changed = Format::ALL.into_iter().filter_map(|format| {
        let name = format!("all_mode.{}", format.extension());
        let document = export(&bytes, format);
        let is_same = fs::read(golden.join(&name)).is_ok_and(|golden| golden == document);
        let file = made.join(name);
        fs::write(&file, document).expect("the folder is there");
        (!is_same).then_some(file)
    });
    let changed: Vec<_> = changed.collect();
    assert!(
        changed.is_empty(),
        "where a change is meant, copy these to {}: {changed:?}",
        golden.display()
    );
}

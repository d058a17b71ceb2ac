//! What is answered to who asks for names of addresses.

use super::*;
#[cfg(all(feature = "functions", feature = "flash"))]
use crate::http::tests::symbols::hold_symbols;
#[cfg(all(feature = "functions", feature = "flash"))]
use crate::read::functions::Known;
#[cfg(all(feature = "functions", feature = "flash"))]
use crate::read::symbols::File;
#[cfg(all(feature = "functions", feature = "flash"))]
use crate::symbols::upload::{BLOCK, Upload};
#[cfg(all(feature = "functions", feature = "flash"))]
use heapbeacon_shared::symbol_file::{MAGIC, VERSION, VERSION_WITH_FUNCTIONS};

/// Posts addresses, and says something else behind them.
fn ask_for_names(addresses: &str) -> Peer {
    let length = addresses.len();
    Peer::that_leaves(format!(
        "POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{addresses}{}",
        get("/api/v1/device")
    ))
}

/// It posts more addresses than any other body may have bytes, and takes no profile where it gets no answer.
#[test]
fn whoever_asks_for_names_is_told_that_there_are_none_whatever_was_sent() {
    let (answer, _) = talk(ask_for_names(&"0x42000010+".repeat(1000)));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.ends_with("\r\n\r\nnum_symbols: 0\n"),
        "what was not read is no request: {answer}"
    );
    let (answer, _) = talk(ask_for_names(""));
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 2, "{answer}");
    let (answer, _) = talk(Peer::that_leaves(get("/debug/pprof/symbol")));
    assert!(answer.ends_with("\r\n\r\nnum_symbols: 0\n"), "{answer}");
}

/// A function that begins where code does.
#[cfg(feature = "functions")]
struct First;

#[cfg(feature = "functions")]
impl Functions for First {
    fn name(&self, address: u64) -> Option<&str> {
        let is_first = (CODE as u64..CODE as u64 + 16).contains(&address);
        is_first.then_some("_ZN3app5cache17h0123456789abcdefE")
    }
}

#[cfg(feature = "functions")]
#[test]
fn a_board_that_knows_its_functions_tells_as_many_names_as_are_asked_for_however_they_come() {
    const LINE: &str = "0x42000008\t_ZN3app5cache17h0123456789abcdefE\n";
    know(&First);
    let (answer, _) = talk(Peer::that_leaves(get("/debug/pprof/symbol")));
    assert!(answer.ends_with("\r\n\r\nnum_symbols: 1\n"), "{answer}");
    // Those of others, and what is none, have no line.
    let addresses = "0x42000008+0x42000010+nonsense+".repeat(300);
    for peer in [
        ask_for_names(&addresses),
        ask_for_names(&addresses).in_pieces(7),
    ] {
        let (answer, _) = talk(peer);
        let (head, names) = answer.split_once("\r\n\r\n").expect("a head ends");
        assert!(
            head.starts_with("HTTP/1.1 200") && head.contains("Connection: close"),
            "{head}"
        );
        assert_eq!(names, format!("num_symbols: 1\n{}", LINE.repeat(300)));
    }
    let (answer, _) = talk(ask_for_names("0x42000008"));
    assert!(
        answer.ends_with(&format!("num_symbols: 1\n{LINE}")),
        "{answer}"
    );
    let (answer, _) = talk(ask_for_names(&"0x42000008+".repeat(100_000)));
    assert!(answer.ends_with("num_symbols: 0\n"), "{answer}");
}

/// Makes a symbol file of the board's build with two functions, and a gap between them.
#[cfg(all(feature = "functions", feature = "flash"))]
fn file_with_functions() -> Vec<u8> {
    const NONE: u32 = u32::MAX;
    let code = CODE as u32;
    let rows = [[code, 0], [code + 16, NONE], [code + 32, 17]];
    let names = "app::cache::fill\0core::ops::function::FnOnce::call_once{{vtable.shim}}\0";
    let numbers = [rows.len() as u32, names.len() as u32];
    let numbers = numbers.iter().chain(rows.as_flattened());
    let mut functions: Vec<u8> = numbers.flat_map(|number| number.to_le_bytes()).collect();
    functions.extend(names.bytes());
    functions.extend([0x12; 4]);
    let mut file = Vec::from(MAGIC);
    file.extend([VERSION_WITH_FUNCTIONS, 20]);
    file.extend([BUILD; 20]);
    // No multiple of four lies where the functions do.
    for length in [99, 5, functions.len() as u32] {
        file.extend(length.to_le_bytes());
    }
    file.extend(*b"table");
    file.extend(functions);
    file
}

#[cfg(all(feature = "functions", feature = "flash"))]
const BUILD: u8 = 0x5a;

/// Has the board run the build that the file is of.
#[cfg(all(feature = "functions", feature = "flash"))]
fn run_build() {
    let device = api::Device {
        build_id: BuildId::new(&[BUILD; 20]),
        ..api::Device::default()
    };
    call(Names {
        device,
        ..Names::default()
    });
}

#[cfg(all(feature = "functions", feature = "flash"))]
#[test]
fn a_symbol_file_in_flash_names_functions_as_long_as_it_is_whole_and_of_the_build() {
    const NAMES: &str = "num_symbols: 1\n0x42000008\tapp::cache::fill\n0x42000020\tcore::ops::function::FnOnce::call_once{{vtable.shim}}\n";
    run_build();
    let told = |file: &[u8]| {
        hold_symbols(file);
        let (has, _) = talk(Peer::that_leaves(get("/debug/pprof/symbol")));
        let asked = "0x42000008+0x42000010+0x4200001f+0x42000020+0x41ffffff";
        let (answer, _) = talk(ask_for_names(asked));
        let (_, names) = answer.split_once("\r\n\r\n").expect("a head ends");
        assert_eq!(
            has.ends_with("num_symbols: 1\n"),
            names.starts_with("num_symbols: 1\n")
        );
        String::from(names)
    };
    let file = file_with_functions();
    assert_eq!(told(&file), NAMES);

    let mut without = file.clone();
    without[4] = VERSION;
    let mut of_another = file.clone();
    of_another[6] ^= 1;
    let cut = &file[..file.len() - 4];
    let mut too_many = file.clone();
    let rows = 6 + 20 + 12 + 5;
    too_many[rows] += 1;
    for file in [&without, &of_another, cut, &too_many, &[][..]] {
        assert!(told(file).contains("num_symbols: 0\n"), "{file:x?}");
    }
}

/// Whether he has begun to or not, and whether it was asked for before or behind that: what is found later may be of the new file.
#[cfg(all(feature = "functions", feature = "flash"))]
#[test]
fn while_somebody_may_write_other_names_none_is_told() {
    run_build();
    let file = file_with_functions();
    let mut block = [0; BLOCK];
    let part = hold_symbols(&file);
    let before = Known::open::<Board>().expect("nobody writes");
    assert!(matches!(before.find(CODE as u64), Ok(Some(_))));
    let mut upload = Upload::open(part, file.len() as u64, &mut block).expect("nobody writes");
    assert!(before.find(CODE as u64).is_err() && Known::open::<Board>().is_none());
    upload.room().copy_from_slice(&file);
    upload.take(file.len()).expect("it is a symbol file");
    while upload.check().expect("it is whole").is_none() {}
    assert!(before.find(CODE as u64).is_err() && Known::open::<Board>().is_none());
    drop(upload);
    assert!(before.find(CODE as u64).is_err() && Known::open::<Board>().is_some());
}

/// Their files can't be told apart.
#[cfg(all(feature = "functions", feature = "flash"))]
#[test]
fn a_build_without_an_id_has_no_functions() {
    call(Names::default());
    let mut file = file_with_functions();
    file.drain(6..26);
    file[5] = 0;
    hold_symbols(&file);
    assert!(File::open::<Board>().is_ok() && Known::open::<Board>().is_none());
}

//! What is answered to who asks for names of addresses.

use super::*;

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

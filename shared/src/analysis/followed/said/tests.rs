//! What is said for as long as it holds.

use alloc::vec::Vec;

use super::*;

const SECOND: u64 = 1_000_000;

const MAY_LEAK: Verdict = Verdict {
    kind: Kind::Filling,
    certain: false,
    bytes_per_minute: 64,
    since_us: 0,
};

fn certain(kind: Kind) -> Verdict {
    Verdict {
        kind,
        certain: true,
        ..Verdict::default()
    }
}

/// Returns what is said at each of some seconds.
fn said(evidence: &[(u64, Verdict)]) -> Vec<(u64, Verdict)> {
    let mut said = Said::default();
    let each = evidence.iter();
    each.map(|(second, verdict)| (*second, said.hold(*verdict, second * SECOND)))
        .collect()
}

#[test]
fn what_goes_to_and_fro_changes_once_in_five_minutes() {
    let [flight, one_off, plateau] = [Kind::InFlight, Kind::OneOff, Kind::Plateau].map(certain);
    // In the beginning each verdict tells more than the one before.
    let early = [(10, one_off), (20, MAY_LEAK), (40, plateau), (299, flight)];
    assert_eq!(said(&early), early);
    let evidence = [
        (10, flight),
        (400, one_off),
        (401, flight),
        (699, plateau),
        (700, plateau),
        (999, flight),
    ];
    let kinds = said(&evidence);
    let expected = [flight, one_off, one_off, one_off, plateau, plateau];
    assert!(kinds.iter().map(|(_, verdict)| *verdict).eq(expected));
}

#[test]
fn what_needs_action_and_what_is_suspected_anew_waits_for_nothing() {
    let [flight, one_off, plateau, leaking] =
        [Kind::InFlight, Kind::OneOff, Kind::Plateau, Kind::Leaking].map(certain);
    let anew = [
        (10, flight),
        (400, one_off),
        (420, MAY_LEAK),
        (430, leaking),
        (440, plateau),
    ];
    assert_eq!(said(&anew), anew);
    // It was suspected a moment ago.
    let again = [
        (10, flight),
        (400, MAY_LEAK),
        (700, plateau),
        (710, MAY_LEAK),
    ];
    assert_eq!(said(&again)[3], (710, plateau));
}

#[test]
fn numbers_of_the_same_verdict_do_not_wait() {
    let faster = Verdict {
        bytes_per_minute: 128,
        ..MAY_LEAK
    };
    let evidence = [(10, MAY_LEAK), (400, faster)];
    assert_eq!(said(&evidence), evidence);
}

#[test]
fn what_is_no_longer_certain_is_said_at_once() {
    let doubtful = Verdict {
        certain: false,
        ..certain(Kind::InFlight)
    };
    let evidence = [
        (10, certain(Kind::InFlight)),
        (400, certain(Kind::OneOff)),
        (410, doubtful),
        // What was only held to be so is held on to.
        (420, certain(Kind::Plateau)),
    ];
    assert_eq!(said(&evidence)[2..], [(410, doubtful), (420, doubtful)]);
}

//! What every agent is tested for beside crowds.
#![allow(
    unused_imports,
    unused_macros,
    reason = "not every test program is about crowds"
)]

/// Tests that an agent, started anew for each test, answers an honest client `within` a time, whatever a crowd does.
macro_rules! crowd_tests {
    (within: $soon:expr, agent: $start:expr) => {
        #[track_caller]
        fn answered_beside_a_crowd(kind: Kind) {
            for size in [24, 200] {
                let agent = ($start)();
                let client = agent.client();
                let _crowd = Crowd::of(size, kind, &client);
                let wait = wait(&client);
                println!("{kind:?} {size}: {wait:?}");
                assert!(wait < $soon, "{wait:?} beside {size}");
            }
        }

        #[test]
        fn soon_beside_a_crowd_that_says_nothing() {
            answered_beside_a_crowd(Kind::Silent);
        }

        #[test]
        fn soon_beside_a_crowd_that_sends_no_body() {
            answered_beside_a_crowd(Kind::NoBody);
        }

        #[test]
        fn soon_beside_a_crowd_that_sends_heads_slowly() {
            answered_beside_a_crowd(Kind::SlowHead);
        }

        #[test]
        fn soon_beside_a_crowd_that_sends_bodies_slowly() {
            answered_beside_a_crowd(Kind::SlowBody);
        }

        #[test]
        fn soon_beside_a_crowd_that_reads_slowly() {
            answered_beside_a_crowd(Kind::SlowReader);
        }

        #[test]
        fn soon_beside_a_crowd_that_reads_files_slowly() {
            answered_beside_a_crowd(Kind::SlowFileReader);
        }

        #[test]
        fn soon_beside_a_crowd_that_lingers() {
            answered_beside_a_crowd(Kind::Lingering);
        }

        #[test]
        fn soon_beside_a_crowd_that_is_busy() {
            answered_beside_a_crowd(Kind::Busy);
        }

        #[test]
        fn soon_beside_a_crowd_that_asks_ahead() {
            answered_beside_a_crowd(Kind::Pipelining);
        }

        #[test]
        fn soon_beside_a_crowd_that_returns() {
            answered_beside_a_crowd(Kind::Returning);
        }

        #[test]
        fn soon_beside_a_crowd_that_comes_and_goes() {
            answered_beside_a_crowd(Kind::Fleeting);
        }

        /// What comes over a round trip of 300 ms is answered beside a crowd, too; near clients would be answered at once.
        #[test]
        fn soon_when_far_away_beside_a_crowd() {
            for kind in [Kind::Silent, Kind::NoBody, Kind::SlowReader, Kind::Busy] {
                let agent = ($start)();
                let client = agent.client();
                let _crowd = Crowd::of(24, kind, &client);
                let wait = wait(&far(&client));
                println!("{kind:?}, far: {wait:?}");
                assert!(wait < $soon, "{kind:?}: {wait:?}");
            }
        }
    };
}

pub(crate) use crowd_tests;

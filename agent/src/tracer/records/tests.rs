//! How blocks are spread over the buckets.

use std::vec;

use super::*;

/// Returns how many records are looked at to find one of `live`, on average, while the table is full.
fn mean_probes(live: u16, addresses: impl Iterator<Item = usize>) -> f64 {
    let table = Table::place(&mut [], live + 1, || ());
    let mut probes = 0;
    let mut chains = vec![0_u32; usize::from(live) + 1];
    for address in addresses.take(live.into()) {
        let chain = &mut chains[table.bucket(key(address)).index()];
        *chain += 1;
        probes += *chain;
    }
    f64::from(probes) / f64::from(live)
}

/// With blocks at random it is 1.5.
#[test]
fn equally_spaced_blocks_are_found_as_soon_as_others() {
    let spacings = (16..=8192).step_by(if cfg!(miri) { 2048 } else { 8 });
    for spacing in spacings {
        // Miri, which is slow, looks at memory and not at means.
        let all = [256, 1000, 2048, 4000];
        for live in all.into_iter().take(if cfg!(miri) { 1 } else { all.len() }) {
            for base in [0x3fc8_0000, 0x3fca_1238, 0x4080_0000] {
                let mean = mean_probes(live, (base..).step_by(spacing));
                assert!(
                    mean <= 2.0,
                    "{mean} of {live} every {spacing} bytes from {base:#x}"
                );
            }
        }
    }
}

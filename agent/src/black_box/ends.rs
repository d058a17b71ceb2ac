//! How often boots have ended, by reason.

use heapbeacon_shared::trace::Reason;

use super::area::{Area, Content, Found, HEAD};

/// A count for each of the [reasons](Reason::ALL).
pub(super) type Counts = [u32; Reason::ALL.len()];

/// Words of the area that holds them.
pub(super) const ENDS: usize = HEAD + Reason::ALL.len();

/// Returns the counts; those of reasons that the firmware before did not know are 0, and all where nothing was counted.
pub(super) fn counts(area: &Area<'_>) -> Counts {
    let mut bytes = [[0; size_of::<u32>()]; Reason::ALL.len()];
    let flat = bytes.as_flattened_mut();
    if let Found::Content(content) = area.find()
        && let Some(counted) = flat.get_mut(..content.bytes)
    {
        area.read(0, counted);
    }
    bytes.map(u32::from_le_bytes)
}

/// Counts a boot that has ended, if it is known why; after a reset within this, all begin anew.
pub(super) fn count(area: &Area<'_>, reason: Option<Reason>) {
    let mut counts = counts(area);
    let place = reason.and_then(|reason| counts.get_mut(reason as usize));
    if let Some(count) = place {
        *count = count.saturating_add(1);
    }
    let bytes = counts.map(u32::to_le_bytes);
    area.open();
    area.write(0, bytes.as_flattened());
    area.seal(Content {
        number: 0,
        bytes: size_of_val(&bytes),
        messages: 0,
    });
}

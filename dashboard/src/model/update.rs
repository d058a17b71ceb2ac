//! Updates of the firmware in words.

use heapbeacon_shared::api::{Ota, OtaRejection, OtaSlot, OtaState};

/// Firmware that this page sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// What the file is called.
    pub name: String,
    /// Bytes that the device has.
    pub sent: u64,
    /// Bytes in all.
    pub total: u64,
    /// Whether somebody has given it up.
    pub is_cancelled: bool,
}

/// Says what is going on with updates.
pub fn state_words(ota: &Ota) -> String {
    let version = |index: u8| {
        let slot = ota.slots.get(usize::from(index));
        slot.and_then(|slot| slot.version.clone())
    };
    match ota.state {
        OtaState::Idle => "The device takes signed firmware over the network, and goes back to the old one by itself if it does not work.".to_owned(),
        OtaState::Receiving => "Firmware is on its way to the device.".to_owned(),
        OtaState::Interrupted => {
            let upload = ota.upload.clone().unwrap_or_default();
            let version = upload.version.unwrap_or_default();
            format!("The upload of firmware {version} was broken off. Send it again, or give it up.")
        }
        OtaState::Checking => "The firmware has come, and the device reads it back.".to_owned(),
        OtaState::RestartNeeded => {
            let version = version(ota.next).unwrap_or_default();
            format!("Firmware {version} has come and is whole. The device boots it when it restarts.")
        }
        OtaState::Trial => {
            let version = version(ota.running).unwrap_or_default();
            format!("Firmware {version} is on trial: it stays once it has a network and has answered.")
        }
    }
}

/// Says what a slot holds.
pub fn slot_words(ota: &Ota, index: usize, slot: &OtaSlot) -> String {
    let what = match (&slot.firmware, &slot.version) {
        (Some(firmware), Some(version)) => format!("{firmware} {version}"),
        _ if index == usize::from(ota.running) => {
            "firmware that did not come over the network".to_owned()
        }
        _ => "nothing that came over the network".to_owned(),
    };
    let role = match index {
        _ if index == usize::from(ota.running) => ", which runs",
        _ if index == usize::from(ota.next) => ", which is booted next",
        _ => "",
    };
    format!("Slot {index}: {what}{role}")
}

/// Says why a slot's firmware was left for the other; empty where it was not.
pub fn rejection_words(slot: &OtaSlot) -> &'static str {
    match slot.rejection {
        None if slot.is_rejected => "It did not work, and the old firmware came back.",
        None => "",
        Some(OtaRejection::NeverConfirmed) => {
            "It ended before it had a network and had answered, each time that it was started; so the old firmware came back."
        }
        Some(OtaRejection::NoNetwork) => {
            "It had no network in five minutes; so the old firmware came back."
        }
    }
}

/// Returns whether that changes by itself.
pub fn is_under_way(ota: &Ota) -> bool {
    matches!(
        ota.state,
        OtaState::Receiving | OtaState::Checking | OtaState::Trial
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ota(state: OtaState) -> Ota {
        let slot = |version: Option<&str>| OtaSlot {
            firmware: version.map(|_| "lamp".try_into().expect("short")),
            version: version.map(|version| version.try_into().expect("short")),
            ..OtaSlot::default()
        };
        Ota {
            state,
            running: 0,
            next: 1,
            slots: [slot(None), slot(Some("0.2.0"))].into_iter().collect(),
            ..Ota::default()
        }
    }

    #[test]
    fn what_is_booted_next_is_named() {
        let ota = ota(OtaState::RestartNeeded);
        assert!(state_words(&ota).starts_with("Firmware 0.2.0 has come"));
        let words: Vec<_> = ota
            .slots
            .iter()
            .enumerate()
            .map(|(index, slot)| slot_words(&ota, index, slot))
            .collect();
        assert_eq!(
            words,
            [
                "Slot 0: firmware that did not come over the network, which runs",
                "Slot 1: lamp 0.2.0, which is booted next"
            ]
        );
    }

    #[test]
    fn what_was_left_says_why() {
        let left = OtaSlot {
            is_rejected: true,
            rejection: Some(OtaRejection::NoNetwork),
            ..OtaSlot::default()
        };
        assert!(rejection_words(&left).contains("no network"));
        assert_eq!(rejection_words(&OtaSlot::default()), "");
    }
}

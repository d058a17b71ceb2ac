//! What somebody wishes of a device, while they write it down.

use heapbeacon_shared::api::{self, OnBoot, SettingsRequest, TriggerRequest};
use heapbeacon_shared::trace::{Action, BootTrace, Condition, MAX_TRIGGERS, Name, Secret};

/// What somebody wishes of a device, as it stands in the form.
#[derive(Clone, Debug, PartialEq)]
pub struct Wishes {
    pub name: String,
    pub trace: BootTrace,
    /// Empty for as many as the firmware takes.
    pub records: String,
    pub references: bool,
    pub log: bool,
    pub triggers: Vec<WishedTrigger>,
    pub wifi_ssid: String,
    /// Empty to leave it as it is, like all secrets: the device shows none.
    pub wifi_password: String,
    pub control_token: String,
    pub read_token: String,
}

/// A trigger, as it stands in the form.
#[derive(Clone, Debug, PartialEq)]
pub struct WishedTrigger {
    pub when: Condition,
    pub bytes: String,
    pub then: Action,
}

impl WishedTrigger {
    /// The one that somebody begins with.
    pub fn usual() -> Self {
        Self {
            when: Condition::FreeBelow,
            bytes: "16384".to_owned(),
            then: Action::Freeze,
        }
    }

    fn request(&self) -> Result<TriggerRequest, String> {
        let bytes = match self.when.has_bytes() {
            true => number(&self.bytes, "A trigger's limit")?,
            false => 0,
        };
        Ok(TriggerRequest {
            when: self.when,
            bytes,
            then: self.then,
            is_met: None,
            fired: None,
            fired_us: None,
        })
    }
}

impl Wishes {
    /// Returns what a device keeps, to be changed.
    pub fn of(settings: &api::Settings) -> Self {
        let trigger = |trigger: &api::Trigger| WishedTrigger {
            when: trigger.when,
            bytes: trigger.bytes.to_string(),
            then: trigger.then,
        };
        let records = settings.records.map(|records| records.to_string());
        Self {
            name: settings.name.to_string(),
            trace: settings.trace,
            records: records.unwrap_or_default(),
            references: settings.references,
            log: settings.log,
            triggers: settings.triggers.iter().map(trigger).collect(),
            wifi_ssid: settings.wifi_ssid.to_string(),
            wifi_password: String::new(),
            control_token: String::new(),
            read_token: String::new(),
        }
    }

    /// Returns what the device is asked for: what differs from what it keeps. What else may be wrong with it, the device says.
    ///
    /// # Errors
    /// A sentence on what does not fit into a request.
    pub fn request(&self, kept: &Self) -> Result<SettingsRequest, String> {
        let triggers = self.triggers.iter().map(WishedTrigger::request);
        let triggers = triggers.collect::<Result<Vec<_>, _>>()?;
        if triggers.len() > MAX_TRIGGERS {
            return Err(format!("A device has {MAX_TRIGGERS} triggers at most."));
        }
        let records = match self.records.trim() {
            "" => 0,
            records => number(records, "The number of records")?,
        };
        let name = text(&self.name, "The name")?;
        let ssid = text(&self.wifi_ssid, "The network's name")?;
        Ok(SettingsRequest {
            name: (self.name != kept.name).then_some(name),
            trace: (self.trace != kept.trace).then_some(OnBoot(self.trace)),
            records: (self.records != kept.records).then_some(records),
            references: (self.references != kept.references).then_some(self.references),
            log: (self.log != kept.log).then_some(self.log),
            triggers: (self.triggers != kept.triggers).then(|| triggers.into_iter().collect()),
            wifi_ssid: (self.wifi_ssid != kept.wifi_ssid).then_some(ssid),
            wifi_password: secret(&self.wifi_password, "The network's password")?,
            control_token: secret(&self.control_token, "The token for everything")?,
            read_token: secret(&self.read_token, "The token for reading")?,
            ..SettingsRequest::default()
        })
    }
}

fn number(text: &str, what: &str) -> Result<u32, String> {
    let number = text.trim().parse();
    number.map_err(|_| format!("{what} is a whole number from 0 to {}.", u32::MAX))
}

fn text(text: &str, what: &str) -> Result<Name, String> {
    let text = text.trim().try_into();
    text.map_err(|_| format!("{what} has 32 bytes at most."))
}

fn secret(word: &str, what: &str) -> Result<Option<Secret>, String> {
    let secret = match word {
        "" => return Ok(None),
        word => word.try_into(),
    };
    secret
        .map(Some)
        .map_err(|_| format!("{what} has 64 bytes at most."))
}

/// Returns a condition in words.
pub fn condition_words(condition: Condition) -> &'static str {
    match condition {
        Condition::FreeBelow => "less is free than",
        Condition::LargestBelow => "the largest free block is below",
        Condition::AllocationFailed => "an allocation failed",
        Condition::OutlivedAbove => "outlived blocks of a call site exceed",
        Condition::BlockLost => "blocks that nothing refers to exceed",
    }
}

/// Returns an action in words.
pub fn action_words(action: Action) -> &'static str {
    match action {
        Action::Mark => "set a mark",
        Action::Freeze => "stop the trace",
        Action::SwitchMode => "switch the mode",
        Action::Restart => "restart when it is quiet",
        Action::Snapshot => "keep the state as a post-mortem",
    }
}

/// Returns in words whether a device traces from boot on.
pub fn boot_words(trace: BootTrace) -> &'static str {
    match trace {
        BootTrace::Firmware => "as the firmware does",
        BootTrace::Off => "not before somebody starts it",
        BootTrace::Leaks => "leaks",
        BootTrace::All => "all, freed blocks too",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_touched_is_not_asked_for() {
        let settings = api::Settings {
            name: "kitchen".try_into().expect("it is short"),
            records: Some(64),
            references: true,
            log: true,
            triggers: [api::Trigger {
                when: Condition::AllocationFailed,
                bytes: 0,
                then: Action::Freeze,
                is_met: true,
                fired: 3,
                fired_us: Some(7),
            }]
            .into_iter()
            .collect(),
            has_control_token: true,
            ..api::Settings::default()
        };
        let kept = Wishes::of(&settings);
        let same = kept.request(&kept).expect("all of it fits");
        assert_eq!(same, SettingsRequest::default());
        let mut wishes = kept.clone();
        wishes.name = "cellar".to_owned();
        wishes.triggers.clear();
        let request = wishes.request(&kept).expect("all of it fits");
        assert_eq!(request.name.as_deref(), Some("cellar"));
        assert_eq!(request.records, None);
        assert_eq!(request.triggers.map(|triggers| triggers.len()), Some(0));
        assert_eq!((request.control_token, request.read_token), (None, None));
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let kept = Wishes::of(&api::Settings::default());
        let mut wishes = kept.clone();
        wishes.records = "many".to_owned();
        assert!(
            wishes
                .request(&kept)
                .is_err_and(|why| why.contains("records"))
        );
        wishes.records = " ".to_owned();
        assert_eq!(
            wishes.request(&kept).expect("none is usual").records,
            Some(0)
        );
        wishes.name = "x".repeat(33);
        assert!(
            wishes
                .request(&kept)
                .is_err_and(|why| why.contains("32 bytes"))
        );
        wishes.name.clear();
        wishes.triggers = vec![WishedTrigger::usual()];
        wishes.triggers[0].bytes = "-1".to_owned();
        assert!(
            wishes
                .request(&kept)
                .is_err_and(|why| why.contains("limit"))
        );
        wishes.triggers = vec![WishedTrigger::usual(); 5];
        assert!(wishes.request(&kept).is_err_and(|why| why.contains('4')));
    }
}

//! Chips, by the numbers that images have for them.

/// Numbers of chips by their names (ESP-IDF, `esp_chip_id_t`).
const CHIPS: [(&str, u16); 10] = [
    ("esp32", 0),
    ("esp32s2", 2),
    ("esp32c3", 5),
    ("esp32s3", 9),
    ("esp32c2", 12),
    ("esp32c6", 13),
    ("esp32h2", 16),
    ("esp32p4", 18),
    ("esp32c61", 20),
    ("esp32c5", 23),
];

/// Returns the name of the chip that an image of an ESP32 has a number for, as `esp32c3`.
pub fn chip_of(number: u16) -> Option<&'static str> {
    let mut chips = CHIPS.iter();
    chips.find_map(|(name, known)| (*known == number).then_some(*name))
}

#[cfg(test)]
mod tests {
    use super::{CHIPS, chip_of};

    #[test]
    fn every_number_is_one_chip() {
        for (name, number) in CHIPS {
            assert_eq!(chip_of(number), Some(name));
        }
        assert_eq!(chip_of(u16::MAX), None);
    }
}

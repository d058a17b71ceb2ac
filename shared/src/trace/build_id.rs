use core::fmt::{self, Write};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Most bytes of a build id: GNU linkers write 20 or 8, `lld` up to 20.
const MAX_BYTES: usize = 32;

/// A build id as `readelf -n` prints it: hexadecimal.
pub type BuildIdText = heapless::String<{ 2 * MAX_BYTES }>;

/// The GNU build id of an image, up to 32 bytes; empty if it was linked without one.
///
/// In JSON it is hexadecimal text (`"a1b2…"`), in postcard its bytes.
///
/// ```
/// use heapbeacon_shared::trace::BuildId;
///
/// let id = BuildId::new(&[0xab, 0x01]);
/// assert_eq!(id.text(), "ab01");
/// assert!(BuildId::default().is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildId(heapless::Vec<u8, MAX_BYTES>);

impl BuildId {
    /// Takes the first 32 bytes of a build id.
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.iter().copied().take(MAX_BYTES).collect())
    }

    /// Checks whether the image has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns it in hexadecimal, as `readelf -n` prints it.
    pub fn text(&self) -> BuildIdText {
        let mut text = BuildIdText::new();
        // There is room for all of it.
        let _ = write!(text, "{self}");
        text
    }
}

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for BuildId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&self.text())
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for BuildId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(HexVisitor)
        } else {
            heapless::Vec::deserialize(deserializer).map(Self)
        }
    }
}

struct HexVisitor;

impl de::Visitor<'_> for HexVisitor {
    type Value = BuildId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("up to 64 hexadecimal digits, two for each byte")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<BuildId, E> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let is_whole = rest.is_empty() && pairs.len() <= MAX_BYTES;
        let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
        let bytes = is_whole.then(|| pairs.iter().map(byte).collect()).flatten();
        bytes
            .map(BuildId)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

fn digit(byte: u8) -> Option<u8> {
    Some(char::from(byte).to_digit(16)? as u8)
}

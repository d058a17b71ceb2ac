//! Private keys, in PKCS#8 (RFC 8410) as `openssl genpkey -algorithm ed25519` writes them, and `openssl pkey` reads them.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{self, Path};

use anyhow::{Context, Result, anyhow, bail};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};

/// What is added to the name of a private key for that of the public one.
const PUBLIC: &str = "pub";

/// Writes a new private key to a file, and the public one beside it; returns what is said of them.
///
/// # Errors
/// When the file is in a repository, or is there already: nobody shall publish a key or lose one.
pub(crate) fn generate(path: &Path) -> Result<String> {
    let path = path::absolute(path)?;
    check_outside(&path)?;
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| anyhow!("no randomness: {error}"))?;
    let pair = KeypairBytes {
        secret_key: secret,
        // OpenSSL reads no key that has the public one in it.
        public_key: None,
    };
    let pem = pair.to_pkcs8_pem(LineEnding::LF);
    let pem = pem.map_err(|error| anyhow!("the key can't be written: {error}"))?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("can't make {}", path.display()))?;
    file.write_all(pem.as_bytes())?;
    let public = public_of(&SigningKey::from_bytes(&secret));
    let beside = path.with_added_extension(PUBLIC);
    fs::write(&beside, format!("{public}\n"))
        .with_context(|| format!("can't write {}", beside.display()))?;
    Ok(format!(
        "Private key: {}: whoever has it can put firmware onto your devices. Keep a copy of it, without it no device takes an update.\n\
         Public key, for the firmware, also in {}:\n{public}\n",
        path.display(),
        beside.display()
    ))
}

/// Reads a private key.
///
/// # Errors
/// When it can't be read, or is none.
pub(crate) fn read(path: &Path) -> Result<SigningKey> {
    let name = path.display();
    let pem = fs::read_to_string(path).with_context(|| format!("can't read {name}"))?;
    SigningKey::from_pkcs8_pem(&pem).map_err(|error| {
        anyhow!(
            "{name} is no private key as `cargo xtask keygen` writes it (PKCS#8, Ed25519): {error}"
        )
    })
}

/// Returns the public key in hexadecimal.
pub(crate) fn public_of(key: &SigningKey) -> String {
    let bytes = key.verifying_key().to_bytes();
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A string takes all that it is given.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Checks that no folder above is a repository's.
fn check_outside(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    // A link may lead into one.
    let folder = folder
        .canonicalize()
        .with_context(|| format!("there is no folder {}", folder.display()))?;
    match folder
        .ancestors()
        .find(|folder| folder.join(".git").exists())
    {
        None => Ok(()),
        Some(top) => bail!(
            "{} is inside the repository {}, where it would be published some day: choose a file elsewhere",
            path.display(),
            top.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// The example of RFC 8410, 10.3, and its public key, from 10.1.
    const EXAMPLE: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";
    const PUBLIC_OF_EXAMPLE: &str =
        "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

    #[test]
    fn a_key_is_read_as_others_write_it() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("key.pem");
        fs::write(&path, EXAMPLE).expect("there is room");
        let key = read(&path).expect("it is one");
        assert_eq!(public_of(&key), PUBLIC_OF_EXAMPLE);
        fs::write(&path, EXAMPLE.replace("BCIE", "BCIF")).expect("there is room");
        let error = read(&path).expect_err("it is damaged");
        assert!(format!("{error:#}").contains("no private key"), "{error:#}");
    }

    #[test]
    fn a_new_key_is_written_for_its_owner_alone_and_never_over_another() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("key.pem");
        let said = generate(&path).expect("there is room");
        let key = read(&path).expect("it is one");
        let public = public_of(&key);
        assert!(said.contains(&public), "{said}");
        let beside = fs::read_to_string(folder.path().join("key.pem.pub"));
        assert_eq!(beside.expect("it is there"), format!("{public}\n"));
        let pem = fs::read_to_string(&path).expect("it is there");
        assert_eq!(pem.len(), EXAMPLE.len(), "OpenSSL reads no other form");
        let mode = fs::metadata(&path)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let error = generate(&path).expect_err("it is there already");
        assert!(format!("{error:#}").contains("can't make"), "{error:#}");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), pem);
        let other = folder.path().join("other.pem");
        generate(&other).expect("there is room");
        assert_ne!(public_of(&read(&other).expect("it is one")), public);
    }

    #[test]
    fn no_key_is_written_into_a_repository() {
        let folder = tempfile::tempdir().expect("there is room");
        let inside = folder.path().join("repository/keys");
        fs::create_dir_all(&inside).expect("there is room");
        fs::create_dir(folder.path().join("repository/.git")).expect("there is room");
        let link = folder.path().join("link");
        symlink(&inside, &link).expect("there is room");
        for folder in [inside.clone(), link, inside.join("../keys")] {
            let error = generate(&folder.join("key.pem")).expect_err("it is inside");
            assert!(format!("{error:#}").contains("inside the repository"));
        }
        assert_eq!(fs::read_dir(&inside).expect("it is there").count(), 0);
        let error = generate(&folder.path().join("nowhere/key.pem")).expect_err("no folder");
        assert!(format!("{error:#}").contains("no folder"), "{error:#}");
    }
}

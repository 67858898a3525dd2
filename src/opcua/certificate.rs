//! Certificates: the controller's own, and those of clients, trusted one by one.
//!
//! `own/cert.der` and `private/private.pem` are the controller's; `trusted/` holds the exact certificates that may connect;
//! a client that is not among them is refused and leaves its certificate in `rejected/`, from where
//! `sweetspring trust FILE` takes it. What lies in both folders counts as rejected.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ::opcua::crypto::{CertificateStore, X509, X509Data};
use thiserror::Error;
use tokio::task::spawn_blocking;

/// RSA key length, bits. The policies we offer accept 2 048 to 4 096; 2 048 is their recommendation for small machines.
const KEY_BITS: u32 = 2048;
/// The controller's certificate lives for five years (`docs/spec/interfaces.md` UA-14).
const LIFE_DAYS: u32 = 5 * 365;
/// Rejected certificates kept; the oldest go first. Otherwise anybody could fill the disk with them.
const REJECTED_MAX: usize = 100;
/// How often they are looked through.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What went wrong with certificates.
#[derive(Debug, Error)]
pub enum CertificateFailed {
    #[error("{path}: {source}", path = path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("making the certificate: {0}")]
    Make(String),
    #[error("{path}: no certificate in DER or PEM form", path = .0.display())]
    NoCertificate(PathBuf),
    #[error("no certificate {file}, neither there nor in {rejected}", file = file.display(), rejected = rejected.display())]
    Missing { file: PathBuf, rejected: PathBuf },
    #[error("a key of {bits} bits is too short: the client needs one of at least {KEY_BITS}")]
    ShortKey { bits: usize },
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> CertificateFailed {
    let path = path.to_path_buf();
    move |source| CertificateFailed::File { path, source }
}

fn trusted(pki: &Path) -> PathBuf {
    pki.join("trusted")
}

fn rejected(pki: &Path) -> PathBuf {
    pki.join("rejected")
}

/// Makes the folders; the private key's is closed to everybody else.
pub fn prepare(pki: &Path) -> Result<(), CertificateFailed> {
    for folder in [pki.join("own"), pki.join("private"), trusted(pki), rejected(pki)] {
        fs::create_dir_all(&folder).map_err(at(&folder))?;
    }
    close(&pki.join("private"), 0o700)
}

#[cfg(unix)]
fn close(path: &Path, mode: u32) -> Result<(), CertificateFailed> {
    use std::os::unix::fs::PermissionsExt;
    // On a read-only disk what is right already must not be an error.
    let found = fs::metadata(path).map_err(at(path))?.permissions().mode() & 0o777;
    if found == mode {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(at(path))
}

#[cfg(not(unix))]
fn close(_path: &Path, _mode: u32) -> Result<(), CertificateFailed> {
    Ok(())
}

/// The controller's own certificate, made on first boot. Takes seconds on a small machine: never call it where something
/// waits. A key that is there is kept; a certificate is renewed only when it is missing or names another application.
pub fn own(pki: &Path, application_uri: &str, plant: &str) -> Result<(), CertificateFailed> {
    let (cert_path, key_path) = (pki.join("own/cert.der"), pki.join("private/private.pem"));
    let key = CertificateStore::read_pkey(&key_path).ok();
    let cert = CertificateStore::read_cert(&cert_path).ok();
    let fits = |cert: &X509| cert.is_application_uri_valid(application_uri).is_ok();
    let data = || X509Data {
        key_size: KEY_BITS,
        common_name: format!("Sweetspring {}", plain(plant)).trim_end().to_owned(),
        organization: "Sweetspring".to_owned(),
        organizational_unit: String::new(),
        country: String::new(),
        state: String::new(),
        alt_host_names: X509Data::alt_host_names(application_uri, None, true, true, false),
        certificate_duration_days: LIFE_DAYS,
    };
    let cert = match (key, cert) {
        (Some(_), Some(cert)) if fits(&cert) => return Ok(()),
        (Some(key), _) => X509::from_pkey(&key, &data()).map_err(CertificateFailed::Make)?,
        (None, _) => {
            // The library writes both; renamed in this order, a cut in between leaves a key without certificate, which
            // the next start completes.
            let (new_cert, new_key) = (pki.join("private/new.der"), pki.join("private/new.pem"));
            let (cert, _) =
                CertificateStore::create_certificate_and_key(&data(), true, &new_cert, &new_key)
                    .map_err(CertificateFailed::Make)?;
            CertificateStore::read_pkey(&new_key).map_err(CertificateFailed::Make)?;
            close(&new_key, 0o600)?;
            fs::File::open(&new_key).and_then(|file| file.sync_all()).map_err(at(&new_key))?;
            fs::rename(&new_key, &key_path).map_err(at(&key_path))?;
            fs::remove_file(&new_cert).map_err(at(&new_cert))?;
            cert
        }
    };
    let der = cert.to_der().map_err(|error| CertificateFailed::Make(error.to_string()))?;
    write_whole(&cert_path, &der)?;
    tracing::info!(fingerprint = fingerprint(&cert), "made the controller's OPC UA certificate");
    Ok(())
}

/// Letters that need no quoting in a certificate's name.
fn plain(name: &str) -> String {
    let keep = |character: char| character.is_ascii_alphanumeric() || " -_.".contains(character);
    name.chars().filter(|character| keep(*character)).collect()
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), CertificateFailed> {
    let new = path.with_extension("new");
    let mut file = fs::File::create(&new).map_err(at(&new))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(at(&new))?;
    fs::rename(&new, path).map_err(at(path))
}

/// SHA-1 of the certificate in pairs of digits, as OPC UA clients show it.
fn fingerprint(cert: &X509) -> String {
    let pairs: Vec<String> =
        cert.thumbprint().value().iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

fn read(path: &Path) -> Result<X509, CertificateFailed> {
    let bytes = fs::read(path).map_err(at(path))?;
    X509::from_der(&bytes)
        .or_else(|_| X509::from_pem(&bytes))
        .map_err(|_| CertificateFailed::NoCertificate(path.to_path_buf()))
}

/// Trusts a client's certificate, from now on and without a restart. `file` is a certificate in DER or PEM form, or the name
/// of one among the rejected. Answers with what was trusted, for a person to compare with what the client shows.
pub fn trust(pki: &Path, file: &Path) -> Result<String, CertificateFailed> {
    prepare(pki)?;
    let among_rejected = rejected(pki).join(file);
    let path = if file.exists() {
        file
    } else if among_rejected.exists() {
        &among_rejected
    } else {
        return Err(CertificateFailed::Missing { file: file.into(), rejected: rejected(pki) });
    };
    let cert = read(path)?;
    let bits = cert.key_length().unwrap_or(0);
    if bits < KEY_BITS as usize {
        return Err(CertificateFailed::ShortKey { bits });
    }
    let name = CertificateStore::cert_file_name(&cert);
    let der = cert.to_der().map_err(|error| CertificateFailed::Make(error.to_string()))?;
    write_whole(&trusted(pki).join(&name), &der)?;
    let refused = rejected(pki).join(&name);
    if refused.exists() {
        fs::remove_file(&refused).map_err(at(&refused))?;
    }
    Ok(format!("trusted {}, SHA-1 fingerprint {}", cert.subject_name(), fingerprint(&cert)))
}

/// The rejected certificates: says each new one once, keeps the newest hundred.
#[derive(Default)]
struct Rejected {
    said: BTreeSet<PathBuf>,
}

impl Rejected {
    /// What lies there already was said in an earlier life.
    fn begin(pki: &Path) -> Rejected {
        Rejected { said: list(pki).into_iter().map(|(_, path)| path).collect() }
    }

    /// One look. Failures to read the folder are the library's to report: it cannot let anybody in then.
    fn look(&mut self, pki: &Path) {
        let mut there = list(pki);
        there.sort();
        let surplus = there.len().saturating_sub(REJECTED_MAX);
        for (_, path) in there.drain(..surplus) {
            if let Err(error) = fs::remove_file(&path) {
                tracing::warn!(file = %path.display(), %error, "old rejected certificate stays");
            }
        }
        let there: BTreeSet<PathBuf> = there.into_iter().map(|(_, path)| path).collect();
        for path in there.difference(&self.said) {
            match read(path) {
                Ok(cert) => tracing::warn!(
                    client = cert.subject_name(),
                    fingerprint = fingerprint(&cert),
                    file = %path.display(),
                    "refused an OPC UA client with an unknown certificate; to let it in: sweetspring trust FILE"
                ),
                Err(error) => tracing::warn!(%error, "refused an OPC UA client"),
            }
        }
        self.said = there;
    }
}

/// Looks every so often. The folder is read off the runtime: a disk that hangs must not hold up the clients.
pub async fn watch(pki: PathBuf) {
    let begun = pki.clone();
    let Ok(mut rejected) = spawn_blocking(move || Rejected::begin(&begun)).await else { return };
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let pki = pki.clone();
        let look = spawn_blocking(move || {
            rejected.look(&pki);
            rejected
        });
        match look.await {
            Ok(looked) => rejected = looked,
            Err(error) => {
                tracing::error!(%error, "rejected certificates are looked through no longer");
                return;
            }
        }
    }
}

/// Rejected certificates with their age, in no order.
fn list(pki: &Path) -> Vec<(SystemTime, PathBuf)> {
    let Ok(folder) = fs::read_dir(rejected(pki)) else { return Vec::new() };
    folder
        .flatten()
        .map(|file| {
            let changed = file.metadata().and_then(|about| about.modified());
            (changed.unwrap_or(SystemTime::UNIX_EPOCH), file.path())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "urn:sweetspring:controller:yang-neua";

    /// A client's certificate, in a folder of its own.
    fn client(folder: &Path) -> PathBuf {
        own(folder, "urn:client", "client").unwrap();
        folder.join("own/cert.der")
    }

    fn pki(folder: &Path, name: &str) -> PathBuf {
        let pki = folder.join(name);
        prepare(&pki).unwrap();
        pki
    }

    #[test]
    fn the_key_stays_when_only_the_certificate_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let pki = pki(folder.path(), "pki");
        own(&pki, URI, "Yang Neua, east").unwrap();
        let key = fs::read(pki.join("private/private.pem")).unwrap();
        let cert = fs::read(pki.join("own/cert.der")).unwrap();
        own(&pki, URI, "Yang Neua, east").unwrap();
        assert_eq!(fs::read(pki.join("own/cert.der")).unwrap(), cert, "nothing to renew");

        fs::remove_file(pki.join("own/cert.der")).unwrap();
        own(&pki, URI, "Yang Neua, east").unwrap();
        assert_eq!(fs::read(pki.join("private/private.pem")).unwrap(), key);
        let again = read(&pki.join("own/cert.der")).unwrap();
        assert!(again.is_application_uri_valid(URI).is_ok());
        assert!(!pki.join("private/new.pem").exists() && !pki.join("private/new.der").exists());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_on_the_machine_reads_the_private_key() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let pki = pki(folder.path(), "pki");
        own(&pki, URI, "x").unwrap();
        for (name, mode) in [("private", 0o700), ("private/private.pem", 0o600)] {
            let found = fs::metadata(pki.join(name)).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{name}");
        }
    }

    #[test]
    fn a_trusted_certificate_is_rejected_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let (pki, other) = (pki(folder.path(), "pki"), pki(folder.path(), "client"));
        let cert = client(&other);
        let name = CertificateStore::cert_file_name(&read(&cert).unwrap());
        fs::copy(&cert, rejected(&pki).join(&name)).unwrap();

        let said = trust(&pki, Path::new(&name)).unwrap();
        assert!(said.contains(&fingerprint(&read(&cert).unwrap())), "{said}");
        assert!(trusted(&pki).join(&name).exists() && !rejected(&pki).join(&name).exists());
        trust(&pki, &cert).unwrap();
    }

    #[test]
    fn what_is_no_certificate_is_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let pki = pki(folder.path(), "pki");
        let file = folder.path().join("note.txt");
        fs::write(&file, "hello").unwrap();
        assert!(matches!(trust(&pki, &file), Err(CertificateFailed::NoCertificate(_))));
        let missing = trust(&pki, Path::new("nowhere.der"));
        assert!(matches!(missing, Err(CertificateFailed::Missing { .. })));
        assert_eq!(fs::read_dir(trusted(&pki)).unwrap().count(), 0);
    }

    #[test]
    fn only_the_newest_hundred_rejected_certificates_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let pki = pki(folder.path(), "pki");
        for number in 0..REJECTED_MAX + 5 {
            let path = rejected(&pki).join(format!("{number}.der"));
            let file = fs::File::create(path).unwrap();
            let age = Duration::from_secs(1_000_000 + number as u64);
            file.set_modified(SystemTime::UNIX_EPOCH + age).unwrap();
        }
        let mut watched = Rejected::begin(&pki);
        watched.look(&pki);
        assert_eq!(list(&pki).len(), REJECTED_MAX);
        assert!(!rejected(&pki).join("4.der").exists() && rejected(&pki).join("5.der").exists());
    }
}

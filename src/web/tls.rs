//! The plant's own certificate: made once, kept in the state folder, private key readable by the controller alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;

/// The name a village tablet finds the plant by.
const LOCAL_NAME: &str = "plant.local";
/// Validity in years: the plant's clock may be wrong by decades when the certificate is made, and again whenever it is checked.
const VALID: (i32, i32) = (2020, 2049);

/// Why there is no certificate.
#[derive(Debug, Error)]
pub enum TlsFailed {
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("certificate not made: {0}")]
    Made(#[from] rcgen::Error),
    #[error("{path} is not a PEM file: {source}")]
    Pem { path: PathBuf, source: pem::Error },
    #[error("certificate and key not usable: {0}")]
    Unusable(#[from] rustls::Error),
}

/// The settings of a TLS listener, with the certificate of an earlier start where there is one. Blocks.
pub fn settings(state: &Path, site: &str, address: IpAddr) -> Result<Arc<ServerConfig>, TlsFailed> {
    let folder = state.join("tls");
    let (certificate, key) = (folder.join("hmi.crt"), folder.join("hmi.key"));
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsFailed::File { path, source }
    };
    if !certificate.exists() || !key.exists() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(at(&folder))?;
        let (certificate_pem, key_pem) = make(site, address)?;
        // The certificate comes last: a start that finds it finds its key too.
        write(&key, key_pem.as_bytes(), 0o600).map_err(at(&key))?;
        write(&certificate, certificate_pem.as_bytes(), 0o644).map_err(at(&certificate))?;
        tracing::info!(certificate = %certificate.display(), "made the certificate of the HMI");
    }
    let not_pem = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsFailed::Pem { path, source }
    };
    let chain = CertificateDer::pem_file_iter(&certificate).map_err(not_pem(&certificate))?;
    let chain: Result<Vec<_>, _> = chain.collect();
    let key_der = PrivateKeyDer::from_pem_file(&key).map_err(not_pem(&key))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut settings = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain.map_err(not_pem(&certificate))?, key_der)?;
    settings.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(settings))
}

fn make(site: &str, address: IpAddr) -> Result<(String, String), rcgen::Error> {
    let mut names = vec![LOCAL_NAME.to_owned(), "localhost".into(), "127.0.0.1".into()];
    if let Ok(own) = fs::read_to_string("/proc/sys/kernel/hostname") {
        let own = own.trim();
        if own.is_ascii() && !own.is_empty() {
            names.push(own.to_owned());
        }
    }
    if !address.is_unspecified() {
        names.push(address.to_string());
    }
    names.dedup();
    let mut certificate = CertificateParams::new(names)?;
    certificate.distinguished_name.push(DnType::CommonName, format!("Sweetspring {site}"));
    certificate.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    certificate.not_before = rcgen::date_time_ymd(VALID.0, 1, 1);
    certificate.not_after = rcgen::date_time_ymd(VALID.1, 12, 31);
    let key = KeyPair::generate()?;
    Ok((certificate.self_signed(&key)?.pem(), key.serialize_pem()))
}

/// Whole or not at all.
fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let draft = path.with_extension("new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_certificate_is_made_once_and_its_key_is_private() {
        let state = tempfile::tempdir().unwrap();
        let address = IpAddr::from([192, 168, 1, 10]);
        settings(state.path(), "Ban Yang Neua", address).unwrap();
        let read = |name: &str| fs::read(state.path().join("tls").join(name)).unwrap();
        let first = (read("hmi.crt"), read("hmi.key"));
        settings(state.path(), "Ban Yang Neua", address).unwrap();
        assert_eq!((read("hmi.crt"), read("hmi.key")), first);
        let mode = fs::metadata(state.path().join("tls/hmi.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_certificate_is_named_and_not_replaced() {
        let state = tempfile::tempdir().unwrap();
        let address = IpAddr::from([0, 0, 0, 0]);
        settings(state.path(), "x", address).unwrap();
        fs::write(state.path().join("tls/hmi.key"), "nothing").unwrap();
        let error = settings(state.path(), "x", address).unwrap_err().to_string();
        assert!(error.contains("hmi.key"), "{error}");
    }
}

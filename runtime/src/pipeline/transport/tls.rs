//! Certificates of a client, read from files.

use reqwest::{Certificate, ClientBuilder, Identity};

use super::http::ClientError;
use crate::export::{PemFile, TlsFiles};

/// Reads the files into the client. Blocks while it reads.
pub(super) fn with_files(
    mut builder: ClientBuilder,
    files: &TlsFiles,
) -> Result<ClientBuilder, ClientError> {
    if let Some(file) = &files.ca {
        let certificates = Certificate::from_pem_bundle(&read(file)?);
        let certificates = certificates.ok().filter(|found| !found.is_empty());
        let none = || ClientError::file(file, &"it holds no certificates in PEM");
        builder = builder.tls_certs_only(certificates.ok_or_else(none)?);
    }
    if let (Some(certificate), Some(key)) = (&files.client_certificate, &files.client_key) {
        // One text with both, in which a file without a last line break must not join the next.
        let pem = [read(key)?, b"\n".to_vec(), read(certificate)?].concat();
        let identity = Identity::from_pem(&pem).map_err(|_| {
            let problem = format!("it and {key} hold no certificate with a private key in PEM");
            ClientError::file(certificate, &problem)
        })?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

/// The files as a message names them; empty for none.
pub(super) fn names(files: &TlsFiles) -> String {
    let TlsFiles { ca, client_certificate, client_key } = files;
    let named = [ca, client_certificate, client_key].into_iter().flatten();
    named.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn read(file: &PemFile) -> Result<Vec<u8>, ClientError> {
    std::fs::read(&file.path).map_err(|error| ClientError::file(file, &error))
}

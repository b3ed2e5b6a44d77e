//! Names of files with certificates, as settings hold them.

use std::fmt;
use std::path::PathBuf;

/// Files that replace or add to what the system's TLS has for one destination. They are read once, when the
/// destination starts; one that cannot be used turns the destination off, with a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificates of the authorities that a server's certificate may come from, instead of those of the
    /// system. They hold for a proxy at an `https://` address, too: the HTTP client has one set of
    /// certificates for the destination and the proxy before it.
    pub ca: Option<PemFile>,
    /// Certificate, with its chain, by which the server knows this client; only together with its key.
    pub client_certificate: Option<PemFile>,
    /// Private key of that certificate.
    pub client_key: Option<PemFile>,
}

/// A file in PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct PemFile {
    /// Path of the file.
    pub path: PathBuf,
    /// The variable that names it.
    variable: Option<&'static str>,
}

impl PemFile {
    /// A file that is named in code.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), variable: None }
    }

    #[cfg_attr(
        not(feature = "otlp"),
        expect(dead_code, reason = "named by variables of OTLP alone")
    )]
    pub(super) fn named_by(variable: &'static str, path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), variable: Some(variable) }
    }
}

/// The path, after the variable that names it.
impl fmt::Display for PemFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(variable) = self.variable {
            write!(f, "{variable} ")?;
        }
        write!(f, "`{}`", self.path.display())
    }
}

impl fmt::Debug for PemFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

//! A certificate for tests, and a client that trusts it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A self-signed certificate for `localhost`, as files.
pub struct Certificate {
    /// The certificate, PEM.
    pub cert: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    der: CertificateDer<'static>,
    pem: String,
}

impl Certificate {
    /// Makes one in `folder`.
    ///
    /// # Panics
    /// When it cannot be made or written.
    #[must_use]
    pub fn fresh(folder: &Path) -> Self {
        let names = vec!["localhost".to_owned()];
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(names).expect("a certificate");
        let paths = (folder.join("cert.pem"), folder.join("key.pem"));
        std::fs::write(&paths.0, cert.pem()).expect("it can be written");
        std::fs::write(&paths.1, signing_key.serialize_pem()).expect("it can be written");
        Self { cert: paths.0, key: paths.1, der: cert.der().clone(), pem: cert.pem() }
    }

    /// An HTTP client that trusts this certificate alone.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn client(&self) -> reqwest::Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let root = reqwest::Certificate::from_pem(self.pem.as_bytes()).expect("a certificate");
        reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([root])
            .timeout(crate::client::PATIENCE)
            .build()
            .expect("a client")
    }

    /// Connects to `address` as `localhost`.
    ///
    /// # Panics
    /// When the handshake fails.
    pub async fn connect(&self, address: SocketAddr) -> TlsStream<TcpStream> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.der.clone()).expect("a certificate");
        let config =
            rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(address).await.expect("it listens");
        let name = ServerName::try_from("localhost").expect("a name");
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await.expect("the handshake succeeds")
    }
}

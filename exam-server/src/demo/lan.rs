//! A certificate for phones of the same network, and the addresses they can use.

use std::net::{IpAddr, UdpSocket};
use std::path::{Path, PathBuf};

use anyhow::Context;
use rcgen::{CertifiedKey, generate_simple_self_signed};

use super::is_reachable;

/// The addresses of this machine that a phone of the same network can reach.
pub(super) fn addresses() -> Vec<IpAddr> {
    // Choosing a route sends nothing; 192.0.2.1 is an address for documentation.
    let route = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    route.map(|address| address.ip()).into_iter().filter(is_reachable).collect()
}

/// A self-signed certificate in `folder`, made anew for the addresses of now.
pub(super) fn certificate(folder: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    names.extend(addresses().iter().map(ToString::to_string));
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(names).context("no certificate can be made")?;
    let paths = (folder.join("demo-cert.pem"), folder.join("demo-key.pem"));
    std::fs::write(&paths.0, cert.pem())?;
    std::fs::write(&paths.1, signing_key.serialize_pem())?;
    Ok(paths)
}

//! Configuration: a file, then the environment, then flags; the later wins.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use exam_core::time::Timestamp;
use ipnet::IpNet;
use proctor::likeness::Colours;
use serde::Deserialize;

use crate::snapshots::S3Access;

/// The prefix of environment variables.
const PREFIX: &str = "EXAM";

/// What can be configured. Every field may stand in the file, and as `EXAM_…` in the environment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `sqlite:PATH` or `postgres://…`.
    pub database: Option<String>,
    /// `HOST:PORT`.
    pub listen: Option<String>,
    /// The folder that photos are kept in, or `s3://BUCKET[/PREFIX]`.
    pub photos: Option<PathBuf>,
    /// The address of a photo store that speaks S3; without one, Amazon's.
    pub photos_endpoint: Option<String>,
    /// Its region.
    pub photos_region: Option<String>,
    /// The id of the access key to it.
    pub photos_key_id: Option<String>,
    /// The secret of that key.
    pub photos_secret: Option<String>,
    /// A model in ONNX by which snapshots are compared with the registry's photographs, of candidates
    /// who agreed to that; without one, none are.
    pub matching_model: Option<PathBuf>,
    /// How alike the two have to be, −1 to 1.
    pub matching_threshold: Option<f32>,
    /// What the model wants to see of a colour: `rgb` or `bgr_bytes`.
    pub matching_colours: Option<Colours>,
    /// The file with the server's secret key, 64 hexadecimal digits.
    pub key_file: Option<PathBuf>,
    /// The secret key itself; the file is safer.
    pub key: Option<String>,
    /// The TLS certificate chain, PEM.
    pub tls_cert: Option<PathBuf>,
    /// The TLS private key, PEM.
    pub tls_key: Option<PathBuf>,
    /// Addresses of proxies that end TLS and say where a request came from.
    #[serde(deserialize_with = "list")]
    pub trusted_proxies: Vec<String>,
    /// The origins under which browsers see this server, such as `https://exam.example.com`.
    #[serde(deserialize_with = "list")]
    pub public_origins: Vec<String>,
    /// The authority in whose name exams are held, shown on the first page.
    pub authority: Option<String>,
    /// Lines of the support contact, shown on the pages.
    #[serde(deserialize_with = "list")]
    pub support_lines: Vec<String>,
    /// Files by which an app store or messenger sees whose site this is, `NAME.txt=CONTENT`.
    #[serde(deserialize_with = "list")]
    pub verification_files: Vec<String>,
    /// The daily maintenance window in local time, `HH:MM-HH:MM`.
    pub maintenance: Option<String>,
}

/// A list, or in the environment its items with commas between them.
fn list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::Many(items) => items,
        OneOrMany::One(text) => {
            text.split(',').map(|item| item.trim().to_owned()).filter(|i| !i.is_empty()).collect()
        }
    })
}

/// The certificate of this server.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The chain, PEM.
    pub cert: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

/// A configuration that holds together.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The certificate, where TLS ends here.
    pub tls: Option<Tls>,
    /// Proxies that are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The origins under which browsers see this server; empty means the one they ask for.
    pub public_origins: Vec<String>,
    /// The authority in whose name exams are held.
    pub authority: Option<String>,
    /// Lines of the support contact.
    pub support_lines: Vec<String>,
    /// Files by which others see whose site this is, with what they hold.
    pub verification_files: BTreeMap<String, String>,
    /// The daily maintenance window in local time.
    pub maintenance: Option<MaintenanceWindow>,
    /// The folder that photos are kept in, or `s3://BUCKET[/PREFIX]`; without one, a folder beside the
    /// embedded database.
    pub photos: Option<PathBuf>,
    /// What it takes to use a photo store that speaks S3.
    pub photo_access: S3Access,
}

/// A daily window of local time in which nothing may run that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaintenanceWindow {
    /// Minutes after midnight.
    pub from_minute: i64,
    /// Minutes after midnight; smaller than `from_minute` when it spans midnight.
    pub to_minute: i64,
}

/// The time zone in which physicians live: no daylight saving since 1991.
const LOCAL_OFFSET_MS: i64 = 8 * 3_600_000;

impl MaintenanceWindow {
    /// Whether any instant of `from` … `to` lies in the window.
    #[must_use]
    pub fn meets(self, from: Timestamp, to: Timestamp) -> bool {
        const DAY: i64 = 24 * 60;
        let minute = |at: Timestamp| (at.as_ms() + LOCAL_OFFSET_MS).div_euclid(60_000);
        let (first, last) = (minute(from), minute(to));
        let length = (self.to_minute - self.from_minute).rem_euclid(DAY);
        // The window that began last at or before the end of the span is the only one to look at.
        let began = last - (last - self.from_minute).rem_euclid(DAY);
        length > 0 && began + length > first
    }
}

impl std::str::FromStr for MaintenanceWindow {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let minute = |text: &str| -> Option<i64> {
            let (hours, minutes) = text.trim().split_once(':')?;
            let (hours, minutes) = (hours.parse::<i64>().ok()?, minutes.parse::<i64>().ok()?);
            ((0..24).contains(&hours) && (0..60).contains(&minutes)).then_some(hours * 60 + minutes)
        };
        let parsed = text.split_once('-').and_then(|(from, to)| {
            Some(Self { from_minute: minute(from)?, to_minute: minute(to)? })
        });
        parsed.context("a maintenance window is HH:MM-HH:MM")
    }
}

impl Settings {
    /// Reads the file, if one is named, and the environment over it. Unknown variables are logged.
    ///
    /// # Errors
    /// When the file cannot be read, or a value is not what its field takes.
    pub fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut builder = config::Config::builder();
        if let Some(file) = file {
            builder = builder.add_source(config::File::from(file));
        }
        let known: std::collections::HashMap<String, String> =
            std::env::vars().filter(|(name, _)| is_known(name)).collect();
        let environment =
            config::Environment::with_prefix(PREFIX).prefix_separator("_").source(Some(known));
        let settings = builder.add_source(environment).build()?;
        settings.try_deserialize().context("the configuration cannot be used")
    }
}

/// Variables beside the settings: the file's own name, the log's, and those of tests.
const OTHER_VARIABLES: [&str; 5] = ["CONFIG", "LOG", "LOG_FORMAT", "TEST_POSTGRES", "TEST_CLOCK"];

fn is_known(name: &str) -> bool {
    const FIELDS: [&str; 20] = [
        "database",
        "listen",
        "photos",
        "photos_endpoint",
        "photos_region",
        "photos_key_id",
        "photos_secret",
        "matching_model",
        "matching_threshold",
        "matching_colours",
        "key_file",
        "key",
        "tls_cert",
        "tls_key",
        "trusted_proxies",
        "public_origins",
        "authority",
        "support_lines",
        "verification_files",
        "maintenance",
    ];
    let Some(field) = name.strip_prefix("EXAM_") else { return false };
    let known = FIELDS.contains(&field.to_ascii_lowercase().as_str());
    if !known && !OTHER_VARIABLES.contains(&field) {
        tracing::warn!(variable = name, "the variable {name} is not known and is ignored");
    }
    known
}

impl Config {
    /// Checks what is needed to serve.
    ///
    /// # Errors
    /// When the address cannot be used, or personal data would travel in plain text.
    pub fn check(settings: &Settings) -> anyhow::Result<Self> {
        let listen = settings.listen.as_deref().unwrap_or("127.0.0.1:8080");
        let listen = resolve(listen)?;
        let tls = match (&settings.tls_cert, &settings.tls_key) {
            (Some(cert), Some(key)) => Some(Tls { cert: cert.clone(), key: key.clone() }),
            (None, None) => None,
            _ => anyhow::bail!("tls_cert and tls_key go together"),
        };
        let trusted_proxies = settings
            .trusted_proxies
            .iter()
            .map(|text| parse_net(text))
            .collect::<anyhow::Result<Vec<_>>>()?;
        if !listen.ip().is_loopback() && tls.is_none() && trusted_proxies.is_empty() {
            anyhow::bail!(
                "{listen} can be reached from other machines: set tls_cert and tls_key, or \
                 trusted_proxies, so that nothing personal travels in plain text"
            );
        }
        let verification_files = settings
            .verification_files
            .iter()
            .map(|entry| parse_verification(entry))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            listen,
            tls,
            trusted_proxies,
            public_origins: settings.public_origins.clone(),
            authority: settings.authority.clone(),
            support_lines: settings.support_lines.clone(),
            verification_files,
            maintenance: settings.maintenance.as_deref().map(str::parse).transpose()?,
            photos: settings.photos.clone(),
            photo_access: S3Access {
                endpoint: settings.photos_endpoint.clone(),
                region: settings.photos_region.clone(),
                key_id: settings.photos_key_id.clone(),
                secret: settings.photos_secret.clone(),
            },
        })
    }

    /// Whether a peer is a proxy that is believed.
    #[must_use]
    pub fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|net| net.contains(&peer.to_canonical()))
    }
}

fn resolve(listen: &str) -> anyhow::Result<SocketAddr> {
    use std::net::ToSocketAddrs;
    let mut addresses =
        listen.to_socket_addrs().with_context(|| format!("{listen:?} is not HOST:PORT"))?;
    addresses.next().with_context(|| format!("{listen:?} is no address"))
}

/// A file for the site's root; its name could hide nothing else there.
fn parse_verification(entry: &str) -> anyhow::Result<(String, String)> {
    let parsed = entry.split_once('=').filter(|(name, _)| {
        name.strip_suffix(".txt").is_some_and(|stem| {
            !stem.is_empty()
                && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
    });
    let (name, content) =
        parsed.with_context(|| format!("verification_files: {entry:?} is not NAME.txt=CONTENT"))?;
    Ok((name.to_owned(), content.to_owned()))
}

fn parse_net(text: &str) -> anyhow::Result<IpNet> {
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .with_context(|| format!("{text:?} is neither an address nor a network"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(listen: &str) -> Settings {
        Settings { listen: Some(listen.to_owned()), ..Settings::default() }
    }

    #[test]
    fn plain_http_is_served_on_loopback_only() {
        assert!(Config::check(&settings("127.0.0.1:0")).is_ok());
        assert!(Config::check(&settings("0.0.0.0:0")).is_err());
        let proxied =
            Settings { trusted_proxies: vec!["10.0.0.0/8".into()], ..settings("0.0.0.0:0") };
        let config = Config::check(&proxied).expect("a proxy ends TLS");
        assert!(config.trusts("10.1.2.3".parse().expect("an address")));
        assert!(!config.trusts("11.1.2.3".parse().expect("an address")));
    }

    #[test]
    fn a_certificate_needs_its_key() {
        let half = Settings { tls_cert: Some("cert.pem".into()), ..settings("127.0.0.1:0") };
        assert!(Config::check(&half).is_err());
    }

    #[test]
    fn a_verification_file_stands_at_the_root_and_nowhere_else() {
        let with = |entry: &str| {
            let verification_files = vec![entry.to_owned()];
            Config::check(&Settings { verification_files, ..settings("127.0.0.1:0") })
        };
        let config = with("MP_verify_a1B2.txt=a1B2").expect("a name and what it holds");
        assert_eq!(config.verification_files["MP_verify_a1B2.txt"], "a1B2");
        for wrong in ["MP_verify_a1B2.txt", "../x.txt=1", "index.html=1", ".txt=1", "a/b.txt=1"] {
            assert!(with(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_span_meets_the_window_of_any_day() {
        let window: MaintenanceWindow = "23:30-00:30".parse().expect("a window");
        let at = |text: &str| {
            Timestamp::from_ms(text.parse::<jiff::Timestamp>().expect("a time").as_millisecond())
        };
        let span = |from, to| window.meets(at(from), at(to));
        assert!(span("2026-11-01T22:00:00+08:00", "2026-11-01T23:31:00+08:00"));
        assert!(span("2026-11-01T00:10:00+08:00", "2026-11-01T00:20:00+08:00"));
        assert!(span("2026-11-01T08:00:00+08:00", "2026-11-05T08:00:00+08:00"));
        assert!(!span("2026-11-01T08:00:00+08:00", "2026-11-01T22:00:00+08:00"));
        assert!("25:00-26:00".parse::<MaintenanceWindow>().is_err());
    }
}

//! The demo: everything a stranger needs to try an exam, made through the same functions that
//! people use, and only where it is missing.

pub mod accounts;
mod lan;
mod people;

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::Context;

use crate::auth::hasher::Hasher;
use crate::commands::bank::{self, Wish};
use crate::commands::{Desk, exam};
use crate::config::Settings;
use crate::keys::Keys;
use crate::server::Running;
use accounts::{ACCOUNTS, Accounts};

/// The file that the demo's bank is imported from.
const BANK_FILE: (&str, &[u8]) = ("demo-bank.xlsx", include_bytes!("../../demo/demo-bank.xlsx"));

/// The demo's bank.
const BANK: &str = "演示题库";

/// The exams of the demo.
const EXAMS: [&str; 2] = [
    include_str!("../../demo/public-knowledge.toml"),
    include_str!("../../demo/professional.toml"),
];

/// How the demo was asked for.
#[derive(Clone, Debug)]
pub struct Demo {
    /// The settings, with the demo's own where nothing was said.
    pub settings: Settings,
    /// Whether phones of the same network may try it.
    pub lan: bool,
}

impl Demo {
    /// Fills in what the demo needs and nobody said: a folder `data` for database and key.
    ///
    /// # Errors
    /// When the folder, the key or the certificate cannot be made.
    pub fn prepare(mut settings: Settings, lan: bool) -> anyhow::Result<Self> {
        let data = PathBuf::from("data");
        std::fs::create_dir_all(&data).context("the folder data cannot be made")?;
        settings.database.get_or_insert_with(|| "sqlite:data/exam.db".to_owned());
        settings.photos.get_or_insert_with(|| data.join("photos"));
        if settings.key.is_none() {
            let file = settings.key_file.get_or_insert_with(|| data.join("exam.key"));
            Keys::read_or_make(file)?;
        }
        settings.authority.get_or_insert_with(|| "演示省卫生健康委员会".to_owned());
        if settings.support_lines.is_empty() {
            settings
                .support_lines
                .push("演示环境，人物均为虚构；技术支持：000-00000000".to_owned());
        }
        if lan && settings.tls_cert.is_none() {
            let (cert, key) = lan::certificate(&data)?;
            settings.tls_cert = Some(cert);
            settings.tls_key = Some(key);
            settings.listen.get_or_insert_with(|| "0.0.0.0:8443".to_owned());
        }
        settings.listen.get_or_insert_with(|| "127.0.0.1:8080".to_owned());
        Ok(Self { settings, lan })
    }

    /// Makes what is missing: staff, physicians, banks and exams. Running it twice changes nothing.
    ///
    /// # Errors
    /// When any of it is refused.
    pub async fn fill(&self) -> anyhow::Result<Accounts> {
        let desk = Desk::open(&self.settings).await?;
        if let Some(kept) = desk.store.setting_find(ACCOUNTS).await? {
            let accounts = serde_json::from_str(&kept)?;
            desk.store.close().await;
            return Ok(accounts);
        }
        let hasher = Hasher::start();
        let accounts = Accounts {
            staff: people::staff(&desk, &hasher).await?,
            physicians: people::physicians(&desk, &hasher).await?,
        };
        let (file, bytes) = BANK_FILE;
        let wish = Wish::default();
        let imported =
            bank::import(&desk, BANK, file, bytes, Some(people::AUTHOR), wish, true).await?;
        anyhow::ensure!(imported.rejected == 0, "the demo bank is damaged");
        bank::approve(&desk, BANK, None, Some(people::APPROVER)).await?;
        for definition in EXAMS {
            exam::publish(&desk, definition, None).await?;
        }
        desk.store.setting_keep(ACCOUNTS, &serde_json::to_string(&accounts)?).await?;
        desk.store.close().await;
        Ok(accounts)
    }

    /// What to print once the server runs.
    #[must_use]
    pub fn greeting(&self, running: &Running, accounts: &Accounts) -> String {
        let port = running.address.port();
        let mut text = String::from("\n");
        if self.lan {
            text += "请用同一网络中的手机打开（证书为自签名，需在浏览器中确认继续）：\n";
            for address in lan::addresses() {
                text += &format!("  https://{address}:{port}/\n");
            }
        } else {
            text += &format!("请在浏览器中打开：\n  http://127.0.0.1:{port}/\n");
            text += &format!("演示账号也在：\n  http://127.0.0.1:{port}/demo\n");
        }
        text + "\n" + &accounts.to_text(running.app.clock.now())
    }
}

/// Whether an address is one that other machines of the network can reach.
fn is_reachable(address: &IpAddr) -> bool {
    !address.is_loopback() && !address.is_unspecified() && address.is_ipv4()
}

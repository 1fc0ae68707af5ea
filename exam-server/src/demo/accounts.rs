//! The accounts of a demo.

use exam_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::auth::totp;

/// The setting that holds the demo accounts; a database that has it is served on loopback only.
pub const ACCOUNTS: &str = "demo_accounts";

/// Accounts of the demo, as they are printed and shown on the start page.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Accounts {
    /// Physicians.
    pub physicians: Vec<Physician>,
    /// Staff.
    pub staff: Vec<Staff>,
}

/// A physician of the demo.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Physician {
    /// The name.
    pub name: String,
    /// The ID number, synthetic.
    pub id_number: String,
    /// The password.
    pub password: String,
}

/// A member of staff of the demo.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Staff {
    /// The name to sign in with.
    pub login: String,
    /// What the person may do.
    pub role: String,
    /// The password.
    pub password: String,
    /// The second factor's secret in base 32.
    pub totp_secret: String,
}

impl Staff {
    /// The second factor's code at `now`.
    #[must_use]
    pub fn code(&self, now: Timestamp) -> String {
        let secret = totp::from_base32(&self.totp_secret).unwrap_or_default();
        totp::code_at(&secret, totp::step_at(now))
    }
}

impl Accounts {
    /// What a terminal shows, with the codes at `now`.
    #[must_use]
    pub fn to_text(&self, now: Timestamp) -> String {
        let mut text = String::from("演示账号（人物均为虚构）\n\n考生（身份证号 / 密码）\n");
        for physician in &self.physicians {
            let Physician { name, id_number, password } = physician;
            text += &format!("  {name}  {id_number}  {password}\n");
        }
        text += "\n工作人员（账号 / 密码 / 动态口令密钥 / 此刻的动态口令）\n";
        for staff in &self.staff {
            let Staff { login, role, password, totp_secret } = staff;
            let code = staff.code(now);
            text += &format!("  {login}（{role}）  {password}  {totp_secret}  {code}\n");
        }
        text + "动态口令每 30 秒更换，每个只能用一次；/demo 页面显示最新的。\n"
    }
}

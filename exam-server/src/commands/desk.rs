//! What every command needs: the database, the keys and the time.

use exam_core::ids::StaffId;
use exam_core::time::Timestamp;
use serde::Serialize;

use crate::app::App;
use crate::clock::Clock;
use crate::config::Settings;
use crate::keys::Keys;
use crate::server::{open_store, read_keys, start_clock};
use crate::store::{AuditEntry, Role, Staff, Store};

/// A command was understood and refused, with its reasons.
#[derive(Clone, Debug, Serialize, thiserror::Error)]
#[error("{}", reasons.join("\n"))]
pub struct Refused {
    /// Why, one line each.
    pub reasons: Vec<String>,
}

impl Refused {
    /// A refusal for one reason.
    pub fn because(reason: impl Into<String>) -> Self {
        Self { reasons: vec![reason.into()] }
    }
}

/// Where commands are carried out, beside a running server or without one.
pub struct Desk {
    /// The database.
    pub store: Store,
    /// The server's secret.
    pub keys: Keys,
    /// Server time.
    pub clock: Clock,
}

impl Desk {
    /// Opens the database that the settings name.
    ///
    /// # Errors
    /// When the key or the database cannot be used.
    pub async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let keys = read_keys(settings)?;
        let store = open_store(settings, &keys).await?;
        let clock = start_clock(&store).await?;
        Ok(Self { store, keys, clock })
    }

    /// The desk of a running server.
    #[must_use]
    pub fn of(app: &App) -> Self {
        Self { store: app.store.clone(), keys: app.keys.clone(), clock: app.clock.clone() }
    }

    /// Server time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The member of staff with this login, who must have `role`; without a login the only one
    /// who has it.
    ///
    /// # Errors
    /// [`Refused`] for an unknown login or a missing role, and where nobody or several could be
    /// meant.
    pub async fn staff(&self, login: Option<&str>, role: Role) -> anyhow::Result<Staff> {
        let role_name = serde_json::to_string(&role)?;
        let Some(login) = login else {
            let mut all = self.store.staff_list().await?;
            all.retain(|staff| staff.roles.contains(&role));
            let logins: Vec<_> = all.iter().map(|staff| staff.login.as_str()).collect();
            let reason = match logins.as_slice() {
                [_] => return Ok(all.remove(0)),
                [] => format!("nobody has the role {role_name}; see `staff add`"),
                several => format!("say --as: one of {} has to answer for it", several.join(", ")),
            };
            return Err(Refused::because(reason).into());
        };
        let staff = self.store.staff_find(login).await?;
        let staff = staff.ok_or_else(|| Refused::because(format!("no staff named {login:?}")))?;
        if !staff.roles.contains(&role) {
            let reason = format!("{login:?} has not the role {role_name}");
            return Err(Refused::because(reason).into());
        }
        Ok(staff)
    }

    /// An audit row of a command; without a member of staff the actor is the operator at the
    /// command line.
    #[must_use]
    pub fn audit(
        &self,
        actor: Option<StaffId>,
        action: &str,
        object: impl ToString,
        after: &impl Serialize,
    ) -> AuditEntry {
        AuditEntry {
            at: self.now(),
            actor: actor.map_or_else(|| "operator".to_owned(), |id| id.to_string()),
            action: action.to_owned(),
            object: object.to_string(),
            reason: "command line".to_owned(),
            before: "{}".to_owned(),
            after: serde_json::to_string(after).unwrap_or_else(|_| "{}".to_owned()),
        }
    }
}

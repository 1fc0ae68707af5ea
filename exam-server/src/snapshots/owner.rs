//! Whose a photo store is: a file in it names the one database that it belongs to.
//!
//! A store that is another one than before, because its disk is not mounted or a setting has a wrong
//! address, has none of the photographs: they must not be noted as lost. And a database that is another one
//! than before, because its address has a slip, knows none of them: they must not be deleted as nobody's.

use object_store::path::Path as Name;

use super::Photos;
use crate::chance::random_bytes;
use crate::store::Store;

/// The file.
const OWNER: &str = "owner";

/// The setting of a database with what its store's file says.
const ID: &str = "photo_store";

/// The setting that says that such a file was written.
const CLAIMED: &str = "photo_store_claimed";

/// Why a photo store is not the database's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// It names another database.
    #[error("the photo store belongs to another database, as the file `owner` in it says")]
    Elsewhere,
    /// It names none.
    #[error(
        "this is not the database's photo store: the file `owner` with the text {id} is missing in it"
    )]
    Away {
        /// What the file says in the right one.
        id: String,
    },
}

/// Sees to it that `photos` belongs to the database. With `take` a store that nobody has is taken, where
/// the database has none yet.
///
/// # Errors
/// [`NotOurs`]; trouble with the database or the photo store.
pub async fn own(store: &Store, photos: &Photos, take: bool) -> anyhow::Result<()> {
    let id = store.setting_keep(ID, &hex::encode(random_bytes::<16>())).await?;
    let is_claimed = store.setting_find(CLAIMED).await?.is_some();
    match photos.read(&Name::from(OWNER)).await? {
        Some(owner) if owner.trim_ascii() != id.as_bytes() => return Err(NotOurs::Elsewhere.into()),
        None if is_claimed || !take => return Err(NotOurs::Away { id }.into()),
        None => photos.put(&Name::from(OWNER), id.into_bytes()).await?,
        Some(_) => {}
    }
    if !is_claimed {
        store.setting_keep(CLAIMED, "yes").await?;
    }
    Ok(())
}

//! Pictures that items show.

use crate::store::{Store, StoreError, on};

/// A picture to keep.
#[derive(Clone, Debug)]
pub struct NewMedia {
    /// SHA-256 of the bytes in hexadecimal.
    pub media_id: String,
    /// Its media type.
    pub mime: &'static str,
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A picture that is kept.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct MediaRow {
    /// Its media type.
    pub mime: String,
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Store {
    /// Keeps a picture; one that is there already stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn media_keep(&self, media: &NewMedia) -> Result<(), StoreError> {
        const SQL: &str = "-- media_keep
            INSERT INTO media (media_id, mime, width, height, bytes) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (media_id) DO NOTHING";
        on!(self.writer(), pool => sqlx::query(SQL)
            .bind(&media.media_id)
            .bind(media.mime)
            .bind(media.width)
            .bind(media.height)
            .bind(&media.bytes)
            .execute(pool)
            .await
            .map(|_| ()))
        .map_err(StoreError::in_query("media_keep"))
    }

    /// A picture; an unknown one is `None`.
    ///
    /// # Errors
    /// [`StoreError::Driver`] when the database is in trouble.
    pub async fn media_find(&self, media_id: &str) -> Result<Option<MediaRow>, StoreError> {
        const SQL: &str = "-- media_find
            SELECT mime, width, height, bytes FROM media WHERE media_id = $1";
        on!(self.readers(), pool => sqlx::query_as(SQL).bind(media_id).fetch_optional(pool).await)
            .map_err(StoreError::in_query("media_find"))
    }
}

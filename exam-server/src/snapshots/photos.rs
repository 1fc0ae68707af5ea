//! Where pictures are kept: a folder, or a store that speaks S3. Only sealed bytes get here.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context;
use exam_core::ids::{AttemptId, CandidateId};
use exam_core::time::Timestamp;
use futures_util::{Stream, StreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt};

/// How long the store may take: a phone that waits would be told to try again sooner.
const WITHIN: Duration = Duration::from_secs(5);

/// How a store of this kind is named.
const S3: &str = "s3://";

/// The photo store.
#[derive(Debug)]
pub struct Photos {
    place: PathBuf,
    access: S3Access,
    opened: OnceLock<Arc<dyn ObjectStore>>,
    /// Whether the last picture was not kept.
    ails: AtomicBool,
}

/// The photo store did not do it; nobody knows whether it did it later.
#[derive(Debug, thiserror::Error)]
pub enum PhotoTrouble {
    /// It said so.
    #[error("the photo store is in trouble: {0}")]
    Failed(#[from] object_store::Error),
    /// It cannot be opened.
    #[error("the photo store cannot be opened: {0:#}")]
    Closed(anyhow::Error),
    /// It said nothing.
    #[error("the photo store did not answer in time")]
    Slow,
}

/// What it takes to use a store that speaks S3.
#[derive(Clone, Debug, Default)]
pub struct S3Access {
    /// Its address; without one, Amazon's.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// Who asks.
    pub key_id: Option<String>,
    /// And how that is proven.
    pub secret: Option<String>,
}

/// The name of a picture: whoever has the row of the database can tell it, and nobody else.
#[must_use]
pub fn name(attempt: AttemptId, request: &str, kept_sha256: &[u8]) -> Name {
    let digest = hex::encode(&kept_sha256[..8.min(kept_sha256.len())]);
    Name::from_iter([attempt.to_string(), format!("{request}-{digest}.sealed")])
}

/// The folder of the registry's photographs.
const PORTRAITS: &str = "portraits";

/// The name of the registry's photograph of a candidate.
#[must_use]
pub fn portrait_name(candidate: CandidateId, sha256: &[u8]) -> Name {
    let digest = hex::encode(&sha256[..8.min(sha256.len())]);
    Name::from_iter([PORTRAITS.to_owned(), format!("{candidate}-{digest}.sealed")])
}

/// A file of the photo store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub name: Name,
    /// Bytes.
    pub bytes: u64,
    /// When it was written, by the clock of whoever keeps it.
    pub written_at: Timestamp,
}

impl Stored {
    /// The attempt and the request of a snapshot; `None` for what is none.
    #[must_use]
    pub fn snapshot(&self) -> Option<(AttemptId, String)> {
        let mut parts = self.name.parts();
        let (folder, file) = (parts.next()?, parts.next()?);
        let attempt = folder.as_ref().parse().ok()?;
        let (request, _) = file.as_ref().split_once('-')?;
        Some((attempt, request.to_owned()))
    }
}

impl Photos {
    /// A store at `place`: a folder, which is made with the first picture where there is none, or
    /// `s3://BUCKET[/PREFIX]`.
    #[must_use]
    pub fn at(place: PathBuf, access: S3Access) -> Self {
        Self { place, access, opened: OnceLock::new(), ails: AtomicBool::new(false) }
    }

    /// Opens it, where it was not opened yet.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn open(&self) -> anyhow::Result<&Arc<dyn ObjectStore>> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        let opened = open(&self.place, &self.access)?;
        Ok(self.opened.get_or_init(|| opened))
    }

    /// Keeps sealed bytes under a name; what was there before is gone. The first failure of several is
    /// logged, and the picture that ends them.
    ///
    /// # Errors
    /// [`PhotoTrouble`].
    pub async fn keep(&self, name: &Name, sealed: Vec<u8>) -> Result<(), PhotoTrouble> {
        let kept = self.put(name, sealed).await;
        let ails = kept.is_err();
        let ailed = self.ails.swap(ails, Ordering::Relaxed);
        match &kept {
            Err(trouble) => {
                metrics::counter!("exam_photo_store_failures_total").increment(1);
                if !ailed {
                    tracing::error!(%trouble, "a picture was not kept; the next ones are counted");
                }
            }
            Ok(()) if ailed => tracing::info!("pictures are kept again"),
            Ok(()) => {}
        }
        kept
    }

    async fn put(&self, name: &Name, sealed: Vec<u8>) -> Result<(), PhotoTrouble> {
        let put = self.store()?.put(name, sealed.into());
        tokio::time::timeout(WITHIN, put).await.map_err(|_| PhotoTrouble::Slow)??;
        Ok(())
    }

    /// The sealed bytes of a name; `None` where there are none.
    ///
    /// # Errors
    /// [`PhotoTrouble`].
    pub async fn read(&self, name: &Name) -> Result<Option<Vec<u8>>, PhotoTrouble> {
        let read = async {
            match self.store()?.get(name).await {
                Ok(found) => Ok(Some(found.bytes().await?.to_vec())),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(PhotoTrouble::from(error)),
            }
        };
        tokio::time::timeout(WITHIN, read).await.map_err(|_| PhotoTrouble::Slow)?
    }

    /// Deletes a picture; one that is gone already stays so.
    ///
    /// # Errors
    /// [`PhotoTrouble`].
    pub async fn delete(&self, name: &Name) -> Result<(), PhotoTrouble> {
        let delete = self.store()?.delete(name);
        match tokio::time::timeout(WITHIN, delete).await.map_err(|_| PhotoTrouble::Slow)? {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// All files, as they come.
    ///
    /// # Errors
    /// [`PhotoTrouble`].
    pub async fn list(
        &self,
    ) -> Result<impl Stream<Item = Result<Stored, PhotoTrouble>>, PhotoTrouble> {
        let files = self.store()?.list(None);
        Ok(files.map(|file| {
            let file = file?;
            Ok(Stored {
                written_at: Timestamp::from_ms(file.last_modified.timestamp_millis()),
                name: file.location,
                bytes: file.size,
            })
        }))
    }

    fn store(&self) -> Result<&Arc<dyn ObjectStore>, PhotoTrouble> {
        self.open().map_err(PhotoTrouble::Closed)
    }
}

fn open(place: &Path, access: &S3Access) -> anyhow::Result<Arc<dyn ObjectStore>> {
    let text = place.to_str().context("photos: the place is no text")?;
    let Some(bucket) = text.strip_prefix(S3) else {
        std::fs::create_dir_all(place).with_context(|| format!("photos: {text}"))?;
        let folder = LocalFileSystem::new_with_prefix(place)?.with_automatic_cleanup(true);
        return Ok(Arc::new(folder));
    };
    let (bucket, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
    let mut builder = AmazonS3Builder::new().with_bucket_name(bucket);
    if let Some(endpoint) = &access.endpoint {
        let is_plain = endpoint.starts_with("http://");
        builder = builder.with_endpoint(endpoint).with_allow_http(is_plain);
    }
    builder = builder.with_region(access.region.as_deref().unwrap_or("us-east-1"));
    if let (Some(key_id), Some(secret)) = (&access.key_id, &access.secret) {
        builder = builder.with_access_key_id(key_id).with_secret_access_key(secret);
    }
    let bucket = builder.build().with_context(|| format!("photos: {text}"))?;
    Ok(match prefix {
        "" => Arc::new(bucket),
        prefix => Arc::new(PrefixStore::new(bucket, prefix)),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Log {
        fn lines(&self) -> usize {
            self.0.lock().expect("no panic").iter().filter(|byte| **byte == b'\n').count()
        }
    }

    #[tokio::test]
    async fn a_store_in_trouble_is_logged_once_until_it_is_well_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("photos");
        let photos = Photos::at(place.clone(), S3Access::default());
        let name = portrait_name(CandidateId::from_uuid(uuid::Uuid::nil()), &[7; 32]);
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let mut lines = Vec::new();
        for is_there in [false, false, true, true, false] {
            if is_there {
                std::fs::remove_file(&place).ok();
            } else {
                std::fs::remove_dir_all(&place).ok();
                std::fs::write(&place, b"").expect("a file where the folder should be");
            }
            assert_eq!(photos.keep(&name, vec![1]).await.is_ok(), is_there);
            lines.push(log.lines());
        }
        assert_eq!(lines, [1, 1, 2, 2, 3]);
    }
}

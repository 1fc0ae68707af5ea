//! Where pictures are kept: a folder, or a store that speaks S3. Only sealed pictures get here, and the
//! name of the database that the store belongs to.

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
use tokio::sync::Semaphore;

/// How long the store may take: a phone that waits would be told to try again sooner.
const WITHIN: Duration = Duration::from_secs(5);

/// How many files may be under way at once. One that hangs keeps its place until it ends: else a folder
/// that stands still would gather threads and pictures without end.
const TOGETHER: usize = 16;

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
    /// Whether it was seen to be another database's, or none.
    foreign: AtomicBool,
    places: Arc<Semaphore>,
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
    /// It is another database's, or not the one of before.
    #[error("the photo store is not this database's own")]
    Foreign,
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
    /// The candidate of a registry's photograph; `None` for what is none.
    #[must_use]
    pub fn portrait(&self) -> Option<CandidateId> {
        let file = self.name.as_ref().strip_prefix(PORTRAITS)?.strip_prefix('/')?;
        // An id has hyphens of its own; the digest behind the last one has none.
        file.rsplit_once('-')?.0.parse().ok()
    }

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
        let [ails, foreign] = [false; 2].map(AtomicBool::new);
        let places = Arc::new(Semaphore::new(TOGETHER));
        Self { place, access, opened: OnceLock::new(), ails, foreign, places }
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

    /// Says whether pictures may be kept in it: whose it is was looked at.
    pub(super) fn found(&self, foreign: bool) {
        self.foreign.store(foreign, Ordering::Relaxed);
    }

    /// Keeps sealed bytes under a name; what was there before is gone. The first failure of several is
    /// logged, and the picture that ends them.
    ///
    /// # Errors
    /// [`PhotoTrouble`].
    pub async fn keep(&self, name: &Name, sealed: Vec<u8>) -> Result<(), PhotoTrouble> {
        let kept = match self.foreign.load(Ordering::Relaxed) {
            true => Err(PhotoTrouble::Foreign),
            false => self.put(name, sealed).await,
        };
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

    /// The same, whosever it is, and without a word.
    pub(super) async fn put(&self, name: &Name, sealed: Vec<u8>) -> Result<(), PhotoTrouble> {
        let (store, name) = (Arc::clone(self.store()?), name.clone());
        self.within(async move { store.put(&name, sealed.into()).await.map(drop) }).await
    }

    /// Does it in one of the places, which is free again when it is really done; waits for it, or for a
    /// place, so long at most.
    async fn within<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, object_store::Error>> + Send + 'static,
    ) -> Result<T, PhotoTrouble> {
        let done = async {
            let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
            let work = tokio::spawn(async move {
                let done = work.await;
                drop(place);
                done
            });
            work.await.ok()
        };
        let done = tokio::time::timeout(WITHIN, done).await.ok().flatten();
        Ok(done.ok_or(PhotoTrouble::Slow)??)
    }

    /// The sealed bytes of a name; `None` where there are none.
    ///
    /// # Errors
    /// [`PhotoTrouble`].
    pub async fn read(&self, name: &Name) -> Result<Option<Vec<u8>>, PhotoTrouble> {
        let (store, name) = (Arc::clone(self.store()?), name.clone());
        self.within(async move {
            match store.get(&name).await {
                Ok(found) => Ok(Some(found.bytes().await?.to_vec())),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Deletes a picture; one that is gone already stays so.
    ///
    /// # Errors
    /// [`PhotoTrouble`].
    pub async fn delete(&self, name: &Name) -> Result<(), PhotoTrouble> {
        let (store, name) = (Arc::clone(self.store()?), name.clone());
        self.within(async move {
            match store.delete(&name).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        })
        .await
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

    use object_store::memory::InMemory;
    use object_store::throttle::{ThrottleConfig, ThrottledStore};

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

    #[tokio::test(start_paused = true)]
    async fn a_store_that_hangs_takes_no_more_than_it_has_places() {
        let config = ThrottleConfig {
            wait_put_per_call: Duration::from_secs(60),
            ..ThrottleConfig::default()
        };
        let photos = Arc::new(Photos::at("unused".into(), S3Access::default()));
        let slow: Arc<dyn ObjectStore> = Arc::new(ThrottledStore::new(InMemory::new(), config));
        assert!(photos.opened.set(slow).is_ok());
        let puts = (0..3 * TOGETHER).map(|number| {
            let photos = Arc::clone(&photos);
            let name = Name::from(format!("{number}"));
            async move { photos.keep(&name, vec![1]).await }
        });
        for kept in futures_util::future::join_all(puts).await {
            assert!(matches!(kept, Err(PhotoTrouble::Slow)), "{kept:?}");
        }
        assert_eq!(photos.places.available_permits(), 0, "each keeps its place until it ends");
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(photos.places.available_permits(), TOGETHER);
    }
}

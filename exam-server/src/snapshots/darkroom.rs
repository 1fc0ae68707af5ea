//! Threads that decode, write and look at photographs, below the priority of everything that answers a
//! candidate. What they have no room for is refused at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use image::RgbImage;
use proctor::faces::{Detector, Face};
use proctor::likeness::Matcher;
use proctor::looks::Looks;
use proctor::photo::{Kept, NotAPhoto, Photo};
use tokio::sync::oneshot;

/// How far below others the threads stand.
const NICENESS: i32 = 10;

/// How many photographs wait to be decoded: at 10 ms each, a third of a second.
const DEVELOP_MAX: usize = 32;

/// How many wait to be looked at; each holds a megabyte.
const LOOK_MAX: usize = 16;

/// How many wait to be printed for a desk: a wall of 500 asks for them six at a time.
const PRINT_MAX: usize = 64;

/// A photograph that was decoded and written anew.
pub struct Developed {
    /// The file to keep.
    pub kept: Kept,
    /// How it looks.
    pub looks: Looks,
    /// What it shows.
    pub pixels: RgbImage,
}

/// There is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

type Job = Box<dyn FnOnce() + Send>;
type Look = Box<dyn FnOnce(&Tools) + Send>;

/// What is looked at photographs with.
struct Tools {
    detector: Detector,
    matcher: Option<Matcher>,
}

/// A model that tells how alike two faces are, and how alike is alike.
pub struct Likeness {
    /// The model.
    pub matcher: Matcher,
    /// Below it they are not.
    pub threshold: f32,
}

/// The threads, and what waits for them.
pub struct Darkroom {
    develop: Queue<Job>,
    look: Queue<Look>,
    print: Queue<Job>,
    threshold: Option<f32>,
}

/// Threads that stand still.
#[cfg(feature = "turned-clock")]
pub struct Held(#[expect(dead_code, reason = "they wait for its end")] mpsc::Sender<()>);

struct Queue<J> {
    jobs: mpsc::Sender<J>,
    waiting: Arc<AtomicUsize>,
    max: usize,
}

impl<J: Send + 'static> Queue<J> {
    /// Starts a thread that makes its `tools` and does with them what is sent.
    fn start<T>(
        name: &str,
        max: usize,
        tools: impl FnOnce() -> T + Send + 'static,
        work: impl Fn(&T, J) + Send + 'static,
    ) -> Self {
        let (jobs, received) = mpsc::channel::<J>();
        let waiting = Arc::new(AtomicUsize::new(0));
        let done = Arc::clone(&waiting);
        let run = move || {
            // On Linux this is the calling thread alone, and those that it starts.
            let _ = rustix::process::setpriority_process(None, NICENESS);
            let tools = tools();
            for job in received {
                // A photograph that breaks a decoder must not end all looking at photographs; whoever
                // waits for it is told to come again.
                let work = AssertUnwindSafe(|| work(&tools, job));
                if catch_unwind(work).is_err() {
                    tracing::error!("work on a photograph broke");
                }
                done.fetch_sub(1, Ordering::Relaxed);
            }
        };
        thread::Builder::new().name(name.to_owned()).spawn(run).expect("a thread can be started");
        Self { jobs, waiting, max }
    }

    fn enqueue(&self, job: J) -> Result<(), Busy> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.max {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Busy);
        }
        self.jobs.send(job).map_err(|_| Busy)
    }
}

impl Darkroom {
    /// Starts the threads.
    #[must_use]
    pub fn start(likeness: Option<Likeness>) -> Self {
        let threshold = likeness.as_ref().map(|likeness| likeness.threshold);
        let matcher = likeness.map(|likeness| likeness.matcher);
        let tools = || Tools { detector: Detector::default(), matcher };
        Self {
            develop: Queue::start("developer", DEVELOP_MAX, || (), |(), job: Job| job()),
            look: Queue::start("looker", LOOK_MAX, tools, |tools, job: Look| job(tools)),
            threshold,
            print: Queue::start("printer", PRINT_MAX, || (), |(), job: Job| job()),
        }
    }

    /// Decodes a photograph and writes it anew.
    ///
    /// # Errors
    /// [`Busy`] when too many wait; [`NotAPhoto`] inside for what cannot be decoded.
    pub async fn develop(&self, bytes: Vec<u8>) -> Result<Result<Developed, NotAPhoto>, Busy> {
        let (done, developed) = oneshot::channel();
        let job = move || {
            if done.is_closed() {
                return; // Nobody waits for it any more.
            }
            let developed = Photo::decode(&bytes).map(|photo| {
                let (kept, looks) = (photo.keep(), Looks::of(photo.pixels()));
                Developed { kept, looks, pixels: photo.into_pixels() }
            });
            let _ = done.send(developed);
        };
        self.develop.enqueue(Box::new(job))?;
        developed.await.map_err(|_| Busy)
    }

    /// Makes a picture for a desk.
    ///
    /// # Errors
    /// [`Busy`] when too many wait.
    pub async fn print<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (done, printed) = oneshot::channel();
        self.print.enqueue(Box::new(move || _ = done.send(work())))?;
        printed.await.map_err(|_| Busy)
    }

    /// Looks for faces.
    ///
    /// # Errors
    /// [`Busy`] when too many wait.
    pub async fn faces(&self, pixels: RgbImage) -> Result<Vec<Face>, Busy> {
        let (done, found) = oneshot::channel();
        let job = move |tools: &Tools| _ = done.send(tools.detector.faces(&pixels));
        self.look.enqueue(Box::new(job))?;
        found.await.map_err(|_| Busy)
    }

    /// Lets the threads stand still until what is returned is dropped, for tests.
    ///
    /// # Errors
    /// [`Busy`] when too many wait.
    #[cfg(feature = "turned-clock")]
    pub fn hold(&self) -> Result<Held, Busy> {
        let (held, wait) = mpsc::channel::<()>();
        let wait = Arc::new(std::sync::Mutex::new(wait));
        let stand_still = move || {
            // It ends with an error, when nobody can send any more.
            let _ = wait.lock().expect("nobody panics with it").recv();
        };
        let also = stand_still.clone();
        self.develop.enqueue(Box::new(stand_still))?;
        self.look.enqueue(Box::new(move |_| also()))?;
        Ok(Held(held))
    }

    /// How alike two photographs have to be; `None` where none are compared.
    #[must_use]
    pub const fn threshold(&self) -> Option<f32> {
        self.threshold
    }

    /// How alike a face is to the one of the registry's photograph; `None` where that has not one
    /// face, or the model failed.
    ///
    /// # Errors
    /// [`Busy`] when too many wait.
    pub async fn likeness(
        &self,
        pixels: RgbImage,
        face: Face,
        portrait: RgbImage,
    ) -> Result<Option<f32>, Busy> {
        let (done, found) = oneshot::channel();
        let job = move |tools: &Tools| {
            let _ = done.send(likeness(tools, (&pixels, &face), &portrait));
        };
        self.look.enqueue(Box::new(job))?;
        found.await.map_err(|_| Busy)
    }
}

fn likeness(tools: &Tools, shown: (&RgbImage, &Face), portrait: &RgbImage) -> Option<f32> {
    let matcher = tools.matcher.as_ref()?;
    let registered = tools.detector.faces(portrait);
    let [registered] = &registered[..] else { return None };
    let alike = matcher.likeness(shown, (portrait, registered));
    alike.inspect_err(|error| tracing::error!(%error, "two photographs were not compared")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_breaks_ends_no_queue() {
        let darkroom = Darkroom::start(None);
        for _ in 0..PRINT_MAX * 2 {
            let broken: Result<(), Busy> = darkroom.print(|| panic!("a broken picture")).await;
            assert_eq!(broken, Err(Busy));
        }
        assert_eq!(darkroom.print(|| 7).await, Ok(7));
    }
}

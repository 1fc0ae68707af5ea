//! What a photograph costs, step by step, on one thread: the time its processor worked for it, which other
//! programs on the machine change less than the time that passed.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, criterion_group, criterion_main};
use proctor::faces::Detector;
use proctor::looks::Looks;
use proctor::photo::{Photo, digest, look};
use rustix::time::{ClockId, clock_gettime};

/// The server's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The time that processors worked for this program, in all of its threads.
struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        let now = clock_gettime(ClockId::ProcessCPUTime);
        Duration::try_from(now).expect("it counts from zero")
    }

    fn end(&self, start: Duration) -> Duration {
        self.start() - start
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

fn picture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/pictures/{name}.jpg"));
    std::fs::read(path).expect("a picture")
}

fn snapshot(criterion: &mut Criterion<CpuTime>) {
    let detector = Detector::default();
    let (face, nobody) = (picture("obama_1"), picture("curtain"));
    let [face_photo, nobody_photo] =
        [&face, &nobody].map(|bytes| Photo::decode(bytes).expect("a photograph"));
    let mut group = criterion.benchmark_group("snapshot");
    group.bench_function("look and digest", |b| {
        b.iter(|| (look(black_box(&face)).expect("whole"), digest(&face)));
    });
    group.bench_function("decode", |b| b.iter(|| Photo::decode(black_box(&face))));
    group.bench_function("write anew", |b| b.iter(|| black_box(&face_photo).keep()));
    group.bench_function("looks", |b| b.iter(|| Looks::of(black_box(face_photo.pixels()))));
    group.bench_function("a face", |b| b.iter(|| detector.faces(black_box(face_photo.pixels()))));
    group.bench_function("nobody, looked for twice", |b| {
        b.iter(|| detector.faces(black_box(nobody_photo.pixels())));
    });
    for (name, bytes) in [("all, a face", &face), ("all, nobody", &nobody)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                look(bytes).expect("whole");
                let photo = Photo::decode(bytes).expect("a photograph");
                let looks = Looks::of(photo.pixels());
                (digest(bytes), photo.keep(), looks, detector.faces(photo.pixels()))
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = snapshot
}
criterion_main!(benches);

//! What a photograph costs, step by step, on one thread.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use proctor::faces::Detector;
use proctor::looks::Looks;
use proctor::photo::{Photo, digest, look};

fn picture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/pictures/{name}.jpg"));
    std::fs::read(path).expect("a picture")
}

fn snapshot(criterion: &mut Criterion) {
    let detector = Detector::new().expect("the model loads");
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

criterion_group!(benches, snapshot);
criterion_main!(benches);

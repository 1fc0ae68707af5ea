//! Likeness by a model that is named, on one that is made here.

#[path = "support/onnx.rs"]
mod onnx;

use std::path::Path;

use image::RgbImage;
use proctor::faces::{Detector, Face};
use proctor::likeness::{Colours, Matcher};
use proctor::photo::Photo;

fn picture(name: &str) -> RgbImage {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/pictures/{name}.jpg"));
    let bytes = std::fs::read(path).expect("a picture");
    Photo::decode(&bytes).expect("a photograph").into_pixels()
}

fn face_of(detector: &Detector, pixels: &RgbImage) -> Face {
    detector.faces(pixels)[0]
}

#[test]
fn a_face_is_alike_however_the_phone_is_held_and_others_are_less() {
    let detector = Detector::default();
    let matcher = Matcher::new(onnx::tiny(), Colours::Rgb).expect("the model loads");
    let one = picture("obama_1");
    let face = face_of(&detector, &one);
    let like = |pixels: &RgbImage| {
        let other = face_of(&detector, pixels);
        matcher.likeness((&one, &face), (pixels, &other)).expect("it can be compared")
    };
    assert!((like(&one) - 1.0).abs() < 1e-4);
    // Smaller and moved: the eyes are put where they were.
    let mut moved = RgbImage::new(640, 800);
    let small = image::imageops::resize(&one, 400, 533, image::imageops::FilterType::Triangle);
    image::imageops::replace(&mut moved, &small, 90, 120);
    let (same, other) = (like(&moved), like(&picture("collins")));
    assert!(same > 0.9, "{same}");
    assert!(other < same - 0.1, "{other} of another person, {same} of the same");
}

#[test]
fn a_file_that_is_no_model_of_faces_is_refused() {
    for bytes in [Vec::new(), b"no model".to_vec(), onnx::tiny()[..40].to_vec()] {
        assert!(Matcher::new(bytes, Colours::BgrBytes).is_err());
    }
    assert!(Matcher::new(onnx::tiny(), Colours::BgrBytes).is_ok());
}

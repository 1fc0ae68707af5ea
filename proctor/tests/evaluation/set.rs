//! The photographs, how they are sent, and how sure a rate is.

use std::path::Path;

use image::{RgbImage, imageops};
use proctor::faces::Detector;
use proctor::findings::{Finding, findings};
use proctor::looks::Looks;
use proctor::photo::{self, Photo};

use super::edits::{brighter, moved, turned};

/// A portrait, or a take of one, with where its face is: middle between the eyes, and the distance of the eyes.
#[derive(Clone, Copy)]
pub struct Portrait {
    pub name: &'static str,
    pub eyes: (f32, f32),
    pub apart: f32,
}

pub const PORTRAITS: [Portrait; 5] = [
    Portrait { name: "collins", eyes: (238.0, 240.0), apart: 76.0 },
    Portrait { name: "obama_1", eyes: (248.0, 160.0), apart: 80.0 },
    Portrait { name: "obama_2", eyes: (232.0, 240.0), apart: 84.0 },
    Portrait { name: "obama_3", eyes: (240.0, 218.0), apart: 88.0 },
    Portrait { name: "biden", eyes: (230.0, 226.0), apart: 84.0 },
];

pub const NOBODY: [&str; 7] =
    ["bricks", "cat", "coffee", "curtain", "motorcycle", "rocket", "suit"];

pub fn picture(name: &str) -> RgbImage {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/pictures/{name}.jpg"));
    let bytes = std::fs::read(path).expect("a picture");
    photo::look(&bytes).expect("a whole JPEG");
    Photo::decode(&bytes).expect("a photograph").pixels().clone()
}

/// Slightly different takes of a portrait, as one sitting brings them.
pub fn takes(portrait: &Portrait) -> Vec<(Portrait, RgbImage)> {
    let pixels = picture(portrait.name);
    let mirrored = imageops::flip_horizontal(&pixels);
    let ((x, y), last) = (portrait.eyes, (pixels.width() - 1) as f32);
    let at = |x: f32, y: f32| Portrait { eyes: (x, y), ..*portrait };
    vec![
        (at(x + 18.0, y - 12.0), moved(&pixels, 18.0, -12.0)),
        (at(x - 22.0, y + 14.0), moved(&brighter(&pixels, 0.75), -22.0, 14.0)),
        (at(last - x + 8.0, y + 20.0), moved(&brighter(&mirrored, 1.2), 8.0, 20.0)),
        (*portrait, turned(&pixels, portrait.eyes, 8.0)),
        (*portrait, pixels),
    ]
}

/// As it would come from a phone: compressed once more.
pub fn sent(pixels: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 70)
        .encode_image(pixels)
        .expect("a JPEG");
    bytes
}

pub fn shown(detector: &Detector, pixels: &RgbImage) -> Vec<Finding> {
    let bytes = sent(pixels);
    photo::look(&bytes).expect("a whole JPEG");
    let photo = Photo::decode(&bytes).expect("a photograph");
    let faces = detector.faces(photo.pixels());
    findings(&Looks::of(photo.pixels()), &faces, photo::digest(&bytes), &[])
}

/// Wilson's interval of 95 % around `hits` of `n`, in percent.
///
/// Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927).
pub fn interval(hits: usize, n: usize) -> (f64, f64) {
    let (hits, n, z) = (hits as f64, n as f64, 1.96_f64);
    let p = hits / n;
    let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    (100.0 * (middle - half).max(0.0), 100.0 * (middle + half).min(1.0))
}

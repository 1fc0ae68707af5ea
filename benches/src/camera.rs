//! A camera of simulated phones: portraits in the public domain, each time moved, lit and blurred a
//! little otherwise, as a hand holds a phone.

use std::io::Cursor;

use axum::body::Bytes;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::imageops;
use image::{DynamicImage, RgbImage};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The portraits; where they are from stands beside them.
const PORTRAITS: [&[u8]; 3] = [
    include_bytes!("../../proctor/tests/pictures/collins.jpg"),
    include_bytes!("../../proctor/tests/pictures/biden.jpg"),
    include_bytes!("../../proctor/tests/pictures/obama_1.jpg"),
];

/// What a phone sends.
const WIDTH: u32 = 480;
const HEIGHT: u32 = 640;

/// As phones write it.
const QUALITY: u8 = 60;

/// How far the picture may move, in pixels.
const MOVES: u32 = 48;

/// Photographs that were taken before, so that taking them costs the load nothing.
pub struct Camera {
    shots: Vec<Bytes>,
}

impl Camera {
    /// A camera with so many photographs of each portrait; the same seed gives the same.
    ///
    /// # Panics
    /// When a portrait is none.
    #[must_use]
    pub fn new(each: usize, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut shots = Vec::new();
        for portrait in PORTRAITS {
            let decoder = JpegDecoder::new(Cursor::new(portrait)).expect("a portrait is a JPEG");
            let portrait = DynamicImage::from_decoder(decoder).expect("a portrait is whole");
            let (width, height) = (WIDTH + MOVES, HEIGHT + MOVES);
            let filled = portrait.resize_to_fill(width, height, imageops::FilterType::Triangle);
            let filled = filled.into_rgb8();
            shots.extend((0..each).map(|_| shot(&filled, &mut rng)));
        }
        Self { shots }
    }

    /// What the phone of the candidate at `place` sends as its `number`th photograph.
    #[must_use]
    pub fn shot(&self, place: usize, number: usize) -> Bytes {
        let each = self.shots.len() / PORTRAITS.len();
        let person = place % PORTRAITS.len();
        self.shots[person * each + (place / PORTRAITS.len() + number) % each].clone()
    }
}

fn shot(filled: &RgbImage, rng: &mut ChaCha20Rng) -> Bytes {
    let (left, top) = (rng.next_u32() % MOVES, rng.next_u32() % MOVES);
    let mut shot = imageops::crop_imm(filled, left, top, WIDTH, HEIGHT).to_image();
    let light = i32::try_from(rng.next_u32() % 40).expect("few") - 20;
    for channel in shot.pixels_mut().flat_map(|pixel| &mut pixel.0) {
        let noise = i32::try_from(rng.next_u32() % 9).expect("few") - 4;
        *channel = (i32::from(*channel) + light + noise).clamp(0, 255) as u8;
    }
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY)
        .encode_image(&shot)
        .expect("a picture of this size is a JPEG");
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_photographs_of_a_candidate_in_a_row_are_the_same() {
        let camera = Camera::new(4, 1);
        let shots: Vec<Bytes> = (0..4).map(|number| camera.shot(7, number)).collect();
        for (number, one) in shots.iter().enumerate() {
            assert!(one.len() < 80_000, "{} bytes", one.len());
            assert!(shots[..number].iter().all(|other| other != one));
        }
        assert_eq!(camera.shot(7, 4), shots[0]);
        assert_ne!(camera.shot(8, 0), shots[0], "another person");
    }
}

//! Pictures as people at a desk see them: small ones for the wall, and marked ones that say who took
//! them away.

use font8x8::UnicodeFonts;
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, resize};

use crate::photo::{NotAPhoto, Photo};

/// The size of a small picture, in pixels.
pub const SMALL: (u32, u32) = (160, 213);

/// Good enough for a glance.
const SMALL_QUALITY: u8 = 60;

/// Good enough to judge by.
const MARKED_QUALITY: u8 = 85;

/// How much of the ink is seen, of 255.
const INK: u16 = 56;

/// Each point of a letter is so many pixels.
const POINT: u32 = 2;

/// A small picture that fits into [`SMALL`].
///
/// # Errors
/// [`NotAPhoto`] for what cannot be decoded.
pub fn small(bytes: &[u8]) -> Result<Vec<u8>, NotAPhoto> {
    let photo = Photo::decode(bytes)?.into_pixels();
    let (width, height) = (photo.width(), photo.height());
    let scale =
        f64::min(f64::from(SMALL.0) / f64::from(width), f64::from(SMALL.1) / f64::from(height));
    let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    Ok(written(&resize(&photo, side(width), side(height), FilterType::Triangle), SMALL_QUALITY))
}

/// The picture with `words` all over it; what is no ASCII is a question mark.
///
/// # Errors
/// [`NotAPhoto`] for what cannot be decoded.
pub fn marked(bytes: &[u8], words: &str) -> Result<Vec<u8>, NotAPhoto> {
    let mut photo = Photo::decode(bytes)?.into_pixels();
    let words: Vec<[u8; 8]> = words.chars().map(letter).collect();
    if !words.is_empty() {
        let line = u32::try_from(words.len()).unwrap_or(u32::MAX).saturating_add(4) * 8 * POINT;
        for (row, y) in (0..photo.height()).step_by(64).enumerate() {
            // Each line begins elsewhere, so that no cut is free of it.
            let shift = (row as u32 * 5 * 8 * POINT) % line;
            for x in 0..photo.width() {
                ink_column(&mut photo, &words, x, y, (x + shift) % line);
            }
        }
    }
    Ok(written(&photo, MARKED_QUALITY))
}

fn letter(letter: char) -> [u8; 8] {
    let known = font8x8::BASIC_FONTS.get(letter);
    known.or_else(|| font8x8::BASIC_FONTS.get('?')).unwrap_or_default()
}

/// Inks what the line has at `along`, on the column `x` below `y`.
fn ink_column(photo: &mut RgbImage, words: &[[u8; 8]], x: u32, y: u32, along: u32) {
    let (place, point) = (along / (8 * POINT), along % (8 * POINT) / POINT);
    let Some(rows) = words.get(place as usize) else { return };
    for (row, bits) in rows.iter().enumerate() {
        if bits >> point & 1 == 0 {
            continue;
        }
        for down in 0..POINT {
            let y = y + row as u32 * POINT + down;
            if y < photo.height() {
                let pixel = photo.get_pixel_mut(x, y);
                for channel in &mut pixel.0 {
                    *channel = inked(*channel);
                }
            }
        }
    }
}

/// Dark ink on what is light, and light ink on what is dark.
fn inked(channel: u8) -> u8 {
    let ink: u16 = if channel > 127 { 0 } else { 255 };
    ((u16::from(channel) * (255 - INK) + ink * INK) / 255) as u8
}

fn written(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(picture)
        .expect("a picture of this size is a JPEG");
    bytes
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn gray(width: u32, height: u32) -> Vec<u8> {
        written(&RgbImage::from_pixel(width, height, Rgb([180; 3])), 90)
    }

    fn pixels(bytes: &[u8]) -> RgbImage {
        Photo::decode(bytes).expect("a photograph").into_pixels()
    }

    #[test]
    fn a_small_picture_keeps_its_shape() {
        for (width, height, small_is) in
            [(480, 640, (160, 213)), (960, 720, (160, 120)), (540, 960, (120, 213))]
        {
            let small = pixels(&small(&gray(width, height)).expect("a photograph"));
            assert_eq!((small.width(), small.height()), small_is);
        }
        assert!(small(b"none").is_err());
    }

    #[test]
    fn i12_a_marked_picture_says_so_in_every_part() {
        let plain = gray(480, 640);
        let marked = pixels(&marked(&plain, "demo-watcher 2026-11-28").expect("a photograph"));
        for (left, top) in [(0, 0), (240, 0), (0, 320), (240, 320), (120, 160)] {
            let part = image::imageops::crop_imm(&marked, left, top, 240, 320).to_image();
            let inked = part.pixels().filter(|pixel| pixel.0[0].abs_diff(180) > 15).count();
            assert!(inked > 500, "{inked} of a part at {left}, {top}");
        }
        let clear = marked.pixels().filter(|pixel| pixel.0[0].abs_diff(180) <= 15).count();
        assert!(clear > 480 * 640 * 2 / 3, "and can be judged: {clear}");
    }
}

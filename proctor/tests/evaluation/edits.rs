//! What is done to photographs.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use super::set::picture;

pub fn filled(
    pixels: &mut RgbImage,
    left: f32,
    top: f32,
    width: f32,
    height: f32,
    colour: Rgb<u8>,
) {
    let (w, h) = pixels.dimensions();
    for y in top.max(0.0) as u32..((top + height).max(0.0) as u32).min(h) {
        for x in left.max(0.0) as u32..((left + width).max(0.0) as u32).min(w) {
            pixels.put_pixel(x, y, colour);
        }
    }
}

pub fn brighter(pixels: &RgbImage, times: f32) -> RgbImage {
    let mut pixels = pixels.clone();
    for pixel in pixels.pixels_mut() {
        pixel.0 = pixel.0.map(|value| (f32::from(value) * times).clamp(0.0, 255.0) as u8);
    }
    pixels
}

/// Turned about the middle between the eyes.
pub fn turned(pixels: &RgbImage, (cx, cy): (f32, f32), degrees: f32) -> RgbImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let (dx, dy) = (x as f32 - cx, y as f32 - cy);
        let (sx, sy) = (cx + dx * cos + dy * sin, cy - dx * sin + dy * cos);
        let inside = |v: f32, max: u32| v.clamp(0.0, (max - 1) as f32) as u32;
        *pixels.get_pixel(inside(sx, pixels.width()), inside(sy, pixels.height()))
    })
}

/// Moved, with the background's edge drawn out.
pub fn moved(pixels: &RgbImage, by_x: f32, by_y: f32) -> RgbImage {
    RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let inside = |v: f32, max: u32| v.clamp(0.0, (max - 1) as f32) as u32;
        let (sx, sy) = (x as f32 - by_x, y as f32 - by_y);
        *pixels.get_pixel(inside(sx, pixels.width()), inside(sy, pixels.height()))
    })
}

/// Somebody further away: smaller, in front of a room.
pub fn far(pixels: &RgbImage, share: f32) -> RgbImage {
    let mut room = imageops::blur(&picture("motorcycle"), 3.0);
    let width = (pixels.width() as f32 * share) as u32;
    let height = (pixels.height() as f32 * share) as u32;
    let small = imageops::resize(pixels, width, height, FilterType::Triangle);
    let (x, y) = ((room.width() - width) / 2, (room.height() - height) / 2);
    imageops::overlay(&mut room, &small, x.into(), y.into());
    room
}

pub fn beside(one: &RgbImage, other: &RgbImage) -> RgbImage {
    let half = |pixels: &RgbImage| imageops::crop_imm(pixels, 100, 60, 280, 420).to_image();
    let mut both = RgbImage::new(560, 420);
    imageops::replace(&mut both, &half(one), 0, 0);
    imageops::replace(&mut both, &half(other), 280, 0);
    both
}

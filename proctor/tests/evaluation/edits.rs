//! What is done to photographs.

use std::sync::OnceLock;

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use super::set::{Portrait, picture};

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

fn room() -> RgbImage {
    static ROOM: OnceLock<RgbImage> = OnceLock::new();
    ROOM.get_or_init(|| imageops::blur(&picture("motorcycle"), 3.0)).clone()
}

/// Somebody further away: smaller, in front of a room.
pub fn far(pixels: &RgbImage, share: f32) -> RgbImage {
    let mut room = room();
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

/// Somebody who looks aside: the photograph is laid on the shape of a head, a ball with a nose, which is
/// turned about its height. What the photograph does not show of it is drawn out of the nearest that it does.
pub fn looking_aside(pixels: &RgbImage, who: &Portrait, degrees: f32) -> RgbImage {
    // Measures of a head, in distances of the eyes and from between them.
    const RADIUS: f32 = 1.2;
    const HALF_HEIGHT: f32 = 1.9;
    const MIDDLE: f32 = 0.5;
    const NOSE_TIP: f32 = 0.55;
    const NOSE_HALF_WIDTH: f32 = 0.2;
    const NOSE_HALF_HEIGHT: f32 = 0.35;
    const NOSE_LENGTH: f32 = 0.45;
    const STEP: f32 = 0.25;
    let (sin, cos) = degrees.to_radians().sin_cos();
    let ((eyes_x, eyes_y), apart) = (who.eyes, who.apart);
    let last = (pixels.width() - 1) as f32;
    let mut aside = pixels.clone();
    for row in 0..pixels.height() {
        let down = (row as f32 - eyes_y) / apart;
        let across = 1.0 - ((down - MIDDLE) / HALF_HEIGHT).powi(2);
        if across <= 0.0 {
            continue;
        }
        let radius = RADIUS * across.sqrt() * apart;
        let nose = NOSE_LENGTH * apart * (-((down - NOSE_TIP) / NOSE_HALF_HEIGHT).powi(2)).exp();
        let mut nearest = vec![None; pixels.width() as usize];
        for step in 0..(2.0 * radius / STEP) as u32 {
            let x = step as f32 * STEP - radius;
            let bump = nose * (-(x / (NOSE_HALF_WIDTH * apart)).powi(2)).exp();
            let z = (radius * radius - x * x).max(0.0).sqrt() + bump;
            let (turned_x, depth) = (x * cos + z * sin, z * cos - x * sin);
            let (from, to) = (eyes_x + x, eyes_x + turned_x);
            if depth < 0.0 || !(0.0..=last).contains(&from) || !(0.0..=last).contains(&to) {
                continue;
            }
            let place: &mut Option<(f32, Rgb<u8>)> = &mut nearest[to as usize];
            if place.is_none_or(|(before, _)| depth > before) {
                *place = Some((depth, *pixels.get_pixel(from as u32, row)));
            }
        }
        let left = (eyes_x - radius).clamp(0.0, last) as usize;
        let right = (eyes_x + radius).clamp(0.0, last) as usize;
        let known: Vec<usize> = (left..=right).filter(|x| nearest[*x].is_some()).collect();
        for x in left..=right {
            let closest = known.iter().min_by_key(|known| known.abs_diff(x));
            if let Some((_, colour)) = closest.and_then(|closest| nearest[*closest]) {
                aside.put_pixel(x as u32, row, colour);
            }
        }
    }
    aside
}

/// A print of a photograph that is held before the camera: paler, a little blurred, with a margin of paper,
/// in front of a room.
pub fn printed(pixels: &RgbImage) -> RgbImage {
    const MARGIN: u32 = 14;
    let mut paper = RgbImage::from_pixel(408, 544, Rgb([214, 212, 205]));
    let (width, height) = (paper.width() - 2 * MARGIN, paper.height() - 2 * MARGIN);
    let mut photo = imageops::resize(pixels, width, height, FilterType::Triangle);
    for pixel in photo.pixels_mut() {
        pixel.0 = pixel.0.map(|value| (f32::from(value) * 0.75 + 30.0) as u8);
    }
    imageops::replace(&mut paper, &photo, MARGIN.into(), MARGIN.into());
    let mut room = room();
    imageops::overlay(&mut room, &paper, 36, 48);
    turned(&imageops::blur(&room, 0.8), (240.0, 320.0), 3.0)
}

/// The n-th photograph of a screen: its pixels beat with those of the camera, and bands that are darker by
/// a share run over it where its light flickers.
pub fn on_screen(shot: &RgbImage, n: u32, bands: f32) -> RgbImage {
    const BEAT: f32 = 7.0;
    const PERIOD: f32 = 5.3;
    let phase = n as f32 * 2.4;
    let mut screen = shot.clone();
    for (x, y, pixel) in screen.enumerate_pixels_mut() {
        let wave = |at: u32| (at as f32 * std::f32::consts::TAU / PERIOD + phase).sin();
        let beat = BEAT * wave(x) * wave(y);
        let band = 1.0 - bands * (y as f32 / 90.0 + phase).sin().max(0.0);
        pixel.0 = pixel.0.map(|value| (f32::from(value) * band + beat).clamp(0.0, 255.0) as u8);
    }
    screen
}

/// In other light, and with the noise of a camera.
pub fn shot_again(pixels: &RgbImage, n: u32) -> RgbImage {
    let mut again = brighter(pixels, 1.0 + (n as f32 - 10.0) * 0.01);
    for (place, pixel) in again.pixels_mut().enumerate() {
        let noise = (place as u32).wrapping_mul(2_654_435_761 + n) >> 29;
        pixel.0 = pixel.0.map(|value| value.saturating_add(noise as u8));
    }
    again
}

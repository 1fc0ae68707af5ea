//! Faces in a photograph: BlazeFace, Google's detector for photographs of oneself.
//!
//! The detector, its anchors and the decoding of its answers are those of MediaPipe's short-range model
//! (`models/NOTICE`). It knows faces from a fifth of the picture's side on; for those further away the
//! middle of the picture is looked at once more.

use image::RgbImage;

use crate::blazeface::{COLOURS, GRIDS, NUMBERS, Network, SIDE};
use crate::smaller::{Part, thumbnail};

/// A face is what the detector is at least so sure of: faces reach 0.85 and more, what is none 0.6.
const SURE: f32 = 0.65;

/// Boxes that share more of what they cover are one face.
const OVERLAP: f32 = 0.3;

/// The share of the picture's shorter side that is looked at again for faces far away.
const MIDDLE: f32 = 0.6;

/// A point of a picture, in shares of its width and height from the upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// From the left.
    pub x: f32,
    /// From above.
    pub y: f32,
}

/// A face. Places are shares of the picture; they lie outside of 0 to 1 where a face does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Face {
    /// Its left edge.
    pub left: f32,
    /// Its upper edge.
    pub top: f32,
    /// Its width.
    pub width: f32,
    /// Its height.
    pub height: f32,
    /// How sure the detector is, 0 to 1.
    pub sure: f32,
    /// Right eye, left eye, tip of the nose, mouth, right ear, left ear; as the person has them.
    pub points: [Point; 6],
}

impl Face {
    /// The share of its box that lies outside the picture.
    #[must_use]
    pub fn outside(&self) -> f32 {
        let inside = |from: f32, length: f32| (from + length).min(1.0) - from.max(0.0);
        let shown = inside(self.left, self.width).max(0.0) * inside(self.top, self.height).max(0.0);
        1.0 - shown / (self.width * self.height).max(f32::EPSILON)
    }

    /// How far the tip of the nose stands from between the eyes, along their line and in distances of
    /// the eyes; 0 for somebody who looks straight ahead.
    #[must_use]
    pub fn turn(&self) -> f32 {
        let [right, left, nose, ..] = self.points;
        let eyes = (left.x - right.x, left.y - right.y);
        let squared = eyes.0 * eyes.0 + eyes.1 * eyes.1;
        if squared <= f32::EPSILON {
            return 1.0; // Both eyes in one place: seen from the side.
        }
        let middle = ((left.x + right.x) / 2.0, (left.y + right.y) / 2.0);
        let offset = (nose.x - middle.0) * eyes.0 + (nose.y - middle.1) * eyes.1;
        (offset / squared).abs()
    }

    fn overlap(&self, other: &Self) -> f32 {
        let shared = |a: f32, a_length: f32, b: f32, b_length: f32| {
            ((a + a_length).min(b + b_length) - a.max(b)).max(0.0)
        };
        let both = shared(self.left, self.width, other.left, other.width)
            * shared(self.top, self.height, other.top, other.height);
        let either = self.width * self.height + other.width * other.height - both;
        both / either.max(f32::EPSILON)
    }
}

/// The detector.
#[derive(Default)]
pub struct Detector(Network);

/// A square of a picture, in pixels; it may reach beyond the picture, where all is black.
#[derive(Clone, Copy)]
struct Square {
    left: f32,
    top: f32,
    side: f32,
}

impl Detector {
    /// The faces of a picture, the surest first.
    #[must_use]
    pub fn faces(&self, pixels: &RgbImage) -> Vec<Face> {
        let (width, height) = (pixels.width() as f32, pixels.height() as f32);
        let side = width.max(height);
        let whole = Square { left: (width - side) / 2.0, top: (height - side) / 2.0, side };
        let faces = self.within(pixels, whole);
        if !faces.is_empty() {
            return faces;
        }
        let side = width.min(height) * MIDDLE;
        // Heads stand in the upper half of a picture of oneself.
        let upper = Square { left: (width - side) / 2.0, top: (height - side) * 0.35, side };
        self.within(pixels, upper)
    }

    fn within(&self, pixels: &RgbImage, square: Square) -> Vec<Face> {
        let answers = self.0.answers(&seen(pixels, square));
        let (width, height) = (pixels.width() as f32, pixels.height() as f32);
        let place = |x: f32, y: f32| Point {
            x: (square.left + x * square.side) / width,
            y: (square.top + y * square.side) / height,
        };
        let sure = anchors().zip(answers.boxes.chunks_exact(NUMBERS)).zip(&answers.scores);
        let sure = sure.filter_map(|((anchor, numbers), score)| {
            let sure = 1.0 / (1.0 + (-score.clamp(-100.0, 100.0)).exp());
            let at = |n: usize| numbers[n] / SIDE as f32;
            let point = |n: usize| place(anchor.x + at(4 + 2 * n), anchor.y + at(5 + 2 * n));
            let corner = place(anchor.x + at(0) - at(2) / 2.0, anchor.y + at(1) - at(3) / 2.0);
            (sure >= SURE).then(|| Face {
                left: corner.x,
                top: corner.y,
                width: at(2) * square.side / width,
                height: at(3) * square.side / height,
                sure,
                points: std::array::from_fn(point),
            })
        });
        distinct(sure.collect())
    }
}

/// Where the detector's answers are counted from, in shares of what it looked at.
fn anchors() -> impl Iterator<Item = Point> {
    GRIDS.into_iter().flat_map(|(grid, answers)| {
        (0..grid * grid).flat_map(move |place| {
            let middle = |n: usize| (n as f32 + 0.5) / grid as f32;
            let anchor = Point { x: middle(place % grid), y: middle(place / grid) };
            std::iter::repeat_n(anchor, answers)
        })
    })
}

/// Of answers that mean one face, the surest.
fn distinct(mut answers: Vec<Face>) -> Vec<Face> {
    answers.sort_by(|a, b| b.sure.total_cmp(&a.sure));
    let mut faces: Vec<Face> = Vec::new();
    for answer in answers {
        if faces.iter().all(|face| face.overlap(&answer) <= OVERLAP) {
            faces.push(answer);
        }
    }
    faces
}

/// What the detector sees of a square: small, and each colour from −1 to 1.
fn seen(pixels: &RgbImage, square: Square) -> Vec<f32> {
    let scale = SIDE as f32 / square.side;
    let (left, top) = (square.left.max(0.0), square.top.max(0.0));
    let right = (square.left + square.side).min(pixels.width() as f32);
    let bottom = (square.top + square.side).min(pixels.height() as f32);
    let (width, height) = ((right - left) as u32, (bottom - top) as u32);
    let (width, height) = (width.max(1), height.max(1));
    let part = Part { left: left as u32, top: top as u32, width, height };
    let small = |pixels: u32| ((pixels as f32 * scale).round() as u32).clamp(1, SIDE as u32);
    let part = thumbnail(pixels, part, small(width), small(height));
    let (x0, y0) = (((left - square.left) * scale) as usize, ((top - square.top) * scale) as usize);
    let mut seen = vec![-1.0; SIDE * SIDE * COLOURS];
    let rows = part.chunks_exact(COLOURS * part.width() as usize);
    for (row, values) in seen.chunks_exact_mut(SIDE * COLOURS).skip(y0).zip(rows) {
        for (seen, value) in row[x0 * COLOURS..].iter_mut().zip(values) {
            *seen = f32::from(*value) / 127.5 - 1.0;
        }
    }
    seen
}

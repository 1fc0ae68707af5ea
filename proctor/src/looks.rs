//! How a photograph looks, told from its brightness alone: dark, blurred, covered, and like which other.

use image::RgbImage;
use image::imageops;

use crate::smaller::{Part, softened, thumbnail};

/// The longest side at which it is looked at: enough to tell sharp from blurred, and quick.
const SIDE: u32 = 240;

/// Places of a sketch: columns and rows.
const SKETCH: (u32, u32) = (24, 32);

/// How much the brightness of a sketch varies, whatever light there was.
const SKETCH_CONTRAST: f32 = 48.0;

/// How it looks, in numbers; what they mean is [`crate::findings`]'s business.
#[derive(Clone, Debug, PartialEq)]
pub struct Looks {
    /// Mean brightness, 0 to 255.
    pub brightness: f32,
    /// Standard deviation of the brightness.
    pub contrast: f32,
    /// Variance of the Laplacian: how much is told by edges.
    pub sharpness: f32,
    /// The difference hash: near pictures have near hashes.
    pub hash: Hash,
    /// What it shows, small and in even light.
    pub sketch: Sketch,
}

/// A photograph as 24 × 32 shades of gray, row by row, with one mean and one contrast for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch(pub Vec<u8>);

impl Sketch {
    /// The mean difference of two, in shades of 256, when each row has the light of the other's: screens
    /// and lamps flicker while a camera reads row by row. Infinite where one is none.
    #[must_use]
    pub fn distance(&self, other: &Self) -> f32 {
        if self.0.len() != other.0.len() || self.0.is_empty() {
            return f32::INFINITY;
        }
        let columns = SKETCH.0 as usize;
        let rows = self.0.chunks(columns).zip(other.0.chunks(columns));
        let of_row = |(row, other): (&[u8], &[u8])| {
            let differences = || row.iter().zip(other).map(|(a, b)| f32::from(*a) - f32::from(*b));
            let light = differences().sum::<f32>() / row.len() as f32;
            differences().map(|difference| (difference - light).abs()).sum::<f32>()
        };
        rows.map(of_row).sum::<f32>() / self.0.len() as f32
    }
}

/// 64 comparisons of neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash(pub u64);

impl Hash {
    /// In how many of 64 comparisons two differ.
    #[must_use]
    pub const fn distance(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }
}

impl Looks {
    /// Looks at pixels.
    #[must_use]
    pub fn of(pixels: &RgbImage) -> Self {
        let (width, height) = pixels.dimensions();
        let longest = width.max(height);
        let side = |pixels: u32| (pixels * SIDE).div_ceil(longest).max(3);
        let small = thumbnail(pixels, Part::whole(pixels), side(width), side(height));
        let gray = imageops::grayscale(&small);
        let (brightness, variance) = moments(gray.iter().map(|value| f32::from(*value)));
        let rows: Vec<&[u8]> = gray.chunks_exact(gray.width() as usize).collect();
        let laplacian = rows.windows(3).flat_map(|rows| {
            let inner = |row: usize| rows[row][1..].iter().map(|value| i16::from(*value));
            let across = rows[1]
                .windows(3)
                .map(|three| i16::from(three[0]) + i16::from(three[2]) - 4 * i16::from(three[1]));
            inner(0)
                .zip(inner(2))
                .zip(across)
                .map(|((above, below), across)| above + below + across)
        });
        let (_, sharpness) = moments(laplacian.map(f32::from));
        let tiny = softened(&gray, 9, 8);
        let places = (0..8).flat_map(|y| (0..8).map(move |x| (x, y)));
        let hash = places
            .fold(0, |hash, (x, y)| hash << 1 | u64::from(tiny[9 * y + x] > tiny[9 * y + x + 1]));
        let contrast = variance.sqrt();
        let even = |value: u8| {
            let even = (f32::from(value) - brightness) / contrast.max(1.0) * SKETCH_CONTRAST;
            (even + 128.0).clamp(0.0, 255.0).round() as u8
        };
        let sketch = softened(&gray, SKETCH.0, SKETCH.1);
        let sketch = Sketch(sketch.into_iter().map(even).collect());
        Self { brightness, contrast, sharpness, hash: Hash(hash), sketch }
    }
}

/// Mean and variance.
fn moments(values: impl Iterator<Item = f32>) -> (f32, f32) {
    let (mut count, mut sum, mut squares) = (0_u32, 0_f64, 0_f64);
    values.map(f64::from).for_each(|value| {
        count += 1;
        sum += value;
        squares += value * value;
    });
    let count = f64::from(count.max(1));
    let mean = sum / count;
    (mean as f32, (squares / count - mean * mean).max(0.0) as f32)
}

//! Pictures made smaller as `image` does it, to the same pixels, in a tenth of its time: whole rows are
//! added up first, which processors do for many pixels at once.

use std::ops::Range;

use image::imageops;
use image::{GrayImage, RgbImage};

/// So many rows of the brightest pixels add up to what fits into 16 bits.
const ROWS_MAX: u32 = 256;

/// A part of a picture, in pixels.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// From the left.
    pub left: u32,
    /// From above.
    pub top: u32,
    /// To the right of `left`.
    pub width: u32,
    /// Below `top`.
    pub height: u32,
}

impl Part {
    /// All of it.
    pub fn whole(pixels: &RgbImage) -> Self {
        Self { left: 0, top: 0, width: pixels.width(), height: pixels.height() }
    }
}

/// A part of a picture with the mean of what each pixel stands for: [`imageops::thumbnail`], faster.
pub fn thumbnail(pixels: &RgbImage, part: Part, width: u32, height: u32) -> RgbImage {
    let Part { left, top, width: part_width, height: part_height } = part;
    if width > part_width || height > part_height || part_height / height >= ROWS_MAX {
        let part = imageops::crop_imm(pixels, left, top, part_width, part_height);
        return imageops::thumbnail(&*part, width, height);
    }
    let stride = 3 * pixels.width() as usize;
    let rows = pixels.chunks_exact(stride).skip(top as usize).take(part_height as usize);
    let inside = 3 * left as usize..3 * (left + part_width) as usize;
    let rows: Vec<&[u8]> = rows.map(|row| &row[inside.clone()]).collect();
    let columns: Vec<Range<usize>> = boxes(part_width, width).collect();
    let mut small = Vec::with_capacity(3 * width as usize * height as usize);
    let mut sums = vec![0_u16; inside.len()];
    for rows_of_box in boxes(part_height, height) {
        let rows = &rows[rows_of_box];
        sums.fill(0);
        for row in rows {
            for (sum, value) in sums.iter_mut().zip(*row) {
                *sum = sum.wrapping_add(u16::from(*value)); // ROWS_MAX is why it does not wrap.
            }
        }
        let (sums, _) = sums.as_chunks::<3>();
        for columns in &columns {
            let count = (columns.len() * rows.len()) as u32;
            let mut mean = [count / 2; 3];
            for sum in &sums[columns.clone()] {
                for (mean, sum) in mean.iter_mut().zip(sum) {
                    *mean += u32::from(*sum);
                }
            }
            small.extend(mean.map(|sum| (sum / count) as u8));
        }
    }
    RgbImage::from_raw(width, height, small).expect("as many pixels as it has boxes")
}

/// Which of `from` pixels each of `to` stands for.
fn boxes(from: u32, to: u32) -> impl Iterator<Item = Range<usize>> {
    let ratio = from as f32 / to as f32;
    (0..to).map(move |n| {
        let start = n as f32 * ratio;
        let first = (start.ceil() as u32).min(from - 1);
        first as usize..((start + ratio).ceil() as u32).clamp(first + 1, from) as usize
    })
}

/// A picture softened by a triangle: [`imageops::resize`] with `FilterType::Triangle`, faster.
pub fn softened(gray: &GrayImage, width: u32, height: u32) -> Vec<u8> {
    let columns = triangles(gray.width(), width);
    let mut small = Vec::with_capacity(width as usize * height as usize);
    let stride = gray.width() as usize;
    let mut sums = vec![0_f32; stride];
    for (first, weights) in triangles(gray.height(), height) {
        sums.fill(0.0);
        for (row, weight) in gray.chunks_exact(stride).skip(first).zip(weights) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += f32::from(*value) * weight;
            }
        }
        small.extend(columns.iter().map(|(first, weights)| {
            let sum: f32 = sums[*first..].iter().zip(weights).map(|(sum, by)| sum * by).sum();
            sum.round() as u8
        }));
    }
    small
}

/// For each of `to` pixels, the first of `from` that it is made of, and how much of each.
fn triangles(from: u32, to: u32) -> Vec<(usize, Vec<f32>)> {
    let ratio = from as f32 / to as f32;
    let reach = ratio.max(1.0);
    let triangle = |n: u32| {
        let middle = (n as f32 + 0.5) * ratio;
        let first = ((middle - reach).floor().max(0.0) as u32).min(from - 1);
        let end = ((middle + reach).ceil() as u32).clamp(first + 1, from);
        let weight = |at: u32| (1.0 - ((at as f32 + 0.5 - middle) / reach).abs()).max(0.0);
        let sum: f32 = (first..end).map(weight).sum();
        (first as usize, (first..end).map(|at| weight(at) / sum).collect())
    };
    (0..to).map(triangle).collect()
}

#[cfg(test)]
mod tests {
    use image::imageops::FilterType;
    use proptest::prelude::*;

    use super::*;

    fn picture(width: u32, height: u32, seed: u32) -> RgbImage {
        let mut state = seed | 1;
        RgbImage::from_fn(width, height, |x, y| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            image::Rgb([(state >> 24) as u8, (x * 255 / width) as u8, (y * 255 / height) as u8])
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_thumbnail_is_the_one_of_the_library(
            (width, height) in (3_u32..300, 3_u32..300),
            (left, top) in (0.0_f32..0.9, 0.0_f32..0.9),
            (to_width, to_height) in (1_u32..130, 1_u32..130),
            seed: u32,
        ) {
            let pixels = picture(width, height, seed);
            let [left, top] = [(left, width), (top, height)].map(|(at, of)| (at * of as f32) as u32);
            let part = Part { left, top, width: width - left, height: height - top };
            let cut = imageops::crop_imm(&pixels, left, top, part.width, part.height);
            let expected = imageops::thumbnail(&*cut, to_width, to_height);
            prop_assert!(thumbnail(&pixels, part, to_width, to_height) == expected);
        }

        #[test]
        fn what_is_softened_is_within_one_shade_of_the_library(
            (width, height) in (3_u32..300, 3_u32..300),
            (to_width, to_height) in (1_u32..40, 1_u32..40),
            seed: u32,
        ) {
            let gray = imageops::grayscale(&picture(width, height, seed));
            let expected = imageops::resize(&gray, to_width, to_height, FilterType::Triangle);
            let softened = softened(&gray, to_width, to_height);
            prop_assert_eq!(softened.len(), expected.len());
            for (is, should) in softened.iter().zip(expected.iter()) {
                prop_assert!(is.abs_diff(*should) <= 1, "{} {}", is, should);
            }
        }
    }

    #[test]
    fn the_highest_strip_does_not_overflow() {
        let white = RgbImage::from_pixel(64, 8_192, image::Rgb([255; 3]));
        let small = thumbnail(&white, Part::whole(&white), 8, 3);
        assert!(small.iter().all(|value| *value == 255));
    }
}

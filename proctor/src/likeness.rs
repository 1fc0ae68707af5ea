//! Whether two photographs show the same person, by a model that a deployment names.
//!
//! Off unless an operator turns it on, and only for candidates who agreed to it. What it says is a hint
//! like any other. Nothing that a face could be found by is kept: both photographs are looked at, one
//! number comes out, and that is all.

use std::sync::Arc;

use image::RgbImage;
use rten::{Dimension, Model, NodeId, RunOptions, ThreadPool, Value};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use serde::Deserialize;

use crate::faces::{Face, Point};

/// Where models of this kind want the eyes, in shares of the side, as seen in the picture: the one on
/// the left, and the one on the right.
const EYES: [Point; 2] =
    [Point { x: 38.29 / 112.0, y: 51.7 / 112.0 }, Point { x: 73.53 / 112.0, y: 51.5 / 112.0 }];

/// What a model wants to see of a colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Colours {
    /// Red, green and blue, each from −1 to 1; as with ArcFace.
    #[default]
    Rgb,
    /// Blue, green and red, each from 0 to 255; as with SFace.
    BgrBytes,
}

/// A model that makes numbers of a face, so that those of one person are alike.
pub struct Matcher {
    model: Model,
    input: NodeId,
    output: NodeId,
    side: usize,
    colours: Colours,
    options: RunOptions,
}

/// Why two photographs could not be compared.
#[derive(Debug, thiserror::Error)]
#[error("the model of likeness failed: {0}")]
pub struct MatcherFailed(String);

impl Matcher {
    /// Reads a model in ONNX: one input of 1 × 3 × side × side, one output of numbers.
    ///
    /// # Errors
    /// [`MatcherFailed`] for anything else.
    pub fn new(onnx: Vec<u8>, colours: Colours) -> Result<Self, MatcherFailed> {
        let model = Model::load(onnx).map_err(|error| MatcherFailed(error.to_string()))?;
        let (&[input], &[output]) = (model.input_ids(), model.output_ids()) else {
            return Err(MatcherFailed("not one input and one output".to_owned()));
        };
        let shape = model.node_info(input).and_then(|node| node.shape()).unwrap_or_default();
        let side = match shape[..] {
            [_, Dimension::Fixed(3), Dimension::Fixed(height), Dimension::Fixed(width)]
                if height == width && (16..=1_024).contains(&height) =>
            {
                height
            }
            _ => return Err(MatcherFailed(format!("its input is {shape:?}"))),
        };
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::new(ThreadPool::with_num_threads(1)));
        Ok(Self { input, output, model, side, colours, options })
    }

    /// How alike two faces are: the cosine between what the model makes of them, −1 to 1.
    ///
    /// # Errors
    /// [`MatcherFailed`] when the model cannot be run.
    pub fn likeness(
        &self,
        one: (&RgbImage, &Face),
        other: (&RgbImage, &Face),
    ) -> Result<f32, MatcherFailed> {
        let (one, other) = (self.numbers(one)?, self.numbers(other)?);
        if one.len() != other.len() {
            return Err(MatcherFailed("two answers of other lengths".to_owned()));
        }
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let both = (dot(&one, &one) * dot(&other, &other)).sqrt();
        Ok(if both > f32::EPSILON { dot(&one, &other) / both } else { 0.0 })
    }

    fn numbers(&self, (pixels, face): (&RgbImage, &Face)) -> Result<Vec<f32>, MatcherFailed> {
        let failed = |error: rten::RunError| MatcherFailed(error.to_string());
        let input = (self.input, Value::from(self.aligned(pixels, face)).into());
        let run = self.model.run_n(vec![input], [self.output], Some(self.options.clone()));
        let [output] = run.map_err(failed)?;
        let tensor = output.into_tensor::<f32>();
        let tensor = tensor.ok_or_else(|| MatcherFailed("no numbers".to_owned()))?;
        Ok(tensor.to_vec())
    }

    /// The face with its eyes where the model wants them: turned, moved and made larger or smaller.
    fn aligned(&self, pixels: &RgbImage, face: &Face) -> NdTensor<f32, 4> {
        let (width, height) = (pixels.width() as f32, pixels.height() as f32);
        let at = |point: Point| (point.x * width, point.y * height);
        // A person's right eye stands on the left of the picture.
        let [right, left, ..] = face.points;
        let (from, to) = (at(right), at(left));
        let side = self.side as f32;
        let (want_from, want_to) =
            ((EYES[0].x * side, EYES[0].y * side), (EYES[1].x * side, EYES[1].y * side));
        let seen = (to.0 - from.0, to.1 - from.1);
        let want = (want_to.0 - want_from.0, want_to.1 - want_from.1);
        let squared = (want.0 * want.0 + want.1 * want.1).max(f32::EPSILON);
        // As complex numbers: what a step in the model's picture is in ours.
        let step = (
            (seen.0 * want.0 + seen.1 * want.1) / squared,
            (seen.1 * want.0 - seen.0 * want.1) / squared,
        );
        let mut aligned = NdTensor::<f32, 4>::zeros([1, 3, self.side, self.side]);
        for y in 0..self.side {
            for x in 0..self.side {
                let (dx, dy) = (x as f32 - want_from.0, y as f32 - want_from.1);
                let place =
                    (from.0 + step.0 * dx - step.1 * dy, from.1 + step.1 * dx + step.0 * dy);
                let [red, green, blue] = between(pixels, place);
                let channels = match self.colours {
                    Colours::Rgb => [red, green, blue].map(|value| value / 127.5 - 1.0),
                    Colours::BgrBytes => [blue, green, red],
                };
                for (channel, value) in channels.into_iter().enumerate() {
                    aligned[[0, channel, y, x]] = value;
                }
            }
        }
        aligned
    }
}

/// The colour at a place between four pixels; beyond the picture it is that of its edge.
fn between(pixels: &RgbImage, (x, y): (f32, f32)) -> [f32; 3] {
    let within = |value: f32, length: u32| value.clamp(0.0, length as f32 - 1.0);
    let (x, y) = (within(x, pixels.width()), within(y, pixels.height()));
    let (left, top) = (x as u32, y as u32);
    let right = (left + 1).min(pixels.width() - 1);
    let bottom = (top + 1).min(pixels.height() - 1);
    let (along, down) = (x - left as f32, y - top as f32);
    let corners = [(left, top), (right, top), (left, bottom), (right, bottom)];
    let weights =
        [(1.0 - along) * (1.0 - down), along * (1.0 - down), (1.0 - along) * down, along * down];
    let mut colour = [0.0; 3];
    for ((x, y), weight) in corners.into_iter().zip(weights) {
        for (sum, value) in colour.iter_mut().zip(pixels.get_pixel(x, y).0) {
            *sum += f32::from(value) * weight;
        }
    }
    colour
}

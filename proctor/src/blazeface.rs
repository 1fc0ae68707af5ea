//! The network of BlazeFace, short range: a convolution, sixteen blocks and four heads, computed here.
//!
//! It was left to `rten` before, which computes the convolutions of single channels number by number and
//! takes three times as long; the tests compare the two. Pictures are kept pixel by pixel, the channels of
//! each side by side and as many that processors take eight at once: those beyond are zeros.
//!
//! Source: Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019.

/// The side of what it looks at, in pixels.
pub const SIDE: usize = 128;

/// Numbers of a pixel that it looks at: red, green and blue, −1 to 1.
pub const COLOURS: usize = 3;

/// Answers: two at each of 16 × 16 places, six at each of 8 × 8.
pub const GRIDS: [(usize, usize); 2] = [(16, 2), (8, 6)];

/// Numbers of an answer beside its score: a box and six points.
pub const NUMBERS: usize = 16;

/// How many numbers are computed at once.
const LANES: usize = 8;

/// How many pixels share what is read of the weights.
const TOGETHER: usize = 4;

/// The side of the first convolution's windows.
const WINDOW: usize = 5;

/// Channels behind the first convolution, and behind each block, with how far its windows are apart.
const FIRST: usize = 24;
const BLOCKS: [(usize, usize); 16] = [
    (24, 1),
    (28, 1),
    (32, 2),
    (36, 1),
    (42, 1),
    (48, 2),
    (56, 1),
    (64, 1),
    (72, 1),
    (80, 1),
    (88, 1),
    (96, 2),
    (96, 1),
    (96, 1),
    (96, 1),
    (96, 1),
];

/// The block whose outcome the heads of the finer grid look at.
const FINER: usize = 10;

type Lanes = [f32; LANES];

/// What it answers, grid by grid, place by place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// How sure it is: a number below zero is no.
    pub scores: Vec<f32>,
    /// [`NUMBERS`] of each.
    pub boxes: Vec<f32>,
}

/// The network with its weights.
pub struct Network {
    first: Dense,
    blocks: Vec<Block>,
    scores: [Dense; 2],
    boxes: [Dense; 2],
}

/// A picture between two steps.
struct Map {
    side: usize,
    /// Numbers of a pixel, a multiple of [`LANES`].
    channels: usize,
    numbers: Vec<f32>,
}

/// Every output of a pixel from every input of it.
struct Dense {
    inputs: usize,
    outputs: usize,
    /// For each eight outputs, what each input counts for them.
    weights: Vec<Vec<Lanes>>,
    bias: Vec<Lanes>,
}

/// A convolution of single channels, one of pixels, and what was before added.
struct Block {
    stride: usize,
    /// For each eight channels, what each of 3 × 3 pixels counts.
    windows: Vec<[Lanes; 9]>,
    bias: Vec<Lanes>,
    dense: Dense,
}

impl Default for Network {
    /// The one whose weights are part of the program.
    fn default() -> Self {
        let mut weights = Weights(include_bytes!("../models/blazeface_short_f16.bin"));
        let first = Dense::read(&mut weights, WINDOW * WINDOW, COLOURS, COLOURS, FIRST);
        let mut channels = FIRST;
        let blocks = BLOCKS.map(|(outputs, stride)| {
            let block = Block::read(&mut weights, channels, outputs, stride);
            channels = outputs;
            block
        });
        let (finer, _) = BLOCKS[FINER];
        let mut heads = |numbers: usize| {
            [(finer, GRIDS[0].1), (channels, GRIDS[1].1)].map(|(inputs, answers)| {
                Dense::read(&mut weights, 1, inputs, whole(inputs), answers * numbers)
            })
        };
        let (scores, boxes) = (heads(1), heads(NUMBERS));
        assert!(weights.0.is_empty(), "the file has as many weights as the network");
        Self { first, blocks: blocks.into(), scores, boxes }
    }
}

impl Network {
    /// What it answers to [`SIDE`] × [`SIDE`] pixels of [`COLOURS`], row by row.
    #[must_use]
    pub fn answers(&self, pixels: &[f32]) -> Answers {
        assert_eq!(pixels.len(), SIDE * SIDE * COLOURS, "as many as it looks at");
        let mut map = self.begin(pixels);
        let mut answers = Answers::default();
        for (place, block) in self.blocks.iter().enumerate() {
            map = block.apply(&map);
            if place == FINER {
                self.answer(0, &map, &mut answers);
            }
        }
        self.answer(1, &map, &mut answers);
        answers
    }

    /// The first convolution: windows of 5 × 5, two apart, from one pixel beyond the edge.
    fn begin(&self, pixels: &[f32]) -> Map {
        let side = SIDE / 2;
        let mut map = Map::empty(side, whole(FIRST));
        let stride = (SIDE + WINDOW) * COLOURS;
        let mut framed = vec![0.0; stride * (SIDE + WINDOW)];
        for (row, from) in pixels.chunks_exact(SIDE * COLOURS).enumerate() {
            let at = (row + 1) * stride + COLOURS;
            framed[at..at + from.len()].copy_from_slice(from);
        }
        let line = WINDOW * COLOURS;
        let mut windows = vec![0.0; side * self.first.inputs];
        for (y, row) in map.numbers.chunks_exact_mut(side * whole(FIRST)).enumerate() {
            for (x, window) in windows.chunks_exact_mut(self.first.inputs).enumerate() {
                for (dy, to) in window.chunks_exact_mut(line).enumerate() {
                    let at = (2 * y + dy) * stride + 2 * x * COLOURS;
                    to.copy_from_slice(&framed[at..at + line]);
                }
            }
            self.first.apply(&windows, row);
            row.iter_mut().for_each(|number| *number = number.max(0.0));
        }
        map
    }

    fn answer(&self, grid: usize, map: &Map, answers: &mut Answers) {
        let pixels = map.side * map.side;
        for (head, to) in
            [(&self.scores[grid], &mut answers.scores), (&self.boxes[grid], &mut answers.boxes)]
        {
            let mut numbers = vec![0.0; pixels * whole(head.outputs)];
            head.apply(&map.numbers, &mut numbers);
            for pixel in numbers.chunks_exact(whole(head.outputs)) {
                to.extend_from_slice(&pixel[..head.outputs]);
            }
        }
    }
}

impl Map {
    fn empty(side: usize, channels: usize) -> Self {
        Self { side, channels, numbers: vec![0.0; side * side * channels] }
    }

    /// With a frame of zeros, `before` of two wide above and to the left, the rest below and to the right.
    fn framed(&self, before: usize) -> Self {
        let mut framed = Self::empty(self.side + 2, self.channels);
        let (row, wide) = (self.side * self.channels, framed.side * self.channels);
        for (y, from) in self.numbers.chunks_exact(row).enumerate() {
            let at = (y + before) * wide + before * self.channels;
            framed.numbers[at..at + row].copy_from_slice(from);
        }
        framed
    }

    /// The greatest of each 2 × 2 pixels.
    fn halved(&self) -> Self {
        let mut half = Self::empty(self.side / 2, self.channels);
        let row = self.side * self.channels;
        for (y, to) in half.numbers.chunks_exact_mut(row / 2).enumerate() {
            for (x, to) in to.chunks_exact_mut(self.channels).enumerate() {
                for of in [0, row, self.channels, row + self.channels] {
                    let at = 2 * y * row + 2 * x * self.channels + of;
                    for (to, from) in to.iter_mut().zip(&self.numbers[at..at + self.channels]) {
                        *to = to.max(*from); // None is below zero.
                    }
                }
            }
        }
        half
    }
}

impl Dense {
    /// Reads `outputs` × `channels` × `window` weights and the bias. A pixel, of which there are `window`,
    /// has `padded` numbers.
    fn read(
        weights: &mut Weights,
        window: usize,
        channels: usize,
        padded: usize,
        outputs: usize,
    ) -> Self {
        let inputs = window * padded;
        let groups = outputs.div_ceil(LANES);
        let mut dense = Self {
            inputs,
            outputs,
            weights: vec![vec![[0.0; LANES]; inputs]; groups],
            bias: Vec::new(),
        };
        for output in 0..outputs {
            for channel in 0..channels {
                for place in 0..window {
                    let input = place * padded + channel;
                    dense.weights[output / LANES][input][output % LANES] = weights.next();
                }
            }
        }
        dense.bias = weights.lanes(outputs);
        dense
    }

    /// From some pixels, one after the other, the outputs of each.
    fn apply(&self, pixels: &[f32], outcome: &mut [f32]) {
        let outputs = LANES * self.weights.len();
        let fours = pixels.chunks_exact(TOGETHER * self.inputs);
        assert!(fours.remainder().is_empty(), "pixels come by fours");
        for (four, outcome) in fours.zip(outcome.chunks_exact_mut(TOGETHER * outputs)) {
            let [a, b, c, d] =
                std::array::from_fn(|n| &four[n * self.inputs..(n + 1) * self.inputs]);
            for (group, (weights, bias)) in self.weights.iter().zip(&self.bias).enumerate() {
                let mut sums = [*bias; TOGETHER];
                for ((((weight, a), b), c), d) in weights.iter().zip(a).zip(b).zip(c).zip(d) {
                    for (sum, number) in sums.iter_mut().zip([a, b, c, d]) {
                        for lane in 0..LANES {
                            sum[lane] += weight[lane] * number;
                        }
                    }
                }
                for (pixel, sum) in outcome.chunks_exact_mut(outputs).zip(sums) {
                    pixel[group * LANES..(group + 1) * LANES].copy_from_slice(&sum);
                }
            }
        }
    }
}

impl Block {
    fn read(weights: &mut Weights, channels: usize, outputs: usize, stride: usize) -> Self {
        let mut windows = vec![[[0.0; LANES]; 9]; channels.div_ceil(LANES)];
        for channel in 0..channels {
            for place in &mut windows[channel / LANES] {
                place[channel % LANES] = weights.next();
            }
        }
        let bias = weights.lanes(channels);
        let dense = Dense::read(weights, 1, channels, whole(channels), outputs);
        Self { stride, windows, bias, dense }
    }

    fn apply(&self, map: &Map) -> Map {
        // Where windows are two apart, their frame is below and to the right.
        let framed = map.framed(usize::from(self.stride == 1));
        let halved;
        let before = if self.stride == 1 {
            map
        } else {
            halved = map.halved();
            &halved
        };
        let mut outcome = Map::empty(before.side, whole(self.dense.outputs));
        let mut row = vec![0.0; before.side * map.channels];
        let width = outcome.side * outcome.channels;
        for (y, to) in outcome.numbers.chunks_exact_mut(width).enumerate() {
            self.convolved(&framed, y, &mut row);
            self.dense.apply(&row, to);
            let before = before.numbers[y * row.len()..].chunks_exact(map.channels);
            for (to, before) in to.chunks_exact_mut(outcome.channels).zip(before) {
                to.iter_mut().zip(before).for_each(|(to, before)| *to += before);
                to.iter_mut().for_each(|to| *to = to.max(0.0));
            }
        }
        outcome
    }

    /// A row of the convolution of single channels.
    fn convolved(&self, framed: &Map, y: usize, row: &mut [f32]) {
        let (channels, wide) = (framed.channels, framed.side * framed.channels);
        let at = y * self.stride * wide;
        let [above, middle, below] =
            std::array::from_fn(|n| &framed.numbers[at + n * wide..at + (n + 1) * wide]);
        for (x, pixel) in row.chunks_exact_mut(channels).enumerate() {
            let at = x * self.stride * channels;
            let window = [above, middle, below].map(|row| &row[at..at + 3 * channels]);
            for (group, to) in pixel.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
                let mut sums = self.bias[group];
                for (row, weights) in window.iter().zip(self.windows[group].chunks_exact(3)) {
                    for (column, weights) in weights.iter().enumerate() {
                        let at = column * channels + group * LANES;
                        let numbers = &row[at..at + LANES];
                        for lane in 0..LANES {
                            sums[lane] += weights[lane] * numbers[lane];
                        }
                    }
                }
                *to = sums;
            }
        }
    }
}

/// Channels with those that fill up the last eight.
const fn whole(channels: usize) -> usize {
    channels.next_multiple_of(LANES)
}

/// Weights that are still to be read: 16-bit floats.
struct Weights(&'static [u8]);

impl Weights {
    fn next(&mut self) -> f32 {
        let (bytes, rest) = self.0.split_first_chunk::<2>().expect("the file has all weights");
        self.0 = rest;
        let bits = u32::from(u16::from_le_bytes(*bytes));
        let (sign, exponent, fraction) = (bits >> 15 << 31, bits >> 10 & 31, bits & 1023);
        let magnitude = match exponent {
            0 => fraction as f32 * 2.0_f32.powi(-24),
            _ => f32::from_bits((exponent + 112) << 23 | fraction << 13),
        };
        f32::from_bits(magnitude.to_bits() | sign)
    }

    fn lanes(&mut self, count: usize) -> Vec<Lanes> {
        let mut lanes = vec![[0.0; LANES]; count.div_ceil(LANES)];
        lanes.as_flattened_mut()[..count].fill_with(|| self.next());
        lanes
    }
}

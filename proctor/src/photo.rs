//! A photograph as it comes from a phone: looked at from outside, decoded within limits, turned upright,
//! and written anew, so that nothing is kept but what can be seen.

use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, Limits, RgbImage};
use jpeg_encoder::{Encoder, ImageBuffer, JpegColorType, SamplingFactor};
use sha2::{Digest, Sha256};

use crate::jpeg::{self, Broken};

/// The biggest file: twelve times what our own phones send.
pub const BYTES_MAX: usize = 2 << 20;

/// The most pixels that are decoded: a phone's photograph of 16 megapixels.
const PIXELS_MAX: u64 = 16_000_000;

/// And of one that comes in scans: all its coefficients are held beside the pixels, three times as much.
const PROGRESSIVE_PIXELS_MAX: u64 = PIXELS_MAX / 3;

/// The longest side that is decoded.
const SIDE_MAX: u32 = 8_192;

/// The shortest side in which anybody could be recognised.
const SIDE_MIN: u32 = 64;

/// The most memory that decoding may ask for.
const DECODED_BYTES_MAX: u64 = 64 << 20;

/// The longest side of a photograph that is kept.
const KEPT_SIDE_MAX: u32 = 960;

/// How well it is kept, of 100.
const QUALITY: u8 = 80;

/// Why a file is no photograph that can be taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPhoto {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It has too many bytes.
    #[error("the file is bigger than 2 MiB")]
    TooBig,
    /// It is one of Apple's.
    #[error("this is HEIC: send image/jpeg")]
    Heic,
    /// It is something else.
    #[error("this is no JPEG")]
    NotJpeg,
    /// It stops before its end.
    #[error("the file stops before its end")]
    Truncated,
    /// Something follows behind the photograph.
    #[error("something follows behind the photograph")]
    Trailing,
    /// It has too many pixels.
    #[error("more than 16 million pixels, or a side of more than 8,192")]
    TooManyPixels,
    /// It has too few.
    #[error("a side of fewer than 64 pixels")]
    TooFewPixels,
    /// It cannot be decoded.
    #[error("the photograph cannot be decoded")]
    Damaged,
}

impl NotAPhoto {
    /// What it is, for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "photo_empty",
            Self::TooBig => "photo_too_big",
            Self::Heic => "photo_heic",
            Self::NotJpeg => "photo_not_jpeg",
            Self::Truncated => "photo_truncated",
            Self::Trailing => "photo_trailing_data",
            Self::TooManyPixels => "photo_too_many_pixels",
            Self::TooFewPixels => "photo_too_few_pixels",
            Self::Damaged => "photo_damaged",
        }
    }
}

/// SHA-256 of a file.
#[must_use]
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// What is told before anything is decoded; costs no memory and some microseconds.
///
/// # Errors
/// [`NotAPhoto`] for what cannot become one.
pub fn look(bytes: &[u8]) -> Result<(), NotAPhoto> {
    match bytes {
        [] => return Err(NotAPhoto::Empty),
        _ if bytes.len() > BYTES_MAX => return Err(NotAPhoto::TooBig),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => return Err(NotAPhoto::Heic),
        _ => {}
    }
    jpeg::whole(bytes).map(drop).map_err(|broken| match broken {
        Broken::NotJpeg => NotAPhoto::NotJpeg,
        Broken::Truncated => NotAPhoto::Truncated,
        Broken::Trailing => NotAPhoto::Trailing,
        Broken::Damaged => NotAPhoto::Damaged,
    })
}

/// A photograph, decoded and upright.
pub struct Photo {
    pixels: RgbImage,
}

/// The file that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// A JPEG without anything else in it.
    pub bytes: Vec<u8>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

impl Photo {
    /// Decodes what [`look`] let pass, turns it upright, and makes it as small as it is kept.
    ///
    /// # Errors
    /// [`NotAPhoto`] for too many or too few pixels, and for what cannot be decoded.
    pub fn decode(bytes: &[u8]) -> Result<Self, NotAPhoto> {
        let mut decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(|_| NotAPhoto::Damaged)?;
        let (width, height) = decoder.dimensions();
        let pixels = u64::from(width) * u64::from(height);
        let is_progressive = jpeg::whole(bytes).is_ok_and(|shape| shape.is_progressive);
        let pixels_max = if is_progressive { PROGRESSIVE_PIXELS_MAX } else { PIXELS_MAX };
        if pixels > pixels_max || width.max(height) > SIDE_MAX {
            return Err(NotAPhoto::TooManyPixels);
        }
        if width.min(height) < SIDE_MIN {
            return Err(NotAPhoto::TooFewPixels);
        }
        let mut limits = Limits::default();
        limits.max_alloc = Some(DECODED_BYTES_MAX);
        decoder.set_limits(limits).map_err(|_| NotAPhoto::TooManyPixels)?;
        let orientation = decoder.orientation().ok();
        let mut decoded = DynamicImage::from_decoder(decoder).map_err(|_| NotAPhoto::Damaged)?;
        if width.max(height) > KEPT_SIDE_MAX {
            decoded = decoded.resize(KEPT_SIDE_MAX, KEPT_SIDE_MAX, FilterType::Triangle);
        }
        if let Some(orientation) = orientation {
            decoded.apply_orientation(orientation);
        }
        Ok(Self { pixels: decoded.into_rgb8() })
    }

    /// Its pixels.
    #[must_use]
    pub const fn pixels(&self) -> &RgbImage {
        &self.pixels
    }

    /// Its pixels, and nothing else of it.
    #[must_use]
    pub fn into_pixels(self) -> RgbImage {
        self.pixels
    }

    /// Writes it anew, with colours at half the size as phones send them.
    #[must_use]
    pub fn keep(&self) -> Kept {
        let (width, height) = self.pixels.dimensions();
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, QUALITY);
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        encoder.encode_image(Rows(&self.pixels)).expect("a photograph of this size is a JPEG");
        Kept { bytes, width, height }
    }
}

/// Pixels as the encoder asks for them: brightness, and two colours of which it takes what is in the upper
/// left of each four pixels, so that this is the mean of the four.
struct Rows<'a>(&'a RgbImage);

impl ImageBuffer for Rows<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.0.width() as u16 // No more than KEPT_SIDE_MAX.
    }

    fn height(&self) -> u16 {
        self.0.height() as u16
    }

    fn fill_buffers(&self, y: u16, [brightness, blue, red, _]: &mut [Vec<u8>; 4]) {
        let (width, y) = (usize::from(self.width()), usize::from(y));
        let last = usize::from(self.height()) - 1;
        let row = |y: usize| self.0.as_raw()[3 * width * y..][..3 * width].as_chunks::<3>().0;
        // BT.601, as JFIF has it, with 16 bits behind the point.
        brightness.extend(row(y).iter().map(|pixel| {
            let [r, g, b] = pixel.map(u32::from);
            ((19_595 * r + 38_470 * g + 7_471 * b + (1 << 15)) >> 16) as u8
        }));
        if y % 2 == 1 && y != last {
            blue.resize(brightness.len(), 0);
            red.resize(brightness.len(), 0);
            return; // Nobody takes these; only the last row is repeated below the picture.
        }
        let (upper, lower) = (row(y & !1), row((y | 1).min(last)));
        for (upper, lower) in upper.chunks(2).zip(lower.chunks(2)) {
            let end = upper.len() - 1;
            let [r, g, b]: [i32; 3] = std::array::from_fn(|n| {
                [upper[0][n], upper[end][n], lower[0][n], lower[end][n]].map(i32::from).iter().sum()
            });
            // Two bits more, for these are sums of four.
            let colour = |weighted: i32| ((weighted + (128 << 18) + (1 << 17) - 1) >> 18) as u8;
            blue.resize(blue.len() + upper.len(), colour(32_768 * b - 11_059 * r - 21_709 * g));
            red.resize(red.len() + upper.len(), colour(32_768 * r - 27_439 * g - 5_329 * b));
        }
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use image::codecs::jpeg::JpegEncoder;

    use super::*;

    fn picture(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, 128])
        })
    }

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
        picture(width, height).write_with_encoder(encoder).expect("a JPEG");
        bytes
    }

    /// Puts a segment behind the beginning.
    fn with_segment(bytes: &[u8], marker: u8, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len() + 2).expect("a segment is short").to_be_bytes();
        [&bytes[..2], &[0xff, marker], &length, data, &bytes[2..]].concat()
    }

    fn take(bytes: &[u8]) -> Result<Kept, NotAPhoto> {
        look(bytes)?;
        Photo::decode(bytes).map(|photo| photo.keep())
    }

    #[test]
    fn u05_to_u13_what_is_no_photograph_is_told_what_it_is() {
        let good = jpeg(480, 640);
        let heic = b"\0\0\0\x20ftypheic\0\0\0\0mif1heic";
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        for (bytes, refusal) in [
            (&[][..], NotAPhoto::Empty),
            (heic, NotAPhoto::Heic),
            (png, NotAPhoto::NotJpeg),
            (b"\x7fELF", NotAPhoto::NotJpeg),
            (b"MZ\x90", NotAPhoto::NotJpeg),
            (b"%PDF-1.7 \xff\xd8\xff", NotAPhoto::NotJpeg),
            (&good[..2], NotAPhoto::Truncated),
            (&good[..good.len() / 2], NotAPhoto::Truncated),
            (&good[..good.len() - 1], NotAPhoto::Truncated),
            (&[&good[..], b"PK\x03\x04"].concat(), NotAPhoto::Trailing),
            (&[&good[..], &good].concat(), NotAPhoto::Trailing),
            (&[&good[..2], b"<html>"].concat(), NotAPhoto::Damaged),
            (&vec![0xff; BYTES_MAX + 1], NotAPhoto::TooBig),
        ] {
            assert_eq!(take(bytes), Err(refusal));
        }
        assert!(take(&[&good[..], &[0; 40]].concat()).is_ok(), "some cameras fill up");
    }

    #[test]
    fn u10_a_size_that_lies_costs_no_memory() {
        let mut huge = jpeg(64, 64);
        let frame = huge.windows(2).position(|two| two == [0xff, 0xc0]).expect("a frame");
        huge[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
        assert_eq!(take(&huge), Err(NotAPhoto::TooManyPixels));
        let mut none = jpeg(64, 64);
        none[frame + 5..frame + 9].copy_from_slice(&[0, 0, 0, 0]);
        assert!(take(&none).is_err());
    }

    #[test]
    fn u10_what_comes_in_scans_is_held_as_a_whole_and_must_be_smaller() {
        let scans = |width: u32, height: u32| {
            let mut bytes = Vec::new();
            let mut encoder = Encoder::new(&mut bytes, 30);
            encoder.set_progressive(true);
            let pixels = RgbImage::new(width, height);
            let (width, height) = (width as u16, height as u16);
            let encoded = encoder.encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb);
            encoded.expect("a JPEG");
            bytes
        };
        assert!(take(&scans(1_920, 1_080)).is_ok());
        assert_eq!(take(&scans(3_000, 2_000)), Err(NotAPhoto::TooManyPixels));
        assert!(take(&jpeg(3_000, 2_000)).is_ok());
    }

    #[test]
    fn i08_photographs_of_every_shape_are_kept_small() {
        for (width, height, kept) in [
            (480, 640, (480, 640)),
            (640, 480, (640, 480)),
            (100, 100, (100, 100)),
            (2448, 3264, (720, 960)),
            (1080, 1920, (540, 960)),
        ] {
            let kept_as = take(&jpeg(width, height)).expect("a photograph");
            assert_eq!((kept_as.width, kept_as.height), kept);
        }
        assert_eq!(take(&jpeg(63, 200)), Err(NotAPhoto::TooFewPixels));
    }

    #[test]
    fn u14_it_is_turned_upright_and_nothing_but_the_picture_is_kept() {
        let plain = jpeg(480, 640);
        let orientation = |value: u8| {
            let exif = [
                b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(),
                &[value, 0, 0, 0, 0, 0, 0],
                b"GPS 39.9042 116.4074",
            ];
            with_segment(&plain, 0xe1, &exif.concat())
        };
        let corner = |kept: &Kept| {
            let pixels = Photo::decode(&kept.bytes).expect("it is a photograph").pixels;
            pixels.get_pixel(2, 2).0
        };
        for (value, size, red, green) in [
            (1, (480, 640), 0, 0),
            (3, (480, 640), 255, 255),
            (6, (640, 480), 0, 255),
            (8, (640, 480), 255, 0),
        ] {
            let kept = take(&orientation(value)).expect("a photograph");
            assert_eq!((kept.width, kept.height), size, "{value}");
            let near = |is: u8, should: u8| is.abs_diff(should) < 12;
            let [r, g, _] = corner(&kept);
            assert!(near(r, red) && near(g, green), "{value}: {r} {g}");
            assert!(!kept.bytes.windows(4).any(|four| four == b"Exif" || four == b"GPS "));
        }
        // An orientation that is none, and notes that lead round in a circle.
        for exif in
            [&b"Exif\0\0MM\0*\0\0\0\x08\0\x01"[..], b"Exif\0\0II*\0\x08\0\0\0\0\0\x08\0\0\0"]
        {
            assert!(take(&with_segment(&plain, 0xe1, exif)).is_ok());
        }
        let note = with_segment(&plain, 0xfe, b"<script>alert(1)</script>");
        let kept = take(&note).expect("a comment is no picture");
        assert!(!kept.bytes.windows(8).any(|eight| eight == b"<script>"));
    }
    /// The frame of a baseline JPEG: height, width, and the sampling of each component.
    fn frame(bytes: &[u8]) -> (u16, u16, Vec<u8>) {
        let at = bytes.windows(2).position(|two| two == [0xff, 0xc0]).expect("it is baseline");
        let number = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let components = (0..usize::from(bytes[at + 9])).map(|n| bytes[at + 11 + 3 * n]);
        (number(at + 5), number(at + 7), components.collect())
    }

    const BRIGHTNESS: [f64; 3] = [0.299, 0.587, 0.114];
    const BLUE: [f64; 3] = [-0.169, -0.331, 0.5];
    const RED: [f64; 3] = [0.5, -0.419, -0.081];

    /// How near two pictures are in one weighting of their colours, in decibels.
    fn likeness(one: &Photo, other: &Photo, weights: [f64; 3]) -> f64 {
        let error = |(a, b): (&Rgb<u8>, &Rgb<u8>)| {
            let off = |n: usize| weights[n] * (f64::from(a.0[n]) - f64::from(b.0[n]));
            (off(0) + off(1) + off(2)).powi(2)
        };
        let errors: f64 = one.pixels.pixels().zip(other.pixels.pixels()).map(error).sum();
        let mean = errors / f64::from(one.pixels.width() * one.pixels.height());
        10.0 * (255.0 * 255.0 / mean.max(f64::EPSILON)).log10()
    }

    #[test]
    fn what_is_kept_is_as_sharp_as_the_library_makes_it_and_smaller() {
        for name in ["obama_1", "collins", "motorcycle"] {
            let path = format!("{}/tests/pictures/{name}.jpg", env!("CARGO_MANIFEST_DIR"));
            let photo = Photo::decode(&std::fs::read(path).expect("a picture")).expect("a photo");
            let kept = photo.keep();
            let again = Photo::decode(&kept.bytes).expect("it is a photograph");
            let mut full = Vec::new();
            let encoder = JpegEncoder::new_with_quality(&mut full, QUALITY);
            photo.pixels().write_with_encoder(encoder).expect("a JPEG");
            let library = Photo::decode(&full).expect("it is a photograph");
            for (colour, weights) in [("bright", BRIGHTNESS), ("blue", BLUE), ("red", RED)] {
                let [is, should] = [&again, &library].map(|of| likeness(&photo, of, weights));
                println!("{name}, {colour}: {is:.2} dB, by the library {should:.2} dB");
                let least = if colour == "bright" { should - 0.2 } else { 43.0 };
                assert!(is > least, "{name}, {colour}: {is} {should}");
            }
            assert!(kept.bytes.len() < full.len(), "{name}: {} {}", kept.bytes.len(), full.len());
            let (height, width) = (kept.height as u16, kept.width as u16);
            assert_eq!(frame(&kept.bytes), (height, width, vec![0x22, 0x11, 0x11]), "{name}");
        }
    }
    #[test]
    fn colours_hold_to_every_edge_whatever_the_size() {
        for (width, height) in [(64, 64), (65, 64), (64, 65), (97, 83), (100, 90), (540, 960)] {
            let colour = Rgb([200, 30, 60]);
            let photo = Photo { pixels: RgbImage::from_pixel(width, height, colour) };
            let kept = Photo::decode(&photo.keep().bytes).expect("it is a photograph");
            assert_eq!(kept.pixels.dimensions(), (width, height));
            for (x, y, pixel) in kept.pixels.enumerate_pixels() {
                let off =
                    pixel.0.iter().zip(colour.0).map(|(is, should)| is.abs_diff(should)).max();
                assert!(off <= Some(3), "{width} x {height} at {x}, {y}: {pixel:?}");
            }
        }
    }
}

//! Pictures of items: taken in as PNG or JPEG that hold nothing but the picture.
//!
//! A file that is clean already stays as it is, so that what was exported comes back byte for
//! byte, and radiographs lose nothing. Anything else is decoded within limits, turned upright, made
//! small enough for a phone, and written anew: no place, no camera, no hidden second file.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The most bytes of a file.
const BYTES_MAX: usize = 16 << 20;

/// The longest side of a picture that is taken in, in pixels.
const SIDE_MAX: u32 = 10_000;

/// The most memory that decoding may ask for: 24 million pixels of four bytes.
const DECODED_BYTES_MAX: u64 = 96 << 20;

/// The longest side of a picture that is kept, in pixels.
const KEPT_SIDE_MAX: u32 = 2_400;

/// The most bytes of a picture that is kept as it is.
const KEPT_BYTES_MAX: usize = 2 << 20;

/// How well a photo is kept, of 100.
const QUALITY: u8 = 90;

/// A picture that holds nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// SHA-256 over `bytes`: its name everywhere.
    pub hash: [u8; 32],
    /// Which of the two kinds.
    pub kind: Kind,
    /// Width in pixels, upright.
    pub width: u32,
    /// Height in pixels, upright.
    pub height: u32,
    /// The file; written apart from the rest.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

/// A kind of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Without loss.
    Png,
    /// A photo.
    Jpeg,
}

impl Kind {
    /// Its media type.
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// How names of its files end.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
        }
    }
}

/// Why a file is no picture that can be taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPicture {
    /// It is of another kind.
    #[error("不是 PNG、JPEG、WebP 或 GIF 图片")]
    Kind,
    /// It is too big.
    #[error("图片过大：文件不超过 16 MB，每边不超过 {SIDE_MAX} 像素，共不超过 2,400 万像素")]
    TooBig,
    /// It is damaged.
    #[error("图片已损坏，无法打开")]
    Damaged,
    /// Its file has too many of them.
    #[error("文件中的图片共超过 256 MB，请拆分后再导入")]
    TooMany,
}

impl NotAPicture {
    /// What it is, for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Kind => "picture_kind",
            Self::TooBig => "picture_too_big",
            Self::Damaged => "picture_damaged",
            Self::TooMany => "pictures_too_many",
        }
    }
}

impl Picture {
    /// Takes a file in.
    ///
    /// # Errors
    /// [`NotAPicture`] says what is wrong with it.
    pub fn take(bytes: &[u8]) -> Result<Self, NotAPicture> {
        if bytes.len() > BYTES_MAX {
            return Err(NotAPicture::TooBig);
        }
        let mut reader = ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .map_err(|_| NotAPicture::Damaged)?;
        let format = reader.format().ok_or(NotAPicture::Kind)?;
        let photo = match format {
            ImageFormat::Jpeg => true,
            ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif => false,
            _ => return Err(NotAPicture::Kind),
        };
        let mut limits = Limits::default();
        limits.max_image_width = Some(SIDE_MAX);
        limits.max_image_height = Some(SIDE_MAX);
        limits.max_alloc = Some(DECODED_BYTES_MAX);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(refused)?;
        if decoder.total_bytes() > DECODED_BYTES_MAX {
            return Err(NotAPicture::TooBig);
        }
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
        let clean = match format {
            ImageFormat::Jpeg => is_clean_jpeg(bytes),
            ImageFormat::Png => is_clean_png(bytes),
            _ => false,
        };
        let longest = picture.width().max(picture.height());
        let kind = if photo { Kind::Jpeg } else { Kind::Png };
        if clean && longest <= KEPT_SIDE_MAX && bytes.len() <= KEPT_BYTES_MAX {
            return Ok(Self::of(kind, &picture, bytes.to_vec()));
        }
        picture.apply_orientation(orientation);
        if longest > KEPT_SIDE_MAX {
            picture = picture.thumbnail(KEPT_SIDE_MAX, KEPT_SIDE_MAX);
        }
        let mut out = Vec::new();
        let written = if photo {
            let encoder = JpegEncoder::new_with_quality(&mut out, QUALITY);
            picture.to_rgb8().write_with_encoder(encoder)
        } else {
            eight_bit(&picture).write_to(&mut Cursor::new(&mut out), ImageFormat::Png)
        };
        written.map_err(|_| NotAPicture::Damaged)?;
        Ok(Self::of(kind, &picture, out))
    }

    /// A name for its file.
    #[must_use]
    pub fn name(&self) -> String {
        let digits: String = self.hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{digits}.{}", self.kind.extension())
    }

    fn of(kind: Kind, picture: &DynamicImage, bytes: Vec<u8>) -> Self {
        let (width, height) = (picture.width(), picture.height());
        Self { hash: Sha256::digest(&bytes).into(), kind, width, height, bytes }
    }
}

fn refused(error: image::ImageError) -> NotAPicture {
    match error {
        image::ImageError::Limits(_) => NotAPicture::TooBig,
        image::ImageError::Unsupported(_) => NotAPicture::Kind,
        _ => NotAPicture::Damaged,
    }
}

/// Eight bits a channel, and no more channels than it has.
fn eight_bit(picture: &DynamicImage) -> DynamicImage {
    let color = picture.color();
    match (color.has_color(), color.has_alpha()) {
        (false, false) => picture.to_luma8().into(),
        (false, true) => picture.to_luma_alpha8().into(),
        (true, false) => picture.to_rgb8().into(),
        (true, true) => picture.to_rgba8().into(),
    }
}

/// Whether a JPEG holds its picture and nothing else: no EXIF, no comment, nothing behind it.
fn is_clean_jpeg(bytes: &[u8]) -> bool {
    const JFIF: u8 = 0xe0;
    let mut rest = match bytes {
        [0xff, 0xd8, rest @ ..] => rest,
        _ => return false,
    };
    // Segments up to the first scan; between scans there are only tables and more scans.
    loop {
        let (marker, after) = match rest {
            [0xff, marker, after @ ..] => (*marker, after),
            _ => return false,
        };
        match marker {
            0xd9 => return after.is_empty(),
            0xc0..=0xc2 | 0xc4 | 0xdb | 0xdd | JFIF | 0xda => {
                let [high, low, ..] = after else { return false };
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                if marker == JFIF && !(length >= 7 && after[2..].starts_with(b"JFIF\0")) {
                    return false;
                }
                let Some(behind) = after.get(length..) else { return false };
                rest = if marker == 0xda { behind_scan(behind) } else { behind };
            }
            _ => return false,
        }
    }
}

/// What follows the compressed data of a scan.
fn behind_scan(data: &[u8]) -> &[u8] {
    let ends = memchr::memchr_iter(0xff, data).find(|at| {
        // A zero or a restart belongs to the data.
        data.get(at + 1).is_some_and(|next| !matches!(next, 0x00 | 0xd0..=0xd7))
    });
    ends.map_or(&[], |at| &data[at..])
}

/// Whether a PNG holds its picture and nothing else.
fn is_clean_png(bytes: &[u8]) -> bool {
    const CHUNKS: [&[u8; 4]; 8] =
        [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"gAMA", b"cHRM", b"sRGB", b"pHYs"];
    let Some(mut rest) = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n") else { return false };
    loop {
        let Some((length, after)) = rest.split_first_chunk::<4>() else { return false };
        let Some(name) = after.first_chunk::<4>() else { return false };
        let length = u32::from_be_bytes(*length) as usize;
        let Some(behind) = after.get(length.saturating_add(8)..) else { return false };
        if name == b"IEND" {
            return length == 0 && behind.is_empty();
        }
        if !CHUNKS.contains(&name) {
            return false;
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    fn photo(width: u32, height: u32) -> DynamicImage {
        RgbImage::from_fn(width, height, |x, y| {
            image::Rgb([(x % 256) as u8, (y % 256) as u8, ((x + y) % 256) as u8])
        })
        .into()
    }

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        picture.write_to(&mut out, format).expect("it is written");
        out.into_inner()
    }

    /// A JPEG that says in EXIF how to turn it.
    fn turned(orientation: u8) -> Vec<u8> {
        let plain = encoded(&photo(40, 20), ImageFormat::Jpeg);
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        let length = u16::try_from(exif.len() + 2).expect("short");
        [&plain[..2], &[0xff, 0xe1], &length.to_be_bytes(), &exif, &plain[2..]].concat()
    }

    #[test]
    fn what_was_taken_in_once_comes_back_as_it_is() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
            let once = Picture::take(&encoded(&photo(64, 48), format)).expect("a picture");
            assert_eq!((once.width, once.height), (64, 48));
            assert_eq!(Picture::take(&once.bytes).expect("a picture"), once, "{format:?}");
        }
        let jpeg = encoded(&photo(64, 48), ImageFormat::Jpeg);
        assert_eq!(Picture::take(&jpeg).expect("a picture").bytes, jpeg, "clean already");
    }

    #[test]
    fn sec7_pictures_are_turned_upright_and_hold_nothing_else() {
        let picture = Picture::take(&turned(6)).expect("a picture");
        assert_eq!((picture.width, picture.height), (20, 40));
        assert!(memchr::memmem::find(&picture.bytes, b"Exif").is_none());
        assert_eq!(Picture::take(&picture.bytes).expect("a picture"), picture);
        let png = encoded(&photo(8, 8), ImageFormat::Png);
        let second = [png.as_slice(), b"PK\x03\x04 hidden"].concat();
        let picture = Picture::take(&second).expect("a picture");
        assert!(memchr::memmem::find(&picture.bytes, b"hidden").is_none());
        let jpeg = encoded(&photo(8, 8), ImageFormat::Jpeg);
        let second = [jpeg.as_slice(), b"<script>"].concat();
        let picture = Picture::take(&second).expect("a picture");
        assert!(memchr::memmem::find(&picture.bytes, b"script").is_none());
    }

    #[test]
    fn a_picture_is_made_small_enough_for_a_phone() {
        let picture = Picture::take(&encoded(&photo(4_800, 100), ImageFormat::Png));
        let picture = picture.expect("a picture");
        assert_eq!((picture.width, picture.height), (2_400, 50));
    }

    #[test]
    fn sec7_what_is_no_picture_or_wants_too_much_is_refused() {
        let png = encoded(&photo(8, 8), ImageFormat::Png);
        assert_eq!(Picture::take(b""), Err(NotAPicture::Kind));
        assert_eq!(Picture::take(b"<svg xmlns='x'/>"), Err(NotAPicture::Kind));
        assert_eq!(Picture::take(b"BM\0\0"), Err(NotAPicture::Kind));
        assert_eq!(Picture::take(&png[..png.len() / 2]), Err(NotAPicture::Damaged));
        assert_eq!(Picture::take(&vec![0; BYTES_MAX + 1]), Err(NotAPicture::TooBig));
        // A header that claims 60,000 by 60,000 pixels, with its check sum.
        let mut bomb = png.clone();
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let sum = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(Picture::take(&bomb), Err(NotAPicture::TooBig));
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |sum: u32, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
                if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 }
            })
        })
    }
}

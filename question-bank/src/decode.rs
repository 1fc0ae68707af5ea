//! Bytes as text, in whatever encoding an office program wrote them.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

/// The most bytes of a file.
pub const BYTES_MAX: usize = 64 << 20;

/// Why a file is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// It is too big.
    #[error("文件超过 64 MB，请拆分后再导入")]
    TooBig,
    /// Its encoding cannot be told.
    #[error("文件编码无法识别，请另存为 UTF-8 编码")]
    Encoding,
    /// It holds a NUL character.
    #[error("文件不是文本")]
    Nul,
}

impl NotText {
    /// What it is, for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooBig => "file_too_big",
            Self::Encoding => "encoding_unknown",
            Self::Nul => "not_text",
        }
    }
}

/// How much of a file tells what it is.
const BEGINNING_BYTES: usize = 256 << 10;

/// The first part of a file as text, to tell what it is; what is no text is not told from it here.
pub(crate) fn beginning(bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(BEGINNING_BYTES)];
    let whole = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(), // Cut inside a character.
    };
    let encoding = if whole { UTF_8 } else { encoding_of(bytes) };
    encoding.decode(bytes).0.into_owned()
}

fn encoding_of(bytes: &[u8]) -> &'static Encoding {
    match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None if std::str::from_utf8(bytes).is_ok() => UTF_8,
        None => {
            let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
            detector.feed(bytes, true);
            detector.guess(Some(b"cn"), Utf8Detection::Deny)
        }
    }
}

/// The text of a file. The encoding is told by its mark, by being UTF-8, or by what Chinese office
/// programs write.
///
/// # Errors
/// [`NotText`] says why there is none.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, NotText> {
    if bytes.len() > BYTES_MAX {
        return Err(NotText::TooBig);
    }
    let (text, _, damaged) = encoding_of(bytes).decode(bytes);
    match text {
        _ if damaged => Err(NotText::Encoding),
        text if text.contains('\0') => Err(NotText::Nul),
        text => Ok(text.into_owned()),
    }
}

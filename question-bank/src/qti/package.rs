//! Packages: an archive of items with a manifest that names them.

use std::io::{Cursor, Read};
use std::sync::Arc;

use memchr::memmem;
use percent_encoding::percent_decode_str;
use zip::ZipArchive;
use zip::result::ZipError;

use super::mark::{self, Label};
use super::{Reader, Stimulus, named_as_before};
use crate::decode::{BYTES_MAX, decode};
use crate::problem::Severity;
use crate::raw::Place;
use crate::xml::{self, Element, NotXml};

/// The most parts: some for each item.
pub(crate) const PARTS_MAX: usize = 50_000;

/// The most bytes of all parts that are read, unpacked.
const UNPACKED_BYTES_MAX: u64 = 512 << 20;

/// The most bytes of one part.
const PART_BYTES_MAX: u64 = 16 << 20;

/// The most bytes of a manifest: a kilobyte or more for each item.
pub(crate) const MANIFEST_BYTES_MAX: u64 = BYTES_MAX as u64;

/// How an entry of an archive's directory begins.
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";

/// The name of the manifest.
const MANIFEST: &str = "imsmanifest.xml";

/// Why an archive is no package.
#[derive(Debug, thiserror::Error)]
enum NotAPackage {
    #[error("试题包已损坏：{0}")]
    Damaged(String),
    #[error("试题包设有密码")]
    Password,
    #[error("试题包{0}，请拆分后再导入")]
    Excessive(&'static str),
    #[error("试题包中的文件名 {0:?} 不合法")]
    Name(String),
    #[error("压缩包中没有 {MANIFEST}，也没有 QTI 试题")]
    Empty,
}

impl NotAPackage {
    const fn code(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "package_damaged",
            Self::Password => "package_password",
            Self::Excessive(_) => "file_too_big",
            Self::Name(_) => "package_name",
            Self::Empty => "package_kind",
        }
    }
}

/// Reads every item of a package.
pub(super) fn read(bytes: &[u8], reader: &mut Reader<'_>) {
    let outcome = Package::open(bytes).and_then(|mut package| package.read(reader));
    if let Err(why) = outcome {
        reader.intake.remark(Severity::Error, &Place::default(), None, why.code(), why.to_string());
    }
}

struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    unpacked: u64,
}

impl<'a> Package<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, NotAPackage> {
        let damaged = |error: ZipError| NotAPackage::Damaged(error.to_string());
        // Before the directory is read, which costs memory for each entry.
        if memmem::find_iter(bytes, DIRECTORY_ENTRY).count() > PARTS_MAX {
            return Err(NotAPackage::Excessive("文件过多"));
        }
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
        if archive.len() > PARTS_MAX {
            return Err(NotAPackage::Excessive("文件过多"));
        }
        if archive.has_overlapping_entries().map_err(damaged)? {
            return Err(NotAPackage::Damaged("文件互相重叠".to_owned()));
        }
        for index in 0..archive.len() {
            let part = match archive.by_index_raw(index) {
                Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
                    return Err(NotAPackage::Password);
                }
                part => part.map_err(damaged)?,
            };
            let name = part.name().map_err(damaged)?.into_owned();
            if part.encrypted() {
                return Err(NotAPackage::Password);
            }
            if part.enclosed_name().is_none() || name.starts_with('/') || name.contains('\\') {
                return Err(NotAPackage::Name(name.chars().take(100).collect()));
            }
        }
        Ok(Self { archive, unpacked: 0 })
    }

    fn names(&self) -> Vec<String> {
        self.archive.file_names().flatten().map(|name| name.to_string()).collect()
    }

    /// A part; `None` where there is none of this name.
    fn bytes(&mut self, name: &str, most: u64) -> Result<Option<Vec<u8>>, NotAPackage> {
        let damaged = |reason: String| NotAPackage::Damaged(format!("{name}：{reason}"));
        let part = match self.archive.by_name(name) {
            Err(ZipError::FileNotFound) => return Ok(None),
            part => part.map_err(|error| damaged(error.to_string()))?,
        };
        let mut bytes = Vec::new();
        let read = part.take(most + 1).read_to_end(&mut bytes);
        let read = read.map_err(|error| damaged(error.to_string()))? as u64;
        self.unpacked += read;
        if read > most {
            return Err(NotAPackage::Excessive("中的文件过大"));
        }
        if self.unpacked > UNPACKED_BYTES_MAX {
            return Err(NotAPackage::Excessive("解压后过大"));
        }
        Ok(Some(bytes))
    }

    fn document(&mut self, name: &str) -> Result<Option<Result<Element, NotXml>>, NotAPackage> {
        let read = |bytes: Vec<u8>| {
            let text = decode(&bytes).map_err(NotXml::from)?;
            Ok(named_as_before(xml::document(&text)?))
        };
        Ok(self.bytes(name, PART_BYTES_MAX)?.map(read))
    }

    /// What a manifest lists, one resource at a time.
    fn manifest(&mut self, name: &str) -> Result<Option<Result<Vec<Listed>, NotXml>>, NotAPackage> {
        let read = |bytes: Vec<u8>| {
            let text = decode(&bytes).map_err(NotXml::from)?;
            let mut listed = Vec::new();
            xml::grandchildren(&text, &mut |element| listed.extend(listed_by(name, &element)))?;
            Ok(listed)
        };
        Ok(self.bytes(name, MANIFEST_BYTES_MAX)?.map(read))
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), NotAPackage> {
        let mut names = self.names();
        names.sort_unstable();
        let manifest = names.iter().filter(|name| {
            name.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(MANIFEST))
        });
        let manifest = manifest.min_by_key(|name| name.len()).cloned();
        let listed = match &manifest {
            Some(name) => match self.manifest(name)? {
                Some(Ok(listed)) => Some(listed),
                Some(Err(why)) => {
                    reader.refuse_document(Some(name), &why);
                    return Ok(());
                }
                None => None,
            },
            None => None,
        };
        let listed = listed.unwrap_or_else(|| {
            let xml = |name: &&String| name.to_ascii_lowercase().ends_with(".xml");
            let listed = |name: &String| Listed { name: name.clone(), label: None };
            names.iter().filter(xml).map(listed).collect()
        });
        let mut stimuli = Vec::new();
        let mut items = Vec::new();
        for Listed { name, label } in &listed {
            match self.document(name)? {
                None => {
                    let place = super::place_of(Some(name), 0);
                    let message = "清单中的文件不在试题包中";
                    let code = "package_part_missing";
                    reader.intake.remark(Severity::Error, &place, None, code, message);
                }
                Some(Ok(root)) if root.name == "assessmentItem" => {
                    items.push((name, label, root));
                }
                Some(Ok(root)) if root.name == "assessmentStimulus" => {
                    let mut body = root.child("stimulusBody").cloned().unwrap_or_default();
                    from_the_top(name, &mut body);
                    stimuli.push(Stimulus { href: name.clone(), body });
                }
                Some(Ok(_)) => {} // A test, or something of another standard.
                Some(Err(why)) => reader.refuse_document(Some(name), &why),
            }
        }
        if items.is_empty() && manifest.is_none() {
            return Err(NotAPackage::Empty);
        }
        for (name, label, mut root) in items {
            resolve_stimuli(name, &mut root);
            let mut pictures = |source: &str| {
                let source = percent_decode_str(source).decode_utf8().ok()?;
                self.bytes(&joined(name, &source), PART_BYTES_MAX).ok()?.map(Arc::from)
            };
            let marked = label
                .as_ref()
                .and_then(|label| mark::read(label, &root, &stimuli).map(|marked| (label, marked)));
            match marked {
                Some((label, marked)) => {
                    reader.marked(name, label, root.line, marked, &mut pictures);
                }
                None => reader.document(Some(name), &root, &stimuli, &mut pictures),
            }
        }
        Ok(())
    }
}

/// An item or a stimulus that a manifest lists.
struct Listed {
    name: String,
    label: Option<Label>,
}

/// What a resource of the manifest `name` lists, if it is an item or a stimulus.
fn listed_by(name: &str, resource: &Element) -> Option<Listed> {
    let kind = resource.attribute("type").unwrap_or("").to_ascii_lowercase();
    if resource.name != "resource" || !(kind.contains("item") || kind.contains("stim")) {
        return None;
    }
    let href = resource.attribute("href");
    let file = || resource.child("file").and_then(|file| file.attribute("href"));
    Some(Listed { name: joined(name, href.or_else(file)?), label: Label::of(resource) })
}

/// Names of stimuli as the package has them, not as seen from the item.
fn resolve_stimuli(name: &str, root: &mut Element) {
    for node in &mut root.children {
        if let xml::Node::Element(child) = node
            && child.name == "assessmentStimulusRef"
        {
            for (attribute, value) in &mut child.attributes {
                if attribute == "href" {
                    *value = joined(name, value);
                }
            }
        }
    }
}

/// Names of pictures as the package has them: items elsewhere show them.
fn from_the_top(name: &str, element: &mut Element) {
    for (attribute, value) in &mut element.attributes {
        if matches!(attribute.as_str(), "src" | "data") && !value.starts_with("data:") {
            *value = format!("/{}", joined(name, value));
        }
    }
    for node in &mut element.children {
        if let xml::Node::Element(child) = node {
            from_the_top(name, child);
        }
    }
}

/// The name of what `href` names in the file `from`; a slash begins at the top.
fn joined(from: &str, href: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if href.starts_with('/') {
        parts.clear();
    }
    for part in href.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

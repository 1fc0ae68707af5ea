//! Packages: an archive of items with a manifest that names them.

use std::io::Read;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use zip::result::ZipError;

use super::mark::{self, Label};
use super::{Reader, Stimulus, named_as_before};
use crate::archive::{self, Archive, NotAnArchive};
use crate::decode::{BYTES_MAX, decode};
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
        reader.importer.fail(&Place::default(), why.code(), why.to_string());
    }
}

struct Package<'a> {
    archive: Archive<'a>,
    unpacked: u64,
}

impl<'a> Package<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, NotAPackage> {
        let archive = archive::open(bytes, PARTS_MAX).map_err(|why| match why {
            NotAnArchive::Damaged(why) => NotAPackage::Damaged(why),
            NotAnArchive::Password => NotAPackage::Password,
            NotAnArchive::TooManyParts => NotAPackage::Excessive("文件过多"),
            NotAnArchive::Name(name) => NotAPackage::Name(name),
        })?;
        if let Some(name) = archive::names(&archive).iter().find(|name| name.contains('\\')) {
            return Err(NotAPackage::Name(name.chars().take(100).collect()));
        }
        Ok(Self { archive, unpacked: 0 })
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
    fn manifest(&mut self, name: &str) -> Result<Option<Result<Manifest, NotXml>>, NotAPackage> {
        let read = |bytes: Vec<u8>| {
            let text = decode(&bytes).map_err(NotXml::from)?;
            let mut manifest = Manifest::default();
            xml::grandchildren(&text, &mut |element| manifest.add(name, &element))?;
            Ok(manifest)
        };
        Ok(self.bytes(name, MANIFEST_BYTES_MAX)?.map(read))
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), NotAPackage> {
        let mut names = archive::names(&self.archive);
        names.sort_unstable();
        let manifest = names.iter().filter(|name| {
            name.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(MANIFEST))
        });
        let manifest = manifest.min_by_key(|name| name.len()).cloned();
        let listed = match &manifest {
            Some(name) => match self.manifest(name)? {
                Some(Ok(Manifest { listed, old })) => {
                    if old {
                        reader.refuse_old(&super::place_of(Some(name), 0));
                    }
                    Some(listed)
                }
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
        let mut old = false;
        for Listed { name, label } in &listed {
            match self.document(name)? {
                None => {
                    let place = super::place_of(Some(name), 0);
                    let message = "清单中的文件不在试题包中";
                    reader.importer.fail(&place, "package_part_missing", message);
                }
                Some(Ok(root)) if root.name == "assessmentItem" => {
                    items.push((name, label, root));
                }
                Some(Ok(root)) if root.name == "assessmentStimulus" => {
                    let mut body = root.child("stimulusBody").cloned().unwrap_or_default();
                    from_the_top(name, &mut body);
                    stimuli.push(Stimulus { href: name.clone(), body });
                }
                Some(Ok(root)) if root.name == super::OLD_ROOT => {
                    old = true;
                    reader.refuse_old(&super::place_of(Some(name), root.line));
                }
                Some(Ok(_)) => {} // A test, or something of another standard.
                Some(Err(why)) => reader.refuse_document(Some(name), &why),
            }
        }
        if items.is_empty() && manifest.is_none() && !old {
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

/// What a manifest says.
#[derive(Default)]
struct Manifest {
    listed: Vec<Listed>,
    /// Whether there are tests or banks of QTI 1.
    old: bool,
}

/// An item or a stimulus that a manifest lists.
struct Listed {
    name: String,
    label: Option<Label>,
}

impl Manifest {
    /// Takes in what a resource of the manifest `name` lists.
    fn add(&mut self, name: &str, resource: &Element) {
        if resource.name != "resource" {
            return;
        }
        let kind = resource.attribute("type").unwrap_or("").to_ascii_lowercase();
        self.old |= kind.starts_with("imsqti_xmlv1") || kind.contains("x-bb-qti");
        if kind.contains("item") || kind.contains("stim") {
            let href = resource.attribute("href");
            let file = || resource.child("file").and_then(|file| file.attribute("href"));
            let listed = href.or_else(file).map(|href| joined(name, href));
            let label = Label::of(resource);
            self.listed.extend(listed.map(|name| Listed { name, label }));
        }
    }
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

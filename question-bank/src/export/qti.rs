//! QTI 3.0 packages that lose nothing.
//!
//! Each item is an `assessment-item` of its own with one choice interaction, so any system
//! can show and score it. The items of a group share their case as a stimulus, and those of a B1
//! group repeat its options. What QTI has no element for stands in the manifest as LOM; together
//! with the package's mark, [`crate::qti`] reads back exactly what was written.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{Cursor, Write};

use exam_core::item::{Choose, Difficulty, ItemType};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use super::losses::Losses;
use super::places::{Piece, Places};
use super::xml::Xml;
use crate::hash::text_hash;
use crate::item::{Item, ItemOption, Media, Unit};
use crate::picture::Picture;
use crate::pins::pinned;
use crate::qti::mark::{self, CATALOG};
use crate::qti::{MANIFEST_BYTES_MAX, PARTS_MAX};

const ITEMS: &str = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0";
const ITEMS_SCHEMA: &str = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0 \
    https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0_v1p0.xsd";
const PACKAGE: &str = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1";
const PACKAGE_SCHEMA: &str =
    "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqtiv3p0_imscpv1p2_v1p0.xsd";
const LOM: &str = "http://ltsc.ieee.org/xsd/LOM";
const LOM_SCHEMA: &str =
    "https://purl.imsglobal.org/spec/md/v1p3/schema/xsd/imsmd_loose_v1p3p2.xsd";
const METADATA: &str = "http://www.imsglobal.org/xsd/imsqti_metadata_v3p0";
const METADATA_SCHEMA: &str =
    "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_metadatav3p0_v1p0.xsd";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
const MATCH_CORRECT: &str =
    "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml";

/// The vocabulary of LOM's own words.
const LOM_WORDS: &str = "LOMv1.0";

/// The one value of the outcome that shows the explanation.
const EXPLANATION: &str = "explanation";

/// Writes a package.
pub(super) fn write(units: &[Unit], pictures: &[Picture], losses: &mut Losses<'_>) -> Vec<u8> {
    let names = pictures.iter().map(|picture| (picture.hash, picture.name())).collect();
    let mut package = Package {
        names,
        identifiers: HashSet::new(),
        resources: Vec::new(),
        parts: Vec::new(),
        shown: BTreeMap::new(),
        losses,
    };
    for unit in units {
        package.unit(unit);
    }
    package.end(pictures)
}

/// What the manifest says of a part.
struct Resource {
    identifier: String,
    kind: &'static str,
    href: String,
    /// What it says of an item, as LOM.
    metadata: Option<String>,
    dependencies: Vec<String>,
}

struct Package<'a, 'b> {
    /// Names of pictures.
    names: HashMap<[u8; 32], String>,
    identifiers: HashSet<String>,
    resources: Vec<Resource>,
    /// Names and contents of items and stimuli.
    parts: Vec<(String, String)>,
    /// Identifiers of the pictures that something shows, by name.
    shown: BTreeMap<String, String>,
    losses: &'a mut Losses<'b>,
}

impl Package<'_, '_> {
    fn unit(&mut self, unit: &Unit) {
        self.losses.note_characters(unit);
        let case = !unit.shared_stem.is_empty() || !unit.shared_media.is_empty();
        let stimulus = case.then(|| self.stimulus(unit));
        for item in &unit.items {
            self.item(unit, item, stimulus.as_ref());
        }
    }

    /// Writes what a group shares and returns identifier and name of it.
    fn stimulus(&mut self, unit: &Unit) -> (String, String) {
        let identifier = self.identifier("", "group", &["", &unit.code]);
        let href = format!("stimuli/{:05}.xml", self.parts.len() + 1);
        let shown = self.show(unit, &unit.shared_media);
        let mut xml = Xml::document();
        let root = root(&identifier, &unit.code);
        xml.element("qti-assessment-stimulus", &root, |xml| {
            xml.element("qti-stimulus-body", &[], |xml| {
                xml.element("div", &[], |xml| {
                    let mut places = Places::of(shown.len());
                    rich(xml, &unit.shared_stem, &mut places, &shown);
                    unnamed(xml, places, &shown);
                });
            });
        });
        self.part(&href, xml);
        self.resource(&identifier, "imsqti_stimulus_xmlv3p0", &href, None, &shown, None);
        (identifier, href)
    }

    fn item(&mut self, unit: &Unit, item: &Item, stimulus: Option<&(String, String)>) {
        let identifier = self.identifier(&item.code, "item", &[&unit.code, &item.code]);
        let href = format!("items/{:05}.xml", self.parts.len() + 1);
        let shown = self.show(unit, &item.media);
        let options = unit.options_of(item);
        let identifiers = choices(options);
        let mut xml = Xml::document();
        let root = [root(&identifier, &item.code).as_slice(), &FIXED].concat();
        xml.element("qti-assessment-item", &root, |xml| {
            xml.line();
            declare(xml, unit, item, &identifiers);
            if let Some((identifier, href)) = stimulus {
                let href = format!("../{href}");
                let attributes = [("identifier", identifier.as_str()), ("href", href.as_str())];
                xml.empty("qti-assessment-stimulus-ref", &attributes);
                xml.line();
            }
            xml.element("qti-item-body", &[], |xml| {
                interaction(xml, unit, item, &identifiers, &shown);
            });
            xml.line();
            xml.empty("qti-response-processing", &[("template", MATCH_CORRECT)]);
            xml.line();
            if !item.explanation.is_empty() {
                explain(xml, &item.explanation);
                xml.line();
            }
        });
        self.part(&href, xml);
        let label = label(unit, item);
        let stimulus = stimulus.map(|(identifier, _)| identifier.as_str());
        self.resource(&identifier, "imsqti_item_xmlv3p0", &href, Some(label), &shown, stimulus);
    }

    /// Pictures as items and stimuli, one folder down, call them, with their words.
    fn show<'a>(&mut self, unit: &Unit, media: &'a [Media]) -> Vec<Shown<'a>> {
        let mut shown = Vec::with_capacity(media.len());
        for Media { picture, words } in media {
            let Some(name) = self.names.get(picture).cloned() else {
                self.losses.note(&unit.code, "picture_missing", "图片不在题库中，未写入");
                continue;
            };
            let href = format!("pictures/{name}");
            let identifier = match self.shown.get(&href) {
                Some(identifier) => identifier.clone(),
                None => self.identifier(&format!("picture-{name}"), "picture", &["picture", &name]),
            };
            self.shown.insert(href.clone(), identifier.clone());
            shown.push(Shown { identifier, source: format!("../{href}"), words });
        }
        shown
    }

    fn part(&mut self, name: &str, mut xml: Xml) {
        xml.line();
        self.parts.push((name.to_owned(), xml.end()));
    }

    fn resource(
        &mut self,
        identifier: &str,
        kind: &'static str,
        href: &str,
        metadata: Option<String>,
        shown: &[Shown<'_>],
        stimulus: Option<&str>,
    ) {
        let mut dependencies: Vec<String> = stimulus.map(str::to_owned).into_iter().collect();
        for Shown { identifier, .. } in shown {
            if !dependencies.contains(identifier) {
                dependencies.push(identifier.clone());
            }
        }
        let (identifier, href) = (identifier.to_owned(), href.to_owned());
        self.resources.push(Resource { identifier, kind, href, metadata, dependencies });
    }

    /// An identifier of its own: `wanted` where that is one, or else made of `words`.
    fn identifier(&mut self, wanted: &str, kind: &str, words: &[&str]) -> String {
        let mut identifier = wanted.to_owned();
        let mut tries = 0;
        while !is_identifier(&identifier) || self.identifiers.contains(&identifier) {
            let tried = format!("{tries}");
            identifier = format!("{kind}-{}", text_hash(&[words, &[tried.as_str()]].concat()));
            tries += 1;
        }
        self.identifiers.insert(identifier.clone());
        identifier
    }

    fn end(mut self, pictures: &[Picture]) -> Vec<u8> {
        let manifest = self.manifest();
        let parts = 1 + self.parts.len() + self.shown.len();
        if parts > PARTS_MAX || manifest.len() as u64 > MANIFEST_BYTES_MAX {
            let message = "题库过大，试题包不能整个导入回来，请按分类拆分后再导出";
            self.losses.note_file("package_too_big", message);
        }
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        // The same whenever and wherever it is written.
        let options = SimpleFileOptions::default()
            .last_modified_time(DateTime::DEFAULT)
            .system(System::Unix)
            .unix_permissions(0o644);
        let packed = options.compression_method(CompressionMethod::Deflated);
        let mut put = |name: &str, options, bytes: &[u8]| {
            archive.start_file(name, options).and_then(|()| Ok(archive.write_all(bytes)?))
        };
        let mut written = put("imsmanifest.xml", packed, manifest.as_bytes());
        for (name, text) in &self.parts {
            written = written.and_then(|()| put(name, packed, text.as_bytes()));
        }
        let stored = options.compression_method(CompressionMethod::Stored);
        let mut files: Vec<(String, &Picture)> = pictures
            .iter()
            .map(|picture| (format!("pictures/{}", picture.name()), picture))
            .collect();
        files.sort_by(|(name, _), (other, _)| name.cmp(other));
        files.dedup_by(|(name, _), (other, _)| name == other);
        for (name, picture) in files.iter().filter(|(name, _)| self.shown.contains_key(name)) {
            written = written.and_then(|()| put(name, stored, &picture.bytes));
        }
        written.expect("memory takes all that is written");
        archive.finish().expect("memory takes all that is written").into_inner()
    }

    fn manifest(&mut self) -> String {
        let identifier = self.identifier("exam-bank", "bank", &["manifest"]);
        let schemas = [(PACKAGE, PACKAGE_SCHEMA), (LOM, LOM_SCHEMA), (METADATA, METADATA_SCHEMA)]
            .map(|(namespace, schema)| format!("{namespace} {schema}"))
            .join(" ");
        let pictures = self.shown.iter().map(|(href, identifier)| Resource {
            identifier: identifier.clone(),
            kind: "webcontent",
            href: href.clone(),
            metadata: None,
            dependencies: vec![],
        });
        self.resources.extend(pictures);
        let mut xml = Xml::document();
        let root = [
            ("xmlns", PACKAGE),
            ("xmlns:xsi", INSTANCE),
            ("xsi:schemaLocation", schemas.as_str()),
            ("identifier", identifier.as_str()),
        ];
        xml.element("manifest", &root, |xml| {
            xml.line();
            xml.element("metadata", &[], |xml| {
                xml.text_element("schema", "QTI Package");
                xml.text_element("schemaversion", "3.0.0");
            });
            xml.line();
            xml.empty("organizations", &[]);
            xml.line();
            xml.element("resources", &[], |xml| {
                for resource in &self.resources {
                    xml.line();
                    resource.write(xml);
                }
                xml.line();
            });
            xml.line();
        });
        xml.line();
        xml.end()
    }
}

impl Resource {
    fn write(&self, xml: &mut Xml) {
        let attributes = [
            ("identifier", self.identifier.as_str()),
            ("type", self.kind),
            ("href", self.href.as_str()),
        ];
        xml.element("resource", &attributes, |xml| {
            if let Some(metadata) = &self.metadata {
                xml.element("metadata", &[], |xml| xml.written(metadata));
            }
            xml.empty("file", &[("href", &self.href)]);
            for identifier in &self.dependencies {
                xml.empty("dependency", &[("identifierref", identifier)]);
            }
        });
    }
}

/// A picture that an item shows.
struct Shown<'a> {
    identifier: String,
    source: String,
    words: &'a str,
}

/// What every item says of itself.
const FIXED: [(&str, &str); 2] = [("adaptive", "false"), ("time-dependent", "false")];

/// The attributes of a document.
fn root<'a>(identifier: &'a str, title: &'a str) -> [(&'a str, &'a str); 7] {
    [
        ("xmlns", ITEMS),
        ("xmlns:xsi", INSTANCE),
        ("xsi:schemaLocation", ITEMS_SCHEMA),
        ("identifier", identifier),
        ("title", title),
        ("tool-name", mark::TOOL),
        ("tool-version", mark::TOOL_VERSION),
    ]
}

/// Identifiers of options: the author's where they all are some.
fn choices(options: &[ItemOption]) -> Vec<String> {
    if options.iter().all(|option| is_identifier(&option.id)) {
        return options.iter().map(|option| option.id.clone()).collect();
    }
    (1..=options.len()).map(|number| format!("option-{number}")).collect()
}

/// Whether every system takes this for an identifier: a name of XML in plain letters.
fn is_identifier(text: &str) -> bool {
    let head = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let tail = |byte: u8| head(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    matches!(text.as_bytes(), [first, rest @ ..] if head(*first) && rest.iter().all(|b| tail(*b)))
        && text.len() <= IDENTIFIER_BYTES_MAX
}

/// The longest identifier: what older systems keep.
const IDENTIFIER_BYTES_MAX: usize = 32;

fn declare(xml: &mut Xml, unit: &Unit, item: &Item, identifiers: &[String]) {
    let many = unit.item_type.choose() == Choose::Many;
    let response = [
        ("identifier", "RESPONSE"),
        ("cardinality", if many { "multiple" } else { "single" }),
        ("base-type", "identifier"),
    ];
    xml.element("qti-response-declaration", &response, |xml| {
        xml.element("qti-correct-response", &[], |xml| {
            for position in item.key.positions() {
                xml.text_element("qti-value", &identifiers[position]);
            }
        });
    });
    xml.line();
    let score = [
        ("identifier", "SCORE"),
        ("cardinality", "single"),
        ("base-type", "float"),
        ("normal-maximum", "1"),
    ];
    outcome(xml, &score, "0");
    let most = [("identifier", "MAXSCORE"), ("cardinality", "single"), ("base-type", "float")];
    outcome(xml, &most, "1");
    if !item.explanation.is_empty() {
        let feedback =
            [("identifier", "FEEDBACK"), ("cardinality", "single"), ("base-type", "identifier")];
        outcome(xml, &feedback, EXPLANATION);
    }
}

fn outcome(xml: &mut Xml, attributes: &[(&str, &str)], default: &str) {
    xml.element("qti-outcome-declaration", attributes, |xml| {
        xml.element("qti-default-value", &[], |xml| xml.text_element("qti-value", default));
    });
    xml.line();
}

fn interaction(
    xml: &mut Xml,
    unit: &Unit,
    item: &Item,
    identifiers: &[String],
    shown: &[Shown<'_>],
) {
    let options = unit.options_of(item);
    let fixed = pinned(unit, item).0;
    let judge = unit.item_type == ItemType::Judge;
    let in_order = judge || fixed.len() as usize == options.len();
    let most = if unit.item_type.choose() == Choose::Many { "0" } else { "1" };
    let attributes = [
        ("response-identifier", "RESPONSE"),
        ("shuffle", if in_order { "false" } else { "true" }),
        ("max-choices", most),
    ];
    xml.element("qti-choice-interaction", &attributes, |xml| {
        let mut places = Places::of(shown.len());
        // What is asked comes first, but a picture that only an option names belongs to the option.
        let stem = places.pieces(&item.stem);
        let texts: Vec<_> = options.iter().map(|option| places.pieces(&option.text)).collect();
        xml.line();
        xml.element("qti-prompt", &[], |xml| {
            pieces(xml, &stem, shown);
            unnamed(xml, places, shown);
        });
        for (position, (option, text)) in options.iter().zip(&texts).enumerate() {
            xml.line();
            let identifier = identifiers[position].as_str();
            let mut attributes = vec![("identifier", identifier)];
            if identifier != option.id {
                attributes.push(("label", &option.id));
            }
            if fixed.has(position) {
                attributes.push(("fixed", "true"));
            }
            xml.element("qti-simple-choice", &attributes, |xml| pieces(xml, text, shown));
        }
        xml.line();
    });
}

fn explain(xml: &mut Xml, explanation: &str) {
    let attributes =
        [("outcome-identifier", "FEEDBACK"), ("identifier", EXPLANATION), ("show-hide", "show")];
    xml.element("qti-modal-feedback", &attributes, |xml| {
        xml.element("qti-content-body", &[], |xml| {
            xml.element("div", &[], |xml| rich(xml, explanation, &mut Places::of(0), &[]));
        });
    });
}

fn rich(xml: &mut Xml, text: &str, places: &mut Places, shown: &[Shown<'_>]) {
    pieces(xml, &places.pieces(text), shown);
}

fn pieces(xml: &mut Xml, pieces: &[Piece<'_>], shown: &[Shown<'_>]) {
    for piece in pieces {
        match piece {
            Piece::Picture(place) => picture(xml, *place, shown),
            Piece::Text(text) => {
                for (number, line) in text.split('\n').enumerate() {
                    if number > 0 {
                        xml.empty("br", &[]);
                    }
                    xml.text(line);
                }
            }
        }
    }
}

/// Pictures that no text names stand below the text.
fn unnamed(xml: &mut Xml, places: Places, shown: &[Shown<'_>]) {
    let mut rest = places.rest().peekable();
    if rest.peek().is_some() {
        xml.element("span", &[("class", mark::PICTURES_CLASS)], |xml| {
            for place in rest {
                xml.empty("br", &[]);
                picture(xml, place, shown);
            }
        });
    }
}

fn picture(xml: &mut Xml, place: usize, shown: &[Shown<'_>]) {
    let Shown { source, words, .. } = &shown[place];
    let id = format!("{}{}", mark::PICTURE_ID, place + 1);
    xml.empty("img", &[("id", &id), ("src", source), ("alt", words)]);
}

/// What QTI has no element for, as LOM, and what a search wants to know.
fn label(unit: &Unit, item: &Item) -> String {
    let mut xml = Xml::piece();
    let feedback = if item.explanation.is_empty() { "none" } else { "nonadaptive" };
    xml.element("qtiMetadata", &[("xmlns", METADATA)], |xml| {
        for (name, value) in [
            ("timeDependent", "false"),
            ("interactionType", "choiceInteraction"),
            ("feedbackType", feedback),
            ("solutionAvailable", "true"),
            ("toolName", mark::TOOL),
            ("toolVersion", mark::TOOL_VERSION),
        ] {
            xml.text_element(name, value);
        }
    });
    let grouped = unit.item_type.in_groups();
    xml.element("lom", &[("xmlns", LOM)], |xml| {
        xml.element("general", &[], |xml| {
            identifier(xml, if grouped { &item.code } else { &unit.code });
            for tag in &unit.tags {
                xml.element("keyword", &[], |xml| xml.text_element("string", tag));
            }
        });
        xml.element("educational", &[], |xml| {
            word(xml, "learningResourceType", CATALOG, unit.item_type.name());
            let difficulty = match unit.difficulty {
                Difficulty::Easy => Some("easy"),
                Difficulty::Medium => Some("medium"),
                Difficulty::Hard => Some("difficult"),
                Difficulty::Unset => None,
            };
            if let Some(difficulty) = difficulty {
                word(xml, "difficulty", LOM_WORDS, difficulty);
            }
        });
        if grouped {
            xml.element("relation", &[], |xml| {
                word(xml, "kind", LOM_WORDS, "ispartof");
                xml.element("resource", &[], |xml| identifier(xml, &unit.code));
            });
        }
        classification(xml, "discipline", unit.topic.split('/'));
        for (purpose, names) in [
            (mark::CATEGORY, &unit.practices.categories),
            (mark::SCOPE, &unit.practices.practice_scopes),
        ] {
            for name in names {
                classification(xml, purpose, [name.as_str()].into_iter());
            }
        }
        classification(xml, "security level", [unit.pool.name()].into_iter());
    });
    xml.end()
}

fn identifier(xml: &mut Xml, code: &str) {
    xml.element("identifier", &[], |xml| {
        xml.text_element("catalog", CATALOG);
        xml.text_element("entry", code);
    });
}

fn word(xml: &mut Xml, name: &str, source: &str, value: &str) {
    xml.element(name, &[], |xml| {
        xml.text_element("source", source);
        xml.text_element("value", value);
    });
}

fn classification<'a>(xml: &mut Xml, purpose: &str, path: impl Iterator<Item = &'a str>) {
    let string = |xml: &mut Xml, text: &str| xml.text_element("string", text);
    xml.element("classification", &[], |xml| {
        word(xml, "purpose", LOM_WORDS, purpose);
        xml.element("taxonPath", &[], |xml| {
            xml.element("source", &[], |xml| string(xml, CATALOG));
            for part in path {
                xml.element("taxon", &[], |xml| {
                    xml.element("entry", &[], |xml| string(xml, part));
                });
            }
        });
    });
}

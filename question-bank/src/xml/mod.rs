//! XML as small trees: one question at a time, and everything held to a cap.
//!
//! A declaration of a document type that says more than a name is refused whole: entities can grow
//! without end and name files and addresses. Nothing is ever fetched.

mod tree;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

pub(crate) use tree::{Element, Node};

use crate::decode::NotText;

/// How deep elements may lie in each other.
const DEPTH_MAX: usize = 100;

/// The most attributes of an element.
const ATTRIBUTES_MAX: usize = 200;

/// The most elements and texts of one tree.
const NODES_MAX: usize = 200_000;

/// The most bytes of text in one tree: pictures stand in it as text.
const TEXT_BYTES_MAX: usize = 24 << 20;

/// Why a text is no XML that is read here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotXml {
    /// Its bytes are no text.
    #[error(transparent)]
    NotText(#[from] NotText),
    /// It declares a document type.
    #[error("XML 含有文档类型声明（DOCTYPE），不予读取")]
    DocumentType,
    /// It is damaged.
    #[error("XML 第 {line} 行损坏：{reason}")]
    Damaged {
        /// The line from 1.
        line: u32,
        /// Why.
        reason: String,
    },
    /// It wants too much.
    #[error("XML 第 {line} 行{what}，不予读取")]
    Excessive {
        /// The line from 1.
        line: u32,
        /// What there is too much of.
        what: &'static str,
    },
}

impl NotXml {
    /// What it is, for programs.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::NotText(why) => why.code(),
            Self::DocumentType => "xml_doctype",
            Self::Damaged { .. } => "xml_damaged",
            Self::Excessive { .. } => "file_too_big",
        }
    }

    /// The line from 1, where it has one.
    pub(crate) const fn line(&self) -> Option<u32> {
        match self {
            Self::Damaged { line, .. } | Self::Excessive { line, .. } => Some(*line),
            Self::NotText(_) | Self::DocumentType => None,
        }
    }
}

/// Whether a document type is only a name: no entities, and nowhere to look for them.
fn is_bare(kind: &str) -> bool {
    let name = kind.trim();
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'))
}

/// The name of the outermost element without its prefix, where `text` begins as XML does.
pub(crate) fn root_of(text: &str) -> Option<String> {
    let mut reader = Reader::from_str(text.trim_start());
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) | Event::Empty(start) => {
                return Some(start.local_name().as_ref().to_owned());
            }
            Event::Text(text) if !text.trim().is_empty() => return None,
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// Hands over each child of the outermost element as a tree of its own, which is then forgotten.
///
/// # Errors
/// [`NotXml`] says what is wrong; children before it have been handed over.
pub(crate) fn children(text: &str, take: &mut dyn FnMut(Element)) -> Result<(), NotXml> {
    read(text, 1, take)
}

/// Hands over each grandchild of the outermost element as a tree of its own: of a list of lists no
/// more than one entry is held at a time.
///
/// # Errors
/// [`NotXml`] says what is wrong; grandchildren before it have been handed over.
pub(crate) fn grandchildren(text: &str, take: &mut dyn FnMut(Element)) -> Result<(), NotXml> {
    read(text, 2, take)
}

/// The whole document as one tree.
///
/// # Errors
/// [`NotXml`] says what is wrong.
pub(crate) fn document(text: &str) -> Result<Element, NotXml> {
    let mut root = None;
    read(text, 0, &mut |element| root = Some(element))?;
    root.ok_or(NotXml::Damaged { line: 1, reason: "没有内容".to_owned() })
}

/// Hands over each element that lies `at` deep.
fn read(text: &str, at: usize, take: &mut dyn FnMut(Element)) -> Result<(), NotXml> {
    let mut reader = Reader::from_str(text);
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut open: Vec<Element> = Vec::new();
    let mut depth = 0_usize;
    let mut size = Size::default();
    loop {
        let line = lines.line_at(reader.buffer_position());
        let event = reader
            .read_event()
            .map_err(|error| NotXml::Damaged { line, reason: error.to_string() })?;
        let excessive = |what| NotXml::Excessive { line, what };
        match event {
            // A bare name declares nothing; some authoring tools write one.
            Event::DocType(kind) if is_bare(&kind) => {}
            Event::DocType(_) => return Err(NotXml::DocumentType),
            Event::Start(start) => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Err(excessive("嵌套过深"));
                }
                if depth > at {
                    size.node(line)?;
                    open.push(element(&start, line)?);
                }
            }
            Event::Empty(start) => {
                if depth >= at {
                    size.node(line)?;
                    let element = element(&start, line)?;
                    match open.last_mut() {
                        Some(parent) => parent.children.push(Node::Element(element)),
                        None => take(element),
                    }
                }
                if depth == at {
                    size = Size::default();
                }
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if let Some(element) = open.pop() {
                    match open.last_mut() {
                        Some(parent) => parent.children.push(Node::Element(element)),
                        None => {
                            take(element);
                            size = Size::default();
                        }
                    }
                }
            }
            Event::Text(text) => size.text(&mut open, &text.xml10_content(), line)?,
            Event::CData(text) => size.text(&mut open, &text.xml10_content(), line)?,
            Event::GeneralRef(name) => size.text(&mut open, &referred(&name, line)?, line)?,
            Event::Eof if depth > 0 => {
                let reason = "文件不完整，元素没有结束".to_owned();
                return Err(NotXml::Damaged { line, reason });
            }
            Event::Eof => return Ok(()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

/// What one tree holds already.
#[derive(Default)]
struct Size {
    nodes: usize,
    bytes: usize,
}

impl Size {
    fn node(&mut self, line: u32) -> Result<(), NotXml> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(NotXml::Excessive { line, what: "一题的元素过多" });
        }
        Ok(())
    }

    /// Adds text to the innermost element.
    fn text(&mut self, open: &mut [Element], text: &str, line: u32) -> Result<(), NotXml> {
        let Some(parent) = open.last_mut() else { return Ok(()) };
        self.bytes += text.len();
        if self.bytes > TEXT_BYTES_MAX {
            return Err(NotXml::Excessive { line, what: "一题的文字过多" });
        }
        match parent.children.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ => {
                self.node(line)?;
                parent.children.push(Node::Text(text.to_owned()));
            }
        }
        Ok(())
    }
}

fn element(start: &BytesStart<'_>, line: u32) -> Result<Element, NotXml> {
    let mut attributes = Vec::new();
    // Checked for doubles by their number, not each against each.
    for attribute in start.attributes().with_checks(false) {
        let damaged = |reason: String| NotXml::Damaged { line, reason };
        let attribute = attribute.map_err(|error| damaged(error.to_string()))?;
        if attributes.len() == ATTRIBUTES_MAX {
            return Err(NotXml::Excessive { line, what: "元素的属性过多" });
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|error| damaged(error.to_string()))?;
        attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    let name = start.local_name().as_ref().to_owned();
    Ok(Element { name, attributes, children: vec![], line })
}

fn referred(name: &BytesRef<'_>, line: u32) -> Result<String, NotXml> {
    let predefined = quick_xml::escape::resolve_xml_entity(name.as_ref()).map(str::to_owned);
    let char = || name.resolve_char_ref().ok().flatten().map(String::from);
    predefined.or_else(char).ok_or_else(|| NotXml::Damaged {
        line,
        reason: format!("不认识的实体 &{};", name.as_ref()),
    })
}

/// Tells lines of places that only go on.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn line_at(&mut self, position: u64) -> u32 {
        let position = usize::try_from(position).unwrap_or(usize::MAX).min(self.text.len());
        let passed = &self.text.as_bytes()[self.at..position.max(self.at)];
        let count = memchr::memchr_iter(b'\n', passed).count();
        self.line = self.line.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        self.at = position.max(self.at);
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<(String, u32)>, NotXml> {
        let mut names = Vec::new();
        children(text, &mut |element| names.push((element.name, element.line))).map(|()| names)
    }

    #[test]
    fn children_come_one_after_the_other_with_their_lines() {
        let text = "<?xml version='1.0'?>\n<q:quiz xmlns:q='x'>\n<a i='1'>x<b/>&amp;<![CDATA[<]]></a>\n\n<q:c/></q:quiz>";
        assert_eq!(names(text), Ok(vec![("a".to_owned(), 3), ("c".to_owned(), 5)]));
        assert_eq!(root_of(text).as_deref(), Some("quiz"));
        let root = document(text).expect("a tree");
        let a = root.child("a").expect("a child");
        assert_eq!((a.attribute("i"), a.text().as_str()), (Some("1"), "x&<"));
        assert_eq!(root_of("not xml"), None);
    }

    #[test]
    fn x09_document_types_and_entities_are_refused() {
        for text in [
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            "<!DOCTYPE a SYSTEM 'http://127.0.0.1/x.dtd'><a/>",
            "<!DOCTYPE lolz [<!ENTITY lol 'lol'>]><a>&lol;</a>",
        ] {
            assert_eq!(names(text), Err(NotXml::DocumentType));
        }
        assert_eq!(names("<a><b>&x;</b></a>").expect_err("unknown").code(), "xml_damaged");
        // A name alone declares nothing.
        assert_eq!(names("<!DOCTYPE a><a><b/></a>").map(|names| names.len()), Ok(1));
        let undeclared = names("<!DOCTYPE a><a><b>&x;</b></a>");
        assert_eq!(undeclared.expect_err("unknown").code(), "xml_damaged");
    }

    #[test]
    fn x10_what_wants_too_much_is_refused() {
        let many = format!("<a><b {}/></a>", "x='' ".repeat(800_000));
        let deep = "<a>".repeat(1_000_000);
        let wide = format!("<a><b>{}</b></a>", "<c/>".repeat(NODES_MAX + 1));
        let long = format!("<a><b>{}</b></a>", "x".repeat(TEXT_BYTES_MAX + 1));
        for text in [&many, &deep, &wide, &long] {
            assert_eq!(names(text).expect_err("too much").code(), "file_too_big");
        }
        for text in ["<a><b></a>", "<a>", "<a", "<a><b c=></b></a>", "<a><b x=\"&bad\"/></a>"] {
            assert_eq!(names(text).expect_err(text).code(), "xml_damaged", "{text}");
        }
    }
}

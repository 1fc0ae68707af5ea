//! XML in the one spelling that every export has.

use std::borrow::Cow;

use quick_xml::escape;

/// A document in the making.
pub(super) struct Xml(String);

/// Names and values of an element's attributes.
pub(super) type Attributes<'a> = &'a [(&'a str, &'a str)];

impl Xml {
    pub(super) fn document() -> Self {
        Self("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned())
    }

    /// A piece of a document, for [`Self::written`].
    pub(super) fn piece() -> Self {
        Self(String::new())
    }

    /// A piece that was written before.
    pub(super) fn written(&mut self, piece: &str) {
        self.0.push_str(piece);
    }

    /// An element with whatever `inside` writes.
    pub(super) fn element(
        &mut self,
        name: &str,
        attributes: Attributes<'_>,
        inside: impl FnOnce(&mut Self),
    ) {
        self.open(name, attributes);
        self.0.push('>');
        inside(self);
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// An element of nothing but text.
    pub(super) fn text_element(&mut self, name: &str, text: &str) {
        self.element(name, &[], |xml| xml.text(text));
    }

    /// An element with nothing in it.
    pub(super) fn empty(&mut self, name: &str, attributes: Attributes<'_>) {
        self.open(name, attributes);
        self.0.push_str("/>");
    }

    fn open(&mut self, name: &str, attributes: Attributes<'_>) {
        self.0.push('<');
        self.0.push_str(name);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            let value = escape::escape(held(value)).into_owned();
            // As they stand, readers make spaces of them.
            self.0.push_str(&value.replace('\n', "&#10;").replace('\t', "&#9;"));
            self.0.push('"');
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        self.0.push_str(&escape::partial_escape(held(text)));
    }

    /// Text that holds HTML. It must not hold `]]>`, which HTML writes as `]]&gt;`.
    pub(super) fn html(&mut self, html: &str) {
        if html.contains(['<', '&']) {
            self.0.push_str("<![CDATA[");
            self.0.push_str(&held(html));
            self.0.push_str("]]>");
        } else {
            self.text(html);
        }
    }

    /// Ends the line, between elements that stand alone.
    pub(super) fn line(&mut self) {
        self.0.push('\n');
    }

    pub(super) fn end(self) -> String {
        self.0
    }
}

/// Whether XML has a place for a character.
pub(super) const fn is_held(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

fn held(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_held) {
        return text.into();
    }
    text.chars().map(|c| if is_held(c) { c } else { '\u{fffd}' }).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_attributes_are_read_as_they_were_written() {
        let text = "a\t]]> <b> &amp; \"'\r\n  c\u{1}";
        let mut xml = Xml::document();
        xml.element("x", &[("y", text)], |xml| xml.text(text));
        let read = crate::xml::document(&xml.end()).expect("it is XML");
        let held = text.replace('\u{1}', "\u{fffd}");
        assert_eq!((read.attribute("y"), read.text().as_str()), (Some(held.as_str()), &*held));
    }
}

//! Moodle XML: what Moodle imports as a question bank.

use std::collections::HashMap;

use base64::prelude::{BASE64_STANDARD, Engine};

use super::losses::Losses;
use super::places::{Piece, Places};
use super::questions::{self, Asks, Question, Said, shares};
use super::xml::Xml;
use crate::check::is_active;
use crate::item::{ItemOption, Media, Unit};
use crate::picture::Picture;

/// The longest `idnumber` that Moodle keeps.
const CODE_CHARS_MAX: usize = 100;

/// Writes a quiz.
pub(super) fn write(units: &[Unit], pictures: &[Picture], losses: &mut Losses<'_>) -> String {
    for unit in units {
        losses.note_characters(unit);
    }
    let pictures = Files(pictures.iter().map(|picture| (picture.hash, picture)).collect());
    let mut xml = Xml::document();
    xml.element("quiz", &[], |xml| {
        xml.line();
        questions::each(units, losses, &mut |path, question, losses| {
            if let Some(path) = path {
                category(xml, path);
            }
            write_question(xml, &question, &pictures, losses);
        });
    });
    xml.line();
    xml.end()
}

fn category(xml: &mut Xml, path: &str) {
    xml.element("question", &[("type", "category")], |xml| {
        xml.element("category", &[], |xml| xml.text_element("text", path));
    });
    xml.line();
}

fn write_question(
    xml: &mut Xml,
    question: &Question<'_>,
    pictures: &Files<'_>,
    losses: &mut Losses<'_>,
) {
    if question.code.chars().count() > CODE_CHARS_MAX {
        let message = format!("Moodle 的编号不超过 {CODE_CHARS_MAX} 个字");
        losses.note(question.unit, "code_too_long", message);
    }
    let kind = match &question.asks {
        Asks::Truth(_) => "truefalse",
        Asks::Choice { .. } => "multichoice",
        Asks::Pairs(_) => "matching",
    };
    let mut rich = Rich { pictures, losses, unit: question.unit };
    xml.element("question", &[("type", kind)], |xml| {
        xml.line();
        xml.element("name", &[], |xml| xml.text_element("text", &question.code));
        xml.line();
        // What is asked comes first, but a picture that only an option names belongs to the option.
        let mut places = Places::of(question.stem.media.len());
        let stem = places.pieces(question.stem.text);
        let options = match &question.asks {
            Asks::Choice { options, .. } => *options,
            _ => &[],
        };
        let options: Vec<_> = options.iter().map(|option| places.pieces(&option.text)).collect();
        let mut text = Html::default();
        if let Some(case) = question.case {
            rich.said(&mut text, case);
            text.line();
        }
        rich.pieces(&mut text, &stem, question.stem.media);
        rich.rest(&mut text, places, question.stem.media);
        text.write(xml, "questiontext");
        xml.line();
        Html::of(&question.explanation).write(xml, "generalfeedback");
        xml.line();
        xml.text_element("defaultgrade", "1");
        xml.text_element("hidden", "0");
        xml.text_element("idnumber", &question.code);
        xml.line();
        match &question.asks {
            Asks::Truth(right) => truth(xml, *right),
            Asks::Choice { many, key, .. } => {
                shuffle(xml, question.in_order);
                xml.text_element("single", if *many { "false" } else { "true" });
                xml.text_element("answernumbering", "ABCD");
                let shares = shares(*key);
                for (place, text) in options.iter().enumerate() {
                    let mut html = Html::default();
                    rich.pieces(&mut html, text, question.stem.media);
                    let share = shares.get(&place).copied().unwrap_or("0");
                    xml.line();
                    let attributes = [("fraction", share), ("format", "html")];
                    xml.element("answer", &attributes, |xml| html.inside(xml));
                }
            }
            Asks::Pairs(pairs) => {
                shuffle(xml, question.in_order);
                for (stem, option) in pairs {
                    xml.line();
                    rich.pair(xml, *stem, option);
                }
            }
        }
        xml.line();
        if !question.tags.is_empty() {
            xml.element("tags", &[], |xml| {
                for tag in question.tags {
                    xml.element("tag", &[], |xml| xml.text_element("text", tag));
                }
            });
            xml.line();
        }
    });
    xml.line();
}

fn shuffle(xml: &mut Xml, in_order: bool) {
    xml.text_element("shuffleanswers", if in_order { "false" } else { "true" });
}

fn truth(xml: &mut Xml, right: bool) {
    for (says, share) in [("true", right), ("false", !right)] {
        xml.line();
        let attributes =
            [("fraction", if share { "100" } else { "0" }), ("format", "moodle_auto_format")];
        xml.element("answer", &attributes, |xml| xml.text_element("text", says));
    }
}

/// The pictures of a bank.
struct Files<'a>(HashMap<[u8; 32], &'a Picture>);

/// HTML, with the pictures that it shows.
#[derive(Default)]
struct Html<'a> {
    text: String,
    files: Vec<&'a Picture>,
}

impl Html<'_> {
    fn of(text: &str) -> Self {
        let mut html = Self::default();
        html.push(text);
        html
    }

    fn line(&mut self) {
        self.text.push_str("<br>");
    }

    fn push(&mut self, text: &str) {
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.line();
            }
            self.text.push_str(&escaped(line));
        }
    }

    /// Writes it with its files as the element `name`.
    fn write(&self, xml: &mut Xml, name: &str) {
        xml.element(name, &[("format", "html")], |xml| self.inside(xml));
    }

    fn inside(&self, xml: &mut Xml) {
        xml.element("text", &[], |xml| xml.html(&self.text));
        for picture in &self.files {
            let name = picture.name();
            let attributes = [("name", name.as_str()), ("path", "/"), ("encoding", "base64")];
            xml.element("file", &attributes, |xml| {
                xml.text(&BASE64_STANDARD.encode(&picture.bytes));
            });
        }
    }
}

/// A line as HTML, with every space that a browser would swallow.
fn escaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    let mut before = ' ';
    // Beside the tags of other lines it must not look like something that a browser would run.
    let active = is_active(&format!("<br>{line}"));
    while let Some(c) = chars.next() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            ' ' if before == ' ' || matches!(chars.peek(), None | Some(' ')) => {
                out.push_str("&nbsp;");
            }
            '=' | '(' if active => out.push_str(&format!("&#{};", u32::from(c))),
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// Writes texts with the pictures of the bank.
struct Rich<'a, 'b, 'c> {
    pictures: &'a Files<'a>,
    losses: &'b mut Losses<'c>,
    unit: &'b str,
}

impl<'a> Rich<'a, '_, '_> {
    /// A text and all its pictures.
    fn said(&mut self, html: &mut Html<'a>, said: Said<'_>) {
        let mut places = Places::of(said.media.len());
        let pieces = places.pieces(said.text);
        self.pieces(html, &pieces, said.media);
        self.rest(html, places, said.media);
    }

    fn pieces(&mut self, html: &mut Html<'a>, pieces: &[Piece<'_>], media: &[Media]) {
        for piece in pieces {
            match piece {
                Piece::Text(text) => html.push(text),
                Piece::Picture(place) => self.picture(html, &media[*place]),
            }
        }
    }

    /// Pictures that no text names stand below the text.
    fn rest(&mut self, html: &mut Html<'a>, places: Places, media: &[Media]) {
        for place in places.rest() {
            html.line();
            self.picture(html, &media[place]);
        }
    }

    fn picture(&mut self, html: &mut Html<'a>, media: &Media) {
        let Some(picture) = self.pictures.0.get(&media.picture) else {
            self.losses.note(self.unit, "picture_missing", "图片不在题库中，未写入");
            return;
        };
        let (name, words) = (picture.name(), escaped(&media.words));
        let tag = format!("<img src=\"@@PLUGINFILE@@/{name}\" alt=\"{words}\">");
        html.text.push_str(&tag);
        if !html.files.iter().any(|known| known.hash == picture.hash) {
            html.files.push(picture);
        }
    }

    fn pair(&mut self, xml: &mut Xml, stem: Option<Said<'_>>, option: &ItemOption) {
        let mut html = Html::default();
        if let Some(stem) = stem {
            self.said(&mut html, stem);
        }
        if option.text.contains('\n') {
            self.losses.note(self.unit, "line_breaks_lost", "配伍题选项中的换行已改为空格");
        }
        xml.element("subquestion", &[("format", "html")], |xml| {
            html.inside(xml);
            xml.element("answer", &[], |xml| {
                let text = escaped(&option.text.replace('\n', " "));
                xml.element("text", &[], |xml| xml.html(&text));
            });
        });
    }
}

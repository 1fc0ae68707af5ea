//! HTML as plain text: what an item says, without what it looks like.
//!
//! What plain text cannot say is named, never dropped in silence.

use std::cell::RefCell;

use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use crate::check::is_active;
use crate::wording::raised::{lowered, raised};

/// A text that was HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plain {
    /// What it says.
    pub text: String,
    /// Its pictures, in order; each stands in the text as [`PICTURE`].
    pub pictures: Vec<Shown>,
    /// What plain text could not keep, each once.
    pub lost: Vec<Lost>,
}

/// Where a picture stands in a text.
pub(crate) const PICTURE: char = '\u{fffc}';

/// A picture that a text shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Where it is said to come from.
    pub source: String,
    /// What it shows, in words.
    pub words: String,
}

/// What plain text cannot say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// A table, now rows with tabs.
    Table,
    /// Bold, underlined or coloured: it may be what the question turns on.
    Emphasis,
    /// Struck out text.
    Struck,
    /// Where a link led.
    Link,
    /// Sound or film.
    Recording,
    /// A file that a link leads to.
    File,
    /// A formula that is not text.
    Formula,
    /// Raised or lowered text that Unicode has no characters for.
    Raised,
    /// Marks of Markdown, which stay as they are.
    Markdown,
    /// What a browser would run or fetch.
    Active,
}

impl Lost {
    /// What it is, for programs.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Table => "table_flattened",
            Self::Emphasis => "emphasis_lost",
            Self::Struck => "struck_text_lost",
            Self::Link => "link_lost",
            Self::Recording => "recording_lost",
            Self::File => "file_lost",
            Self::Formula => "formula_lost",
            Self::Raised => "raised_text_lost",
            Self::Markdown => "markdown_kept",
            Self::Active => "active_content",
        }
    }

    /// What it is, for authors.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::Table => "表格已改为用制表符分隔的文字，请核对",
            Self::Emphasis => "加粗、下划线或颜色已去掉；如题意依赖强调，请核对",
            Self::Struck => "删除线已去掉，请核对",
            Self::Link => "链接地址已去掉，只留下文字",
            Self::Recording => "音频或视频不能导入",
            Self::File => "题目链接的文件不能导入",
            Self::Formula => "公式不能导入，请改为文字或图片",
            Self::Raised => "上标或下标没有对应的字符，已写成 ^( ) 或 _( )，请核对",
            Self::Markdown => "Markdown 标记按原样保留，请核对",
            Self::Active => "含有脚本等可执行内容",
        }
    }

    /// Whether the item means something else, or nothing, without it.
    pub(crate) const fn is_needed(self) -> bool {
        matches!(self, Self::Recording | Self::File | Self::Formula | Self::Active)
    }
}

/// Whether a link leads to a file that belongs to the question, and not to a page elsewhere.
fn is_file(href: &str) -> bool {
    const ENDINGS: [&str; 12] = [
        ".mp3", ".mp4", ".m4a", ".wav", ".ogg", ".webm", ".pdf", ".doc", ".docx", ".ppt", ".pptx",
        ".xlsx",
    ];
    let path = href.split(['?', '#']).next().unwrap_or("").to_ascii_lowercase();
    href.starts_with("@@PLUGINFILE@@") || ENDINGS.iter().any(|ending| path.ends_with(ending))
}

/// A text in Markdown as it stands; what it would have emphasised or linked is named.
pub(crate) fn markdown(text: &str) -> Plain {
    const MARKS: [&str; 6] = ["**", "__", "`", "](", "\n#", "\n|"];
    let marked = text.starts_with(['#', '|', '>']) || MARKS.iter().any(|mark| text.contains(mark));
    let mut read = if is_html(text) {
        plain(text)
    } else {
        Plain { text: text.to_owned(), ..Plain::default() }
    };
    if marked {
        read.lost.push(Lost::Markdown);
    }
    read
}

/// Whether a text has tags or character references of HTML.
pub(crate) fn is_html(text: &str) -> bool {
    let tag = text.match_indices('<').any(|(at, _)| {
        let rest = text[at + 1..].trim_start_matches('/');
        let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        let ends = rest[name.len()..].starts_with(['>', '/', ' ', '\n', '\t', '\r']);
        ends && is_known(&name.to_ascii_lowercase()) && rest.contains('>')
    });
    let named = |name: &str| text.contains(name);
    tag || ["&nbsp;", "&lt;", "&gt;", "&amp;", "&quot;", "&#"].into_iter().any(named)
}

/// Whether this is the name of an element that texts of items have.
fn is_known(name: &str) -> bool {
    const NAMES: [&str; 41] = [
        "p",
        "br",
        "div",
        "span",
        "b",
        "strong",
        "i",
        "em",
        "u",
        "s",
        "del",
        "ins",
        "sub",
        "sup",
        "img",
        "table",
        "tbody",
        "thead",
        "tr",
        "td",
        "th",
        "ul",
        "ol",
        "li",
        "a",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "code",
        "blockquote",
        "audio",
        "video",
        "small",
        "o",
        "hr",
        "strike",
    ];
    NAMES.contains(&name)
}

/// The plain text of a piece of HTML.
pub(crate) fn plain(html: &str) -> Plain {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let tokenizer = Tokenizer::new(Sink(RefCell::new(Writer::default())), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let mut plain = tokenizer.sink.0.into_inner().end();
    // Refused, not cleaned; what refuses it already need not be said twice.
    if is_active(html) && !plain.lost.iter().any(|lost| lost.is_needed()) {
        plain.lost.push(Lost::Active);
    }
    plain
}

struct Sink(RefCell<Writer>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut writer = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => writer.text(&text),
            Token::TagToken(tag) => writer.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// How text stands to its line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shift {
    Raised,
    Lowered,
}

#[derive(Default)]
struct Writer {
    plain: Plain,
    /// White space that waits for what comes next.
    space: bool,
    /// Raised or lowered text, as far as it has been read.
    shifted: Vec<(Shift, String)>,
    /// The next number of each list that is open; bulleted ones have none.
    lists: Vec<Option<usize>>,
    kept: usize,
    /// Open cells of tables: each stays on one line.
    cells: usize,
    /// Whether nothing stands behind a list's mark yet.
    marked: bool,
    /// Open elements whose text is not for reading.
    unread: usize,
}

impl Writer {
    fn text(&mut self, text: &str) {
        if self.unread > 0 {
            return;
        }
        for c in text.chars() {
            match c {
                '\u{a0}' => self.push(' '),
                '\n' if self.kept > 0 => self.line(),
                PICTURE => {} // Ours alone.
                c if c.is_ascii_whitespace() && self.kept == 0 => self.space = true,
                c => self.push(c),
            }
        }
    }

    fn push(&mut self, c: char) {
        let spaced = std::mem::take(&mut self.space);
        self.marked = false;
        let out = self.shifted.last_mut().map_or(&mut self.plain.text, |(_, text)| text);
        if spaced && !out.is_empty() && !out.ends_with(['\n', '\t', ' ']) {
            out.push(' ');
        }
        out.push(c);
    }

    fn push_str(&mut self, text: &str) {
        text.chars().for_each(|c| self.push(c));
    }

    /// A paragraph begins or ends: on a new line, but behind a list's mark and within a cell.
    fn block(&mut self) {
        match (self.marked, self.cells) {
            (true, _) => {}
            (false, 0) => self.line(),
            (false, _) => self.space = true,
        }
    }

    /// Ends the line at hand, if anything stands on it.
    fn line(&mut self) {
        self.space = false;
        let out = self.shifted.last_mut().map_or(&mut self.plain.text, |(_, text)| text);
        out.truncate(out.trim_end_matches([' ', '\t']).len());
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
    }

    fn lose(&mut self, what: Lost) {
        if !self.plain.lost.contains(&what) {
            self.plain.lost.push(what);
        }
    }

    fn tag(&mut self, tag: &Tag) {
        let opens = tag.kind == TagKind::StartTag;
        match &*tag.name {
            "p" | "div" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "blockquote" | "dd" | "dt"
            | "dl" | "hr" | "figure" | "section" | "center" | "br" => self.block(),
            "pre" => {
                self.block();
                self.kept = if opens { self.kept + 1 } else { self.kept.saturating_sub(1) };
            }
            "ul" | "ol" => {
                self.block();
                if opens {
                    self.lists.push((&*tag.name == "ol").then_some(1));
                } else {
                    self.lists.pop();
                }
            }
            "li" => {
                self.marked = false;
                self.block();
                if opens {
                    let mark = match self.lists.last_mut() {
                        Some(Some(number)) => {
                            *number += 1;
                            format!("{}. ", *number - 1)
                        }
                        _ => "• ".to_owned(),
                    };
                    self.push_str(&mark);
                    self.marked = true;
                }
            }
            "table" => {
                self.line();
                self.cells = 0; // A table that lies in a cell has lines of its own.
                self.lose(Lost::Table);
            }
            "tr" => {
                self.line();
                self.cells = 0;
            }
            "td" | "th" if opens => self.cells += 1,
            "td" | "th" => {
                self.cells = self.cells.saturating_sub(1);
                self.space = false;
                self.push('\t');
            }
            // How a character is read stands behind it.
            "rt" => self.push(if opens { '（' } else { '）' }),
            "rp" => self.hide(opens),
            "sup" => self.shift(Shift::Raised, opens),
            "sub" => self.shift(Shift::Lowered, opens),
            "b" | "strong" | "u" | "ins" | "em" | "i" | "font" | "mark" if opens => {
                self.lose(Lost::Emphasis);
            }
            "s" | "del" | "strike" if opens => self.lose(Lost::Struck),
            "a" if opens => match attribute(tag, "href") {
                Some(href) if is_file(&href) => self.lose(Lost::File),
                Some(_) => self.lose(Lost::Link),
                None => {}
            },
            "audio" | "video" | "source" if opens => self.lose(Lost::Recording),
            "math" | "svg" => {
                if opens {
                    self.lose(Lost::Formula);
                }
                self.hide(opens);
            }
            "script" | "style" | "title" | "head" if !tag.self_closing => self.hide(opens),
            "img" => self.picture(tag),
            _ => {}
        }
    }

    fn hide(&mut self, opens: bool) {
        self.unread = if opens { self.unread + 1 } else { self.unread.saturating_sub(1) };
    }

    fn picture(&mut self, tag: &Tag) {
        let attribute = |name| attribute(tag, name).unwrap_or_default().trim().to_owned();
        self.plain.pictures.push(Shown { source: attribute("src"), words: attribute("alt") });
        self.push(PICTURE);
    }

    fn shift(&mut self, shift: Shift, opens: bool) {
        if opens {
            let spaced = std::mem::take(&mut self.space);
            if spaced {
                self.push(' ');
            }
            self.shifted.push((shift, String::new()));
        } else if self.shifted.last().is_some_and(|(open, _)| *open == shift) {
            self.unshift();
        }
    }

    fn unshift(&mut self) {
        let Some((shift, text)) = self.shifted.pop() else { return };
        let text = text.trim();
        let (of, open) = match shift {
            Shift::Raised => (raised as fn(char) -> Option<char>, "^("),
            Shift::Lowered => (lowered as fn(char) -> Option<char>, "_("),
        };
        self.space = false;
        match text.chars().map(of).collect::<Option<String>>() {
            Some(moved) => self.push_str(&moved),
            None => {
                self.lose(Lost::Raised);
                self.push_str(&format!("{open}{text})"));
            }
        }
    }

    fn end(mut self) -> Plain {
        while !self.shifted.is_empty() {
            self.unshift();
        }
        self.plain.text = self.plain.text.trim().to_owned();
        self.plain
    }
}

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    let attribute = tag.attrs.iter().find(|attribute| &*attribute.name.local == name)?;
    Some(attribute.value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_is_kept_with_its_lines() {
        for (html, text) in [
            ("<p>甲</p>\n<p>乙<br>丙</p>", "甲\n乙\n丙"),
            ("a&nbsp;&nbsp;b &lt; 5 &amp; c &ge; 6", "a  b < 5 & c ≥ 6"),
            ("10<sup>9</sup>/L，H<sub>2</sub>O", "10⁹/L，H₂O"),
            ("<ol><li>一</li><li>二</li></ol><ul><li>x</ul>", "1. 一\n2. 二\n• x"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"),
            ("<table><tr><td><p>a</p><p>b</p></td><td><div>c</div></td></tr></table>", "a b\tc"),
            ("<ul><li><p>甲</p></li><li><p>乙</p><p>丙</p></li></ul>", "• 甲\n• 乙\n丙"),
            ("<ul><li></li><li>乙</li></ul>", "•\n• 乙"),
            ("  多   空 \n 格  ", "多 空 格"),
            ("<pre>x\n  y</pre>", "x\n  y"),
            ("BMI <18.5 与 P<0.05", "BMI <18.5 与 P<0.05"),
            ("<style>p{}</style><!-- x -->文", "文"),
            ("x<sup>a b</sup>", "x^(a b)"),
            ("</p></li></sup>尾<sup>2", "尾²"),
            ("<ruby>瘥<rp>(</rp><rt>chài</rt><rp>)</rp></ruby>后", "瘥（chài）后"),
        ] {
            assert_eq!(plain(html).text, text, "{html}");
        }
    }

    #[test]
    fn what_text_cannot_say_is_named() {
        for (html, lost) in [
            ("<b>不</b>正确", Lost::Emphasis),
            ("<table></table>", Lost::Table),
            ("<a href='x'>y</a>", Lost::Link),
            ("<a href='@@PLUGINFILE@@/a'>听</a>", Lost::File),
            ("<a href='https://x.org/Heart.MP3?a=1'>听</a>", Lost::File),
            ("<audio src=x></audio>", Lost::Recording),
            ("<math><mi>x</mi></math>", Lost::Formula),
            ("<del>x</del>", Lost::Struck),
            ("<sup>q</sup>", Lost::Raised),
        ] {
            assert_eq!(plain(html).lost, [lost], "{html}");
        }
        let two =
            plain("<img src='a.png' alt='胸片'>与\u{fffc}<img src=\"@@PLUGINFILE@@/b.jpg\"/>");
        assert_eq!(two.text, "\u{fffc}与\u{fffc}");
        assert_eq!(
            (two.pictures[0].source.as_str(), two.pictures[0].words.as_str()),
            ("a.png", "胸片")
        );
        assert_eq!(two.pictures[1].source, "@@PLUGINFILE@@/b.jpg");
    }

    #[test]
    fn x14_what_a_browser_would_run_is_refused_and_not_cleaned() {
        for html in [
            "<script>alert(1)</script>题",
            "<img src=x onerror=alert(1)>",
            "<a href='javascript:x'>题</a>",
            "<iframe src='//evil'></iframe>",
            "<p style='background:url(//evil)'>题</p>",
            "<img src='data:image/svg+xml;base64,AA=='>",
        ] {
            assert!(plain(html).lost.contains(&Lost::Active), "{html}");
        }
        assert!(!plain("<p>P &lt; 0.05</p>").lost.contains(&Lost::Active));
    }

    #[test]
    fn a_text_that_only_compares_is_no_html() {
        for text in ["P<0.05", "a<b>c 未知", "<18.5", "血压 < 140 mmHg", "R&D", "x <y> z"] {
            assert_eq!(is_html(text), text.contains("<b>"), "{text}");
        }
        for text in ["<p>x</p>", "a<br/>b", "a&nbsp;b", "<SUP>2</SUP>", "&#945;"] {
            assert!(is_html(text), "{text}");
        }
    }
}

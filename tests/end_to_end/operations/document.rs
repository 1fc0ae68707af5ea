//! Reading what the documents say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The project's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the project.
pub fn read(path: &str) -> String {
    let file = root().join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A block of commands.
pub struct Block {
    /// Whether the document says that it is run by the tests.
    pub tested: bool,
    /// Its lines.
    pub text: String,
}

/// The blocks of a document that are for a shell.
pub fn shell_blocks(document: &str) -> Vec<Block> {
    let (mut blocks, mut tested, mut open): (Vec<Block>, bool, Option<String>) =
        (Vec::new(), false, None);
    for line in document.lines() {
        match (&mut open, line) {
            (Some(text), "```") => {
                blocks.push(Block { tested, text: std::mem::take(text) });
                (open, tested) = (None, false);
            }
            (Some(text), line) => *text += &format!("{line}\n"),
            (None, "```sh") => open = Some(String::new()),
            (None, "<!-- tested -->") => tested = true,
            (None, _) => {}
        }
    }
    assert!(open.is_none() && !tested, "a block does not end");
    blocks
}

/// The commands of a block, with their lines joined and their remarks cut off.
pub fn commands(block: &str) -> Vec<Vec<String>> {
    let joined = block.replace("\\\n", " ");
    let words = |line: &str| {
        let line = line.split(" #").next().unwrap_or(line);
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    joined.lines().map(words).filter(|words| !words.is_empty()).collect()
}

/// The rows of the table whose first column is named so: the cells of each, without backquotes.
pub fn table(document: &str, first_column: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let inner = line.trim().trim_matches('|');
        inner.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect::<Vec<_>>()
    };
    let mut lines = document.lines().skip_while(|line| !line.starts_with(first_column));
    assert!(lines.next().is_some(), "there is no table {first_column:?}");
    lines.skip(1).take_while(|line| line.starts_with('|')).map(cells).collect()
}

/// The names of all figures in the server's source.
pub fn figures_in_source() -> BTreeSet<String> {
    let (mut names, mut folders) = (BTreeSet::new(), vec![root().join("exam-server/src")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("text");
            for kind in ["counter!(", "gauge!(", "histogram!("] {
                for after in text.split(&format!("metrics::{kind}")).skip(1) {
                    let name = after.trim_start().strip_prefix('"').and_then(|s| s.split_once('"'));
                    let (name, _) = name.expect("a figure's name stands in its macro");
                    names.insert(name.to_owned());
                }
            }
        }
    }
    names
}

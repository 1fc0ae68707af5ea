//! Where the pictures of an item stand: texts call them `[图1]`, and other systems show them there.

use std::collections::BTreeSet;

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// The picture at this place of its list, from 0.
    Picture(usize),
}

/// Hands out the pictures of a list to the texts that name them, each once.
pub(super) struct Places {
    left: BTreeSet<usize>,
}

impl Places {
    pub(super) fn of(pictures: usize) -> Self {
        Self { left: (0..pictures).collect() }
    }

    /// A text cut where it names a picture for the first time.
    pub(super) fn pieces<'a>(&mut self, text: &'a str) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        let mut rest = text;
        let mut from = 0;
        while let Some(at) = rest[from..].find(OPEN).map(|at| from + at) {
            let inside = &rest[at + OPEN.len()..];
            let named = inside.find(']').and_then(|end| Some((end, place_of(&inside[..end])?)));
            let Some((end, place)) = named.filter(|(_, place)| self.left.remove(place)) else {
                from = at + OPEN.len();
                continue;
            };
            if at > 0 {
                pieces.push(Piece::Text(&rest[..at]));
            }
            pieces.push(Piece::Picture(place));
            (rest, from) = (&inside[end + 1..], 0);
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest));
        }
        pieces
    }

    /// The pictures that no text has named.
    pub(super) fn rest(self) -> impl Iterator<Item = usize> {
        self.left.into_iter()
    }
}

const OPEN: &str = "[图";

/// `1` is place 0; no other spelling of it is.
fn place_of(number: &str) -> Option<usize> {
    let place = number.parse::<usize>().ok()?.checked_sub(1)?;
    (name_of(place) == format!("{OPEN}{number}]")).then_some(place)
}

/// What texts call the picture at `place`.
pub(crate) fn name_of(place: usize) -> String {
    format!("{OPEN}{}]", place + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_stands_where_it_is_named_first() {
        let mut places = Places::of(3);
        let text = "见[图2]与[图2]、[图02]、[图9]、[图x[图1]";
        assert_eq!(
            places.pieces(text),
            [
                Piece::Text("见"),
                Piece::Picture(1),
                Piece::Text("与[图2]、[图02]、[图9]、[图x"),
                Piece::Picture(0)
            ]
        );
        assert_eq!(places.rest().collect::<Vec<_>>(), [2]);
    }
}

//! Reading what a client sends, in one pass: a message is a flat object, and every save is one.

use std::fmt;

use exam_core::item::OptionSet;
use exam_core::session::SignalKind;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::ClientMessage;

/// The messages' names.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Open,
    Save,
    Mark,
    Signal,
    Submit,
    Ping,
}

/// All fields that any message has. Where one may not be null, null is refused here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    t: Kind,
    #[serde(default, deserialize_with = "present")]
    device: Option<String>,
    #[serde(default, deserialize_with = "present")]
    take_over: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    n: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    slot: Option<i64>,
    #[serde(default, deserialize_with = "present")]
    response: Option<Options>,
    #[serde(default, deserialize_with = "present")]
    on: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    kind: Option<SignalKind>,
    #[serde(default, deserialize_with = "present")]
    client_at_ms: Option<Option<i64>>,
    #[serde(default, deserialize_with = "present")]
    arrived: Option<Option<String>>,
}

/// Reads a field that is there: null is a value like any other, and fits only where it may.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    field: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}

/// Option ids as a set; `None` where one is no option id, or stands twice.
struct Options(Option<OptionSet>);

impl<'de> Deserialize<'de> for Options {
    fn deserialize<D: Deserializer<'de>>(list: D) -> Result<Self, D::Error> {
        list.deserialize_seq(OptionsVisitor)
    }
}

struct OptionsVisitor;

impl<'de> Visitor<'de> for OptionsVisitor {
    type Value = Options;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of option ids")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Options, A::Error> {
        let mut set = Some(OptionSet::EMPTY);
        while let Some(Letter(place)) = list.next_element()? {
            let fits = |set: &OptionSet| place.is_some_and(|place| !set.has(place));
            set = set.filter(fits).zip(place).map(|(set, place)| set.with(place));
        }
        Ok(Options(set))
    }
}

/// The place of an option id, from 0; `None` for a text that is none.
struct Letter(Option<usize>);

impl<'de> Deserialize<'de> for Letter {
    fn deserialize<D: Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
        text.deserialize_str(LetterVisitor)
    }
}

struct LetterVisitor;

impl Visitor<'_> for LetterVisitor {
    type Value = Letter;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an option id")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Letter, E> {
        let &[letter @ b'a'..=b'z'] = text.as_bytes() else { return Ok(Letter(None)) };
        Ok(Letter(Some(usize::from(letter - b'a'))))
    }
}

impl Fields {
    /// Whether there is nothing but what the flags name.
    fn has_only(&self, allowed: &[Field]) -> bool {
        use Field::{Arrived, ClientAt, Device, N, On, Response, SignalKind, Slot, TakeOver};
        let there = [
            (Device, self.device.is_some()),
            (TakeOver, self.take_over.is_some()),
            (N, self.n.is_some()),
            (Slot, self.slot.is_some()),
            (Response, self.response.is_some()),
            (On, self.on.is_some()),
            (SignalKind, self.kind.is_some()),
            (ClientAt, self.client_at_ms.is_some()),
            (Arrived, self.arrived.is_some()),
        ];
        there.into_iter().all(|(field, is_there)| !is_there || allowed.contains(&field))
    }

    fn allowed(&self) -> &'static [Field] {
        use Field::{Arrived, ClientAt, Device, N, On, Response, SignalKind, Slot, TakeOver};
        match self.t {
            Kind::Open => &[Device, TakeOver],
            Kind::Save => &[N, Slot, Response, ClientAt, Arrived],
            Kind::Mark => &[N, Slot, On, Arrived],
            Kind::Signal => &[N, SignalKind, ClientAt, Arrived],
            Kind::Submit => &[N, Arrived],
            Kind::Ping => &[],
        }
    }

    fn into_message(self) -> Option<ClientMessage> {
        let arrived = self.arrived.flatten();
        let client_at_ms = self.client_at_ms.flatten();
        Some(match self.t {
            Kind::Open => ClientMessage::Open { device: self.device?, take_over: self.take_over? },
            Kind::Save => ClientMessage::Save {
                n: self.n?,
                slot: self.slot?,
                response: self.response?.0,
                client_at_ms,
                arrived,
            },
            Kind::Mark => {
                ClientMessage::Mark { n: self.n?, slot: self.slot?, on: self.on?, arrived }
            }
            Kind::Signal => {
                ClientMessage::Signal { n: self.n?, kind: self.kind?, client_at_ms, arrived }
            }
            Kind::Submit => ClientMessage::Submit { n: self.n?, arrived },
            Kind::Ping => ClientMessage::Ping,
        })
    }
}

/// The fields by name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Device,
    TakeOver,
    N,
    Slot,
    Response,
    On,
    SignalKind,
    ClientAt,
    Arrived,
}

impl<'de> Deserialize<'de> for ClientMessage {
    fn deserialize<D: Deserializer<'de>>(text: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(text)?;
        if !fields.has_only(fields.allowed()) {
            return Err(D::Error::custom("a field that this message does not have"));
        }
        fields.into_message().ok_or_else(|| D::Error::custom("a field is missing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<ClientMessage> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn a_message_has_its_own_fields_and_no_others() {
        let save = read(r#"{"t":"save","n":7,"slot":3,"response":["b","d"]}"#);
        let response = Some(OptionSet::EMPTY.with(1).with(3));
        let expected =
            ClientMessage::Save { n: 7, slot: 3, response, client_at_ms: None, arrived: None };
        assert_eq!(save, Some(expected));
        for text in [
            r#"{"t":"save","n":7,"slot":3}"#,
            r#"{"t":"save","n":7,"slot":3,"response":["b"],"on":true}"#,
            r#"{"t":"save","n":7,"slot":3,"response":["b"],"device":null}"#,
            r#"{"t":"save","n":null,"slot":3,"response":["b"]}"#,
            r#"{"t":"save","n":7,"n":8,"slot":3,"response":["b"]}"#,
            r#"{"t":"save","n":7,"slot":3,"response":"b"}"#,
            r#"{"t":"save","n":7,"slot":3,"response":[1]}"#,
            r#"{"t":"save","n":7.5,"slot":3,"response":[]}"#,
            r#"{"t":"ping","n":1}"#,
            r#"{"t":"pong"}"#,
            r#"{"n":1}"#,
            "[]",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(r#"{"t":"ping"}"#), Some(ClientMessage::Ping));
        let nulls = r#"{"n":1,"t":"submit","arrived":null}"#;
        assert_eq!(read(nulls), Some(ClientMessage::Submit { n: 1, arrived: None }));
    }

    #[test]
    fn w17_what_is_no_option_is_told_from_what_is_no_message() {
        for response in [r#"["bb"]"#, r#"["B"]"#, r#"["b","b"]"#, r#"["b","b","c"]"#, r#"[""]"#] {
            let text = format!(r#"{{"t":"save","n":7,"slot":3,"response":{response}}}"#);
            let Some(ClientMessage::Save { response, .. }) = read(&text) else { panic!("{text}") };
            assert_eq!(response, None, "{text}");
        }
        let cleared = read(r#"{"t":"save","n":7,"slot":3,"response":[]}"#);
        let response = Some(OptionSet::EMPTY);
        let expected =
            ClientMessage::Save { n: 7, slot: 3, response, client_at_ms: None, arrived: None };
        assert_eq!(cleared, Some(expected));
    }
}

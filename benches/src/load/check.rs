//! Every acknowledged answer against the journal that the server hands out after the close, and
//! the receipt against the journal's bytes.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The final responses of a record's frames by slot, and the digest at `last_seq`.
///
/// # Errors
/// When a frame cannot be read.
pub fn fold(
    attempt: &str,
    record: &Value,
    last_seq: u64,
) -> anyhow::Result<(BTreeMap<u64, String>, String)> {
    let mut responses = BTreeMap::new();
    let mut digest = Sha256::digest(attempt);
    for frame in record["frames"].as_array().into_iter().flatten() {
        let body = frame["body"].as_str().unwrap_or_default();
        if frame["seq"].as_u64().is_some_and(|seq| seq <= last_seq) {
            digest = Sha256::new().chain_update(digest).chain_update(body).finalize();
        }
        let body: Value = serde_json::from_str(body)?;
        for event in body["events"].as_array().into_iter().flatten() {
            if let ("saved", Some(slot), Some(letters)) = (
                event["t"].as_str().unwrap_or_default(),
                event["slot"].as_u64(),
                event["r"].as_str(),
            ) {
                responses.insert(slot, letters.to_owned());
            }
        }
    }
    responses.retain(|_, letters| !letters.is_empty());
    Ok((responses, hex::encode(digest)))
}

/// How many acknowledged answers the record does not hold, and whether the receipt is of it.
///
/// # Errors
/// When the record cannot be read, or the receipt's digest or count is another one.
pub fn lost(
    attempt: &str,
    acknowledged: &BTreeMap<u64, Vec<String>>,
    record: &Value,
    receipt: &Value,
) -> anyhow::Result<usize> {
    let last_seq = receipt["last_seq"].as_u64().unwrap_or(0);
    let (responses, digest) = fold(attempt, record, last_seq)?;
    anyhow::ensure!(receipt["digest"] == digest.as_str(), "a receipt of another record: {receipt}");
    anyhow::ensure!(receipt["answered"] == responses.len(), "a receipt miscounts: {receipt}");
    let missing = |(slot, response): &(&u64, &Vec<String>)| {
        responses.get(slot).map_or("", String::as_str) != response.concat()
    };
    Ok(acknowledged.iter().filter(missing).count())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(letters: &str) -> Value {
        let save = format!(
            r#"{{"seq":2,"events":[{{"t":"saved","at":1,"n":1,"slot":3,"r":"{letters}"}}]}}"#
        );
        json!({ "frames": [
            { "seq": 1, "body": r#"{"seq":1,"events":[]}"# },
            { "seq": 2, "body": save },
            { "seq": 3, "body": r#"{"seq":3,"events":[{"t":"closed"}]}"# },
        ] })
    }

    fn receipt(record: &Value) -> Value {
        let (responses, digest) = fold("a", record, 3).expect("it folds");
        json!({ "last_seq": 3, "digest": digest, "answered": responses.len() })
    }

    #[test]
    fn an_acknowledged_answer_that_the_record_lacks_is_lost() {
        let acknowledged = BTreeMap::from([(3, vec!["b".to_owned()])]);
        let kept = record("b");
        assert_eq!(lost("a", &acknowledged, &kept, &receipt(&kept)).expect("it holds"), 0);
        let other = record("c");
        assert_eq!(lost("a", &acknowledged, &other, &receipt(&other)).expect("it holds"), 1);
    }

    #[test]
    fn a_receipt_of_other_bytes_is_refused() {
        let (kept, other) = (record("b"), record("c"));
        assert!(lost("a", &BTreeMap::new(), &kept, &receipt(&other)).is_err());
        assert!(lost("b", &BTreeMap::new(), &kept, &receipt(&kept)).is_err());
    }
}

//! Judges a history by its journals and by what the phones were told.

use exam_core::session::{By, ClosedBy, Event, Frame, GRACE, SETTLE, Seq, Session};
use exam_core::time::Timestamp;
use exam_server::store::{Attempt, Scope};
use serde_json::{Value, json};

use super::phone::{Phone, Told};
use super::world::{Silence, World};

/// Silences shorter than this are none: phones bridge them by themselves.
const OUTAGE_MIN_MS: i64 = 10_000;

/// What a credit may be longer than the silence: a sign of life before it (2 s), the time until
/// it is noticed (2 s), and the time to flush after a deadline that passed in it (15 s + 5 s).
const CREDIT_SLACK_MS: i64 = 30_000;

/// How long it may take until the end of an outage is noticed: signs of life are given every 2 s, and
/// one that fails on its way is the next one's to mend.
const NOTICED_WITHIN_MS: i64 = 5_000;

/// The deadline from an instant on.
struct Step {
    at: i64,
    deadline: Option<i64>,
    by_outage: bool,
}

/// What a journal says.
#[derive(Default)]
struct Journal {
    applied: Vec<(String, u64, Value)>,
    steps: Vec<Step>,
    credited: i64,
    closings: usize,
    started_at: i64,
    closed_at: i64,
    closed_by: Option<ClosedBy>,
    problems: Vec<String>,
}

/// All that is wrong with what has happened; nothing is right.
pub fn judge(world: &World) -> Vec<String> {
    let mut problems = Vec::new();
    for (candidate, id) in world.attempts.iter().enumerate() {
        let store = world.store();
        let (attempt, frames) = world.ask(async {
            let attempt: Attempt =
                store.attempt_find(*id, &Scope::All).await.expect("it answers").expect("it exists");
            let frames = store.journal_frames(attempt.key, Seq(0)).await.expect("it answers");
            (attempt, frames)
        });
        let bytes = frames.iter().map(|(_, body)| body.as_bytes());
        let session = match Session::replay(attempt.attempt_id, bytes) {
            Ok(session) => session,
            Err(error) => {
                problems.push(format!("candidate {candidate}: the journal does not fold: {error}"));
                continue;
            }
        };
        let journal = read(&frames);
        let phones: Vec<&Phone> =
            world.phones.iter().filter(|phone| phone.candidate == candidate).collect();
        let mut found = journal.problems.clone();
        acknowledged(&journal, &phones, &mut found);
        receipts(&session, &phones, &mut found);
        if !world.wall_was_moved {
            too_late(&journal, &phones, &world.silences, &mut found);
            credits(&journal, &world.silences, &mut found);
        }
        if journal.closings != 1 {
            found.push(format!("closed {} times", journal.closings));
        }
        if !found.is_empty() {
            let silences: Vec<_> = world.silences.iter().map(|s| (s.from, s.to)).collect();
            let told: String = frames.iter().map(|(_, body)| format!("\n  {body}")).collect();
            found.push(format!("silences {silences:?}, journal:{told}"));
        }
        problems.extend(found.into_iter().map(|what| format!("candidate {candidate}: {what}")));
    }
    problems
}

fn read(frames: &[(i64, String)]) -> Journal {
    let mut told = Journal::default();
    let (mut holder, mut deadline, mut last_at) = (String::new(), None::<Timestamp>, 0);
    for (_, body) in frames {
        let frame: Frame = serde_json::from_str(body).expect("it folded");
        for event in frame.events {
            let at = event.at();
            if at.as_ms() < last_at {
                told.problems.push(format!("time runs back in frame {}", frame.seq));
            }
            last_at = at.as_ms();
            let mut in_time = |arrived: Timestamp, n: u64| {
                if told.closings > 0 || deadline.is_none_or(|until| arrived > until + GRACE) {
                    told.problems.push(format!("message {n} counts and was not in time"));
                }
            };
            let before = deadline;
            match event {
                Event::Started { at, deadline: until, .. } => {
                    told.started_at = at.as_ms();
                    deadline = Some(until);
                }
                Event::Opened { device, .. } => holder = device.to_string(),
                Event::Saved { at, n, slot, response, arrived_at, .. } => {
                    in_time(arrived_at.unwrap_or(at), n);
                    let ids: Vec<String> = exam_core::letters::letters_of(response)
                        .chars()
                        .map(String::from)
                        .collect();
                    let content = json!({ "t": "save", "slot": slot, "response": ids });
                    told.applied.push((holder.clone(), n, content));
                }
                Event::Marked { n, slot, on, .. } => {
                    let content = json!({ "t": "mark", "slot": slot, "on": on });
                    told.applied.push((holder.clone(), n, content));
                }
                Event::Extended { added, by, .. } => {
                    deadline = deadline.map(|until| until + added);
                    if by == By::Outage {
                        told.credited += added.as_ms();
                    }
                }
                Event::Paused { at, remaining, .. } => {
                    if deadline.is_none_or(|until| until.since(at) != remaining) {
                        told.problems.push("a pause takes time away".to_owned());
                    }
                    deadline = None;
                }
                Event::Resumed { deadline: until, .. } => deadline = Some(until),
                Event::Closed { at, by, .. } => {
                    told.closings += 1;
                    told.closed_at = at.as_ms();
                    told.closed_by = Some(by);
                    let early = deadline.is_none_or(|until| at < until + GRACE + SETTLE);
                    if by == ClosedBy::Deadline && early {
                        told.problems.push("closed before deadline, grace and settling".to_owned());
                    }
                }
                _ => {}
            }
            if before != deadline {
                let by_outage = matches!(event, Event::Extended { by: By::Outage, .. });
                let deadline = deadline.map(Timestamp::as_ms);
                told.steps.push(Step { at: at.as_ms(), deadline, by_outage });
            }
        }
    }
    told
}

/// Everything acknowledged is in the journal as it was sent, or was replaced by a later message
/// of the same device.
fn acknowledged(journal: &Journal, phones: &[&Phone], problems: &mut Vec<String>) {
    let told = phones.iter().flat_map(|phone| &phone.told);
    for Told { device, n, content, .. } in told.filter(|told| told.acked_at.is_some()) {
        let same = |(by, number, _): &&(String, u64, Value)| by == device && number == n;
        match journal.applied.iter().find(same) {
            Some((.., stored)) if stored == content => {}
            Some((.., stored)) => {
                problems.push(format!("{n} was acknowledged as {content}, stored as {stored}"));
            }
            None if content["t"] == "submit" => {
                if journal.closings == 0 {
                    problems.push(format!("hand-in {n} was acknowledged and is lost"));
                }
            }
            None => {
                let replaced = journal.applied.iter().any(|(by, number, stored)| {
                    by == device
                        && number > n
                        && (&stored["t"], &stored["slot"]) == (&content["t"], &content["slot"])
                });
                if !replaced {
                    problems
                        .push(format!("{n} of {device} was acknowledged and is lost: {content}"));
                }
            }
        }
    }
}

fn receipts(session: &Session, phones: &[&Phone], problems: &mut Vec<String>) {
    let expected = serde_json::to_value(session.receipt()).expect("a receipt is JSON");
    for phone in phones.iter().filter(|phone| !phone.fenced) {
        match &phone.receipt {
            Some(receipt) if *receipt == expected => {}
            Some(receipt) => problems.push(format!("receipt {receipt}, journal {expected}")),
            None => problems.push(format!("phone {} was not told of the close", phone.device)),
        }
    }
}

/// A refusal as too late is right only if it would be with all the time that was due then: what
/// the journal had, and what an outage that had begun was about to give back.
fn too_late(
    journal: &Journal,
    phones: &[&Phone],
    silences: &[Silence],
    problems: &mut Vec<String>,
) {
    for told in phones.iter().flat_map(|phone| &phone.told) {
        let Some((code, at)) = &told.refused else { continue };
        if code != "too_late" {
            continue;
        }
        let owed = |step: &Step| {
            let begun = silences.iter().any(|silence| {
                silence.from < *at
                    && *at <= step.at
                    && silence.to - silence.from > OUTAGE_MIN_MS
                    && step.at <= silence.to + 5_000
            });
            step.at < *at || (step.by_outage && begun)
        };
        let deadline = journal.steps.iter().rfind(|step| owed(step)).and_then(|step| step.deadline);
        if deadline.is_some_and(|deadline| *at <= deadline + GRACE.as_ms()) {
            let (n, until) = (told.n, deadline.unwrap_or(0));
            problems.push(format!("{n} was refused as too late at {at}, with time until {until}"));
        }
    }
}

/// An outage gives back what it took, and not much more. Nobody is closed by deadline before; who
/// hands in before the outage is noticed needs nothing back.
fn credits(journal: &Journal, silences: &[Silence], problems: &mut Vec<String>) {
    let deadline_at =
        |at: i64| journal.steps.iter().rfind(|step| step.at <= at).and_then(|step| step.deadline);
    let (mut owed, mut most) = (0, 0);
    for Silence { from, to, joined } in silences.iter().copied() {
        most += if to - from > OUTAGE_MIN_MS / 2 { to - from + CREDIT_SLACK_MS } else { 0 };
        let by_deadline = journal.closed_by == Some(ClosedBy::Deadline);
        let noticed = to + if by_deadline { 0 } else { NOTICED_WITHIN_MS };
        let ran = from > journal.started_at
            && noticed < journal.closed_at
            && deadline_at(from).is_some_and(|deadline| from < deadline + GRACE.as_ms())
            && journal.steps.iter().all(|step| step.deadline.is_some());
        if ran && to - from > OUTAGE_MIN_MS {
            owed += to - from - if joined { OUTAGE_MIN_MS } else { 0 };
        }
    }
    if journal.credited < owed {
        problems.push(format!("outages took {owed} ms and gave back {}", journal.credited));
    }
    if journal.credited > most {
        problems.push(format!("outages gave back {} ms, at most {most}", journal.credited));
    }
}

//! The wall: how many attempts stand at this moment, read on from where it was read last.
//!
//! A board is kept for each selection that somebody looks at. A look reads what is new since the one
//! before, for all who look at the same, and each of them is told only what has changed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use exam_core::exam::Exam;
use exam_core::ids::AttemptId;
use exam_core::session::{Phase, Seq, Session};
use exam_core::time::{Span, Timestamp};
use proctor::incidents::{Incident, gravest};
use proctor::severity::Severity;
use proctor::trace::Trace;
use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use super::case::{Sources, due, read};
use crate::app::App;
use crate::exams::Revision;
use crate::snapshots::Begun;
use crate::store::{
    AttemptKey, ConsentRow, SnapshotSeen, StoreError, WallFilter, WallRow, parse_column,
};

/// The most attempts on one wall: what one person can look after.
pub const TILES_MAX: i64 = 500;

/// How old a board may be when somebody looks.
const FRESH_FOR: Span = Span::from_ms(700);

/// How old the evidence of an attempt may be: an absence grows without anybody saying so.
const JUDGED_FOR: Span = Span::from_seconds(10);

/// How long an attempt that is over stays.
const STAYS_FOR: Span = Span::from_minutes(2);

/// A board that nobody has looked at for so long is given up.
const IDLE_FOR: Span = Span::from_minutes(5);

/// How many boards a node keeps.
const BOARDS_MAX: usize = 64;

/// What incidents of one kind an attempt has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Flag {
    /// What they are, such as `no_face` or `away`.
    code: &'static str,
    /// The gravest of them: `note`, `look` or `first`.
    #[schema(value_type = String)]
    severity: Severity,
    /// How many.
    times: usize,
}

/// One attempt on a wall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tile {
    attempt_id: String,
    candidate_id: String,
    candidate: String,
    institution: String,
    #[schema(value_type = String)]
    phase: Phase,
    started_at_ms: i64,
    /// Null in a pause and after the end.
    #[schema(value_type = Option<i64>)]
    deadline_ms: Option<Timestamp>,
    slots: usize,
    answered: usize,
    /// The gravest incident: `note`, `look` or `first`; null where there is none.
    #[schema(value_type = Option<String>)]
    severity: Option<Severity>,
    /// The gravest first.
    flags: Vec<Flag>,
    /// Snapshots that were due so far.
    due: usize,
    /// Of those, that came.
    taken: usize,
    /// Which the newest is, from 1; null before the first.
    newest: Option<i64>,
    /// When it came.
    newest_at_ms: Option<i64>,
    /// Whether photographs are asked for at all.
    watched: bool,
}

/// What has changed on a wall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WallView {
    /// Goes back as `since` with the next look.
    version: String,
    /// Whether these are all tiles, and not only those that changed.
    whole: bool,
    /// Tiles that changed.
    tiles: Vec<Tile>,
    /// Attempts that are shown no more.
    gone: Vec<String>,
    /// Whether more attempts run than a wall shows: share them among several people.
    more: bool,
    #[schema(value_type = i64)]
    now_ms: Timestamp,
}

/// The walls that somebody looks at on this node.
#[derive(Default)]
pub struct Walls {
    boards: Mutex<HashMap<WallFilter, Arc<Mutex<Board>>>>,
}

struct Board {
    /// Tells this board from one that was given up.
    id: u64,
    looked_at: Timestamp,
    read_at: Option<Timestamp>,
    version: u64,
    more: bool,
    watched: BTreeMap<i64, Watched>,
    /// What left, and with which version.
    gone: Vec<(u64, String)>,
}

/// An attempt on a board.
struct Watched {
    row: WallRow,
    key: AttemptKey,
    attempt_id: AttemptId,
    revision: Arc<Revision>,
    session: Option<Session>,
    trace: Trace,
    snapshots: Vec<SnapshotSeen>,
    counted: (i64, i64),
    /// When the evidence changes by itself.
    changes_at: Option<Timestamp>,
    judged_at: Timestamp,
    tile: Option<Tile>,
    /// With which version of the board it changed last.
    version: u64,
    ended_at: Option<Timestamp>,
}

impl Walls {
    /// What has changed since `since`; everything where that is not known.
    ///
    /// # Errors
    /// [`StoreError`] when the database is in trouble or a row cannot be read.
    pub async fn look(
        &self,
        app: &App,
        filter: &WallFilter,
        since: Option<&str>,
    ) -> Result<WallView, StoreError> {
        let now = app.clock.now();
        let board = self.board(filter, now).await;
        let mut board = board.lock().await; // One reads for all that look at the same.
        let now = app.clock.now();
        board.looked_at = now;
        if board.read_at.is_none_or(|read_at| now.since(read_at) >= FRESH_FOR) {
            board.refresh(app, filter, now).await?;
            board.read_at = Some(now);
        }
        Ok(board.view(since, now))
    }

    async fn board(&self, filter: &WallFilter, now: Timestamp) -> Arc<Mutex<Board>> {
        let mut boards = self.boards.lock().await;
        if !boards.contains_key(filter) {
            // A board that is being read is looked at.
            boards.retain(|_, board| {
                board.try_lock().map_or(true, |board| now.since(board.looked_at) < IDLE_FOR)
            });
            if boards.len() >= BOARDS_MAX {
                let idle = |board: &Arc<Mutex<Board>>| board.try_lock().ok().map(|b| b.looked_at);
                let oldest = boards.iter().filter_map(|(filter, b)| Some((idle(b)?, filter)));
                if let Some((_, filter)) = oldest.min_by_key(|(at, _)| *at) {
                    let filter = filter.clone();
                    boards.remove(&filter);
                }
            }
        }
        let fresh = || Arc::new(Mutex::new(Board::new(now)));
        Arc::clone(boards.entry(filter.clone()).or_insert_with(fresh))
    }
}

impl Board {
    fn new(now: Timestamp) -> Self {
        Self {
            id: u64::from_be_bytes(crate::chance::random_bytes()),
            looked_at: now,
            read_at: None,
            version: 0,
            more: false,
            watched: BTreeMap::new(),
            gone: Vec::new(),
        }
    }

    async fn refresh(
        &mut self,
        app: &App,
        filter: &WallFilter,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.version += 1;
        self.admit(app, filter, now).await?;
        let mut changed = self.read_journals(app).await?;
        changed.extend(self.read_snapshots(app).await?);
        for (number, watched) in &mut self.watched {
            let old = watched.ended_at.is_none() && now.since(watched.judged_at) >= JUDGED_FOR;
            let due = old || watched.changes_at.is_some_and(|at| at <= now);
            if changed.contains(number) || due || watched.tile.is_none() {
                watched.judge(app, self.version, now);
            }
        }
        Ok(())
    }

    /// Takes in what has begun, and lets go what has been over for a while.
    async fn admit(
        &mut self,
        app: &App,
        filter: &WallFilter,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let rows = app.store.wall_rows(filter, TILES_MAX + 1).await?;
        self.more = i64::try_from(rows.len()).unwrap_or(i64::MAX) > TILES_MAX;
        let mut open = rustc_hash::FxHashSet::default();
        for row in rows.into_iter().take(usize::try_from(TILES_MAX).unwrap_or(usize::MAX)) {
            open.insert(row.attempt_no);
            match self.watched.get_mut(&row.attempt_no) {
                Some(watched) if watched.row == row => {}
                Some(watched) => {
                    watched.row = row;
                    watched.changes_at = Some(now); // The consent was taken back.
                }
                None => {
                    let revision = app.exams.revision(app, filter.exam_id, row.exam_revision);
                    let watched = Watched::new(row, revision.await?)?;
                    self.watched.insert(watched.key.attempt_no, watched);
                }
            }
        }
        for (number, watched) in &mut self.watched {
            if !open.contains(number) {
                watched.ended_at.get_or_insert(now);
            }
        }
        let version = self.version;
        let over = |watched: &Watched| {
            watched.ended_at.is_some_and(|ended_at| now.since(ended_at) >= STAYS_FOR)
        };
        let gone: Vec<i64> =
            self.watched.iter().filter(|(_, w)| over(w)).map(|(number, _)| *number).collect();
        for number in gone {
            if let Some(watched) = self.watched.remove(&number) {
                self.gone.push((version, watched.row.attempt_id));
            }
        }
        // Whoever has looked away for longer is told everything.
        let kept = self.gone.len().saturating_sub(usize::try_from(TILES_MAX).unwrap_or(0) * 2);
        self.gone.drain(..kept);
        Ok(())
    }

    /// Reads on in the journals, and returns whose have moved.
    async fn read_journals(&mut self, app: &App) -> Result<Vec<i64>, StoreError> {
        let end = |watched: &Watched| watched.session.as_ref().map_or(Seq(0), Session::seq);
        let ends: Vec<(AttemptKey, Seq)> =
            self.watched.values().map(|watched| (watched.key, end(watched))).collect();
        let frames = app.store.journals_after(&ends).await?;
        for (number, lines) in &frames {
            if let Some(watched) = self.watched.get_mut(number) {
                watched.read(lines)?;
            }
        }
        Ok(frames.into_keys().collect())
    }

    /// Reads the photographs of attempts that have new ones, or some that were looked at since, and
    /// returns which these are.
    async fn read_snapshots(&mut self, app: &App) -> Result<Vec<i64>, StoreError> {
        let numbers: Vec<i64> = self.watched.keys().copied().collect();
        let counted = app.store.snapshots_counted(&numbers).await?;
        let moved = |(number, counted): (&i64, &(i64, i64))| {
            self.watched.get(number).is_some_and(|watched| watched.counted != *counted)
        };
        let changed: Vec<i64> =
            counted.iter().filter(|entry| moved(*entry)).map(|(number, _)| *number).collect();
        if changed.is_empty() {
            return Ok(changed);
        }
        for (number, snapshots) in app.store.snapshots_seen(&changed).await? {
            if let Some(watched) = self.watched.get_mut(&number) {
                watched.counted = counted[&number];
                watched.snapshots = snapshots;
            }
        }
        Ok(changed)
    }

    fn view(&self, since: Option<&str>, now_ms: Timestamp) -> WallView {
        let known = since.and_then(|since| {
            let (id, version) = since.split_once('.')?;
            let oldest = self.gone.first().map_or(0, |(version, _)| *version);
            let version: u64 = version.parse().ok()?;
            (id == format!("{:016x}", self.id) && version + 1 >= oldest).then_some(version)
        });
        let news = |version: u64| known.is_none_or(|known| version > known);
        let tiles = self.watched.values().filter(|watched| news(watched.version));
        let gone = self.gone.iter().filter(|(version, _)| known.is_some() && news(*version));
        WallView {
            version: format!("{:016x}.{}", self.id, self.version),
            whole: known.is_none(),
            tiles: tiles.filter_map(|watched| watched.tile.clone()).collect(),
            gone: gone.map(|(_, id)| id.clone()).collect(),
            more: self.more,
            now_ms,
        }
    }
}

impl Watched {
    fn new(row: WallRow, revision: Arc<Revision>) -> Result<Self, StoreError> {
        let key = AttemptKey { candidate_no: row.candidate_no, attempt_no: row.attempt_no };
        Ok(Self {
            key,
            attempt_id: parse_column("attempt", row.attempt_no, &row.attempt_id)?,
            revision,
            row,
            session: None,
            trace: Trace::default(),
            snapshots: Vec::new(),
            counted: (0, 0),
            changes_at: None,
            judged_at: Timestamp::from_ms(0),
            tile: None,
            version: 0,
            ended_at: None,
        })
    }

    fn read(&mut self, lines: &str) -> Result<(), StoreError> {
        let attempt = self.attempt_id;
        for body in lines.split('\n') {
            let folded = match self.session.take() {
                Some(mut session) => session.apply(body.as_bytes()).map(|()| session),
                None => Session::begin(attempt, body.as_bytes()),
            };
            let folded = folded.map_err(|source| StoreError::Journal { attempt, source })?;
            self.session = Some(folded);
            read(&mut self.trace, body, || attempt.to_string())?;
        }
        Ok(())
    }

    fn judge(&mut self, app: &App, version: u64, now: Timestamp) {
        let exam: &Exam = &self.revision.exam;
        let consent = ConsentRow {
            consents: self.row.consents.clone(),
            camera: self.row.camera.clone(),
            closed_at_ms: self.trace.ended_at().map(Timestamp::as_ms),
            withdrawn_at_ms: self.row.withdrawn_at_ms,
        };
        let sources = Sources {
            exam,
            audience_row: self.row.audience_row,
            begun: Begun {
                attempt_id: self.attempt_id,
                started_at: Timestamp::from_ms(self.row.started_at_ms),
            },
            consent: &consent,
            trace: &self.trace,
            snapshots: &self.snapshots,
        };
        let (asked, incidents, changes_at) = sources.judge(app, now);
        (self.changes_at, self.judged_at) = (changes_at, now);
        let newest = self.snapshots.last();
        let session = self.session.as_ref();
        let tile = Tile {
            attempt_id: self.row.attempt_id.clone(),
            candidate_id: self.row.candidate_id.clone(),
            candidate: self.row.candidate.clone(),
            institution: self.row.institution.clone(),
            phase: session.map_or(Phase::Running, Session::phase),
            started_at_ms: self.row.started_at_ms,
            deadline_ms: session.and_then(Session::deadline),
            slots: session.map_or(0, Session::slot_count),
            answered: session.map_or(0, Session::answered),
            severity: gravest(&incidents),
            flags: flags(&incidents),
            due: due(&asked),
            taken: self.snapshots.len(),
            newest: newest.map(|newest| newest.place),
            newest_at_ms: newest.map(|newest| newest.received_at_ms),
            watched: exam.proctoring.is_some()
                && consent.was_given()
                && consent.withdrawn_at_ms.is_none(),
        };
        if self.tile.as_ref() != Some(&tile) {
            self.tile = Some(tile);
            self.version = version;
        }
    }
}

/// Incidents by kind, the gravest first.
fn flags(incidents: &[Incident]) -> Vec<Flag> {
    let mut flags: Vec<Flag> = Vec::new();
    for incident in incidents {
        let code = incident.kind.code();
        match flags.iter_mut().find(|flag| flag.code == code) {
            Some(flag) => {
                flag.times += 1;
                flag.severity = flag.severity.max(incident.severity);
            }
            None => flags.push(Flag { code, severity: incident.severity, times: 1 }),
        }
    }
    flags.sort_by_key(|flag| std::cmp::Reverse(flag.severity));
    flags
}

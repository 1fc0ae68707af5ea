//! Backups beside a running server: each is restored into a fresh database and holds everything
//! that was acknowledged before it began; a damaged one is refused before anything is changed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use exam_server::commands::Desk;
use rand_chacha::ChaCha20Rng;
use tokio::time::Instant;

use super::hall::{Habits, Phones};
use super::ledger::judge;
use super::room::{Room, settings_of, verify_here};
use super::{Outcome, below, name_of, rng};
use crate::Kind;
use crate::database::{fresh_in, postgres_cluster};
use crate::process::{Process, command};

/// How many candidates save all the time.
const CANDIDATES: usize = 16;

/// How many acknowledgements there are between two backups.
const ACKS_A_BACKUP: u64 = 200;

const PATIENCE: Duration = Duration::from_secs(30);

/// Makes and restores `backups`, and then damages the last one in `damages` ways; `None` where
/// there is no PostgreSQL.
///
/// # Panics
/// When a backup cannot be made or restored, or a damaged one is not refused.
pub async fn backups(
    server: &Path,
    kind: Kind,
    backups: u32,
    damages: u32,
    seed: u64,
) -> Option<Outcome> {
    let began = Instant::now();
    let room = Room::prepare(kind, CANDIDATES).await?;
    let mut process = Process::start(server, &room.database).await;
    let nodes = [process.address];
    let phones = Phones::at_work(&nodes, room.exam, &room.tokens, Habits::default(), seed).await;
    let (mut checked, mut lost, mut newest) = (0, 0, PathBuf::new());
    for number in 0..backups {
        phones.acknowledge(ACKS_A_BACKUP, PATIENCE).await;
        let expected = phones.hall.ledger.copy();
        let file = room.database.folder.path().join(format!("backup-{number}"));
        let name = file.to_str().expect("a path");
        let (code, said) = command(server, &room.database.url, &["backup", name]).await;
        assert_eq!(code, Some(0), "{said}");
        let target = fresh_target(&room, kind, number).await;
        let (code, said) = command(server, &target, &["restore", name]).await;
        assert_eq!(code, Some(0), "{said}");
        let desk = Desk::open(&settings_of(&target)).await.expect("it can be opened");
        verify_here(&desk).await;
        let judged = judge(&desk, &expected).await;
        desk.store.close().await;
        checked += judged.acknowledged;
        lost += judged.wrong();
        newest = file;
    }
    let hall = phones.finish().await;
    let desk = room.desk().await;
    let judged = judge(&desk, &hall.ledger.copy()).await;
    desk.store.close().await;
    assert_eq!(process.stop().await, Some(0), "it stops cleanly");
    let mut rng = rng(seed);
    let whole = std::fs::read(&newest).expect("the backup");
    for number in 0..damages {
        let (damaged, what) = damage(&whole, number, &mut rng);
        refuse(server, &room, kind, &newest, &damaged, &what).await;
    }
    Some(Outcome {
        scenario: "backups under load, restored and verified",
        database: name_of(kind),
        size: format!("{backups} backups, {damages} damaged copies refused"),
        acknowledgements: checked,
        lost: lost + judged.wrong(),
        seconds: began.elapsed().as_secs_f64(),
        seed,
        notes: "acknowledgements are counted at each backup".to_owned(),
    })
}

/// A database that is not there yet, or is empty.
async fn fresh_target(room: &Room, kind: Kind, number: u32) -> String {
    match kind {
        Kind::Sqlite => {
            let path = room.database.folder.path().join(format!("restored-{number}.db"));
            format!("sqlite:{}", path.display())
        }
        Kind::Postgres => fresh_in(&postgres_cluster().expect("it was there before")).await,
    }
}

/// Cuts off a part in every third copy, and flips a byte in the others.
fn damage(whole: &[u8], number: u32, rng: &mut ChaCha20Rng) -> (Vec<u8>, String) {
    let at = usize::try_from(below(rng, whole.len() as u64)).expect("it fits");
    let mut copy = whole.to_vec();
    if number.is_multiple_of(3) {
        copy.truncate(at);
        (copy, format!("cut to {at} bytes"))
    } else {
        let flip = u8::try_from(1 + below(rng, 255)).expect("a byte");
        copy[at] ^= flip;
        (copy, format!("byte {at} of {} flipped", whole.len()))
    }
}

async fn refuse(server: &Path, room: &Room, kind: Kind, backup: &Path, damaged: &[u8], what: &str) {
    // Beside the backup, under its own name, so that whatever goes with it is found.
    let whole = std::fs::read(backup).expect("the backup");
    std::fs::write(backup, damaged).expect("it can be written");
    let target = fresh_target(room, kind, u32::MAX).await;
    let name = backup.to_str().expect("a path");
    let (code, said) = command(server, &target, &["restore", name]).await;
    std::fs::write(backup, whole).expect("it can be written");
    assert_eq!(code, Some(1), "{what}: {said}");
    match kind {
        Kind::Sqlite => {
            let path = target.strip_prefix("sqlite:").expect("a file");
            assert!(!Path::new(path).exists(), "{what}: the database was made all the same");
            let copy = format!("{path}.restoring");
            assert!(!Path::new(&copy).exists(), "{what}: the copy was left behind");
        }
        Kind::Postgres => assert_eq!(tables_of(&target).await, 0, "{what}: something was made"),
    }
}

async fn tables_of(url: &str) -> i64 {
    use sqlx::Connection;
    const SQL: &str = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    let mut connection = sqlx::PgConnection::connect(url).await.expect("it answers");
    let tables = sqlx::query_scalar(SQL).fetch_one(&mut connection).await.expect("it answers");
    connection.close().await.expect("the connection ends");
    tables
}

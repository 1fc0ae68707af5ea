//! The durability suite, small: what was acknowledged is there afterwards. The command
//! `durability` runs the same scenarios at full size.

use std::path::Path;

use exam_tests::Kind;
use exam_tests::durability::{
    Outcome, backups, faults, fresh_seed, kills, nodes, power_cut, races, sync_order,
    unknown_commit,
};

/// The released program's own main.
fn server() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_exam-server-under-test"))
}

/// Prints the outcome, and fails where something was lost. Without PostgreSQL there is none.
fn held(outcome: Option<Outcome>) {
    if let Some(outcome) = outcome {
        eprintln!("{outcome}");
        assert_eq!(outcome.lost, 0, "{outcome}");
    }
}

macro_rules! hold {
    ($($(#[$doc:meta])* $name:ident => $scenario:expr;)*) => {$(
        $(#[$doc])*
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            held($scenario.await);
        }
    )*};
}

hold! {
    acknowledged_answers_survive_random_kills_on_sqlite =>
        kills::random_kills(server(), Kind::Sqlite, 20, fresh_seed());
    acknowledged_answers_survive_random_kills_and_crashes_of_postgres =>
        kills::random_kills(server(), Kind::Postgres, 8, fresh_seed());
    acknowledged_answers_survive_a_power_cut =>
        async { Some(power_cut::power_cuts(server(), 20, 300, fresh_seed()).await) };
    a_sync_of_its_frame_ends_before_each_acknowledgement_leaves =>
        sync_order::sync_before_ack(server(), Kind::Sqlite, 8, 300, fresh_seed());
    one_save_alone_is_synced_before_it_is_acknowledged =>
        sync_order::sync_before_ack(server(), Kind::Sqlite, 1, 30, fresh_seed());
    postgres_has_committed_before_each_acknowledgement_leaves =>
        sync_order::sync_before_ack(server(), Kind::Postgres, 8, 300, fresh_seed());
    a_full_or_failing_disk_never_makes_an_acknowledgement_untrue =>
        faults::disk_faults(server(), 2, fresh_seed());
    whoever_ends_an_attempt_it_ends_once_on_sqlite =>
        races::races(Kind::Sqlite, 60, fresh_seed());
    whoever_ends_an_attempt_it_ends_once_on_postgres =>
        races::races(Kind::Postgres, 40, fresh_seed());
    a_backup_under_load_holds_what_was_acknowledged_on_sqlite =>
        backups::backups(server(), Kind::Sqlite, 2, 6, fresh_seed());
    a_backup_under_load_holds_what_was_acknowledged_on_postgres =>
        backups::backups(server(), Kind::Postgres, 2, 4, fresh_seed());
    two_nodes_lose_nothing_when_one_is_killed_or_stands_still =>
        nodes::two_nodes(server(), 4, fresh_seed());
    a_commit_whose_reply_was_lost_is_neither_lost_nor_repeated =>
        unknown_commit::unknown_commits(server(), 20, fresh_seed());
}

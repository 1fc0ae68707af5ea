//! Every scenario of the gate at a size that measures nothing, but loses nothing either.

use std::path::Path;

use exam_benches::gate::{Programs, Scenario, run};

async fn small(scenario: Scenario) {
    let server = Path::new(env!("CARGO_BIN_EXE_exam-server-under-load"));
    let programs = Programs::of_tests(server.parent().expect("programs stand in a folder"));
    assert!(Path::new(env!("CARGO_BIN_EXE_echo")).starts_with(server.parent().expect("a folder")));
    let report = run(&programs, &[scenario], true).await.expect("it can be run");
    assert!(report.passes(), "{:?}", report.missed());
}

macro_rules! scenarios {
    ($($name:ident: $scenario:ident;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            small(Scenario::$scenario).await;
        }
    )*};
}

scenarios! {
    saves: Saves;
    saves_postgres: SavesPostgres;
    one_save_at_a_time: Alone;
    at_a_pace: Pace;
    sessions_that_come_back: Sessions;
    a_joint_start: Starts;
    a_storm_of_sign_ins: Storm;
    everybody_at_the_deadline: Expiry;
    an_outage_over_the_deadline: Outage;
    an_import_beside_an_exam: Import;
    a_large_bank: Bank;
    overload: Overload;
    whole_sittings: Sitting;
    photographs_beside_answers: Snapshots;
    a_wall_of_candidates: Wall;
}

//! The stories.

use std::path::{Path, PathBuf};

use exam_core::time::Span;
use exam_server::commands::purge::{Purged, purge};
use exam_server::commands::roster;
use exam_server::config::Config;
use exam_server::server::photo_store;
use exam_server::snapshots::{NotOurs, Photos};
use exam_server::store::Role;
use exam_tests::person::roster_csv;
use exam_tests::s3::{BUCKET, KEY_ID, S3, SECRET};
use exam_tests::{Candidate, Database, Kind, Server, server};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::server_or_return;
use crate::sign_in::staff_member;
use crate::snapshots::sitting::{Sitting, files, photo_folder, picture, watched, watched_on};

const DAY: Span = Span::from_minutes(24 * 60);

/// The photo store of a server, as commands open it.
fn photos_of(server: &Server) -> Photos {
    let settings = server::settings(&server.database);
    photo_store(&Config::check(&settings).expect("settings"), &settings).expect("a store")
}

/// Sits, sends one photograph, and hands in.
async fn sat<'a>(server: &'a Server) -> Sitting<'a> {
    let sitting = Sitting::consenting(server).await;
    let request = sitting.next().await.id.to_string();
    assert_eq!(sitting.put(&request, picture("collins")).await.0, StatusCode::NO_CONTENT);
    let body = json!({ "device": sitting.candidate.device, "n": 1, "events": [] });
    let path = format!("/attempts/{}/submit", sitting.attempt_id);
    assert_eq!(sitting.candidate.post(&path, body).await.0, StatusCode::OK);
    sitting
}

/// Purges as if it were so many days later; for the server it is today.
async fn purged(server: &Server, photos: &Photos, days: i64, dry_run: bool) -> Purged {
    let desk = server::desk(&server.database).await;
    desk.clock.turn(server.clock().now().since(desk.now()) + Span::from_ms(days * DAY.as_ms()));
    let purged = purge(&desk, photos, dry_run, true).await.expect("it can be purged");
    desk.store.close().await;
    purged
}

pub async fn a_store_that_speaks_s3_keeps_shows_and_deletes(kind: Kind) {
    let folder = tempfile::tempdir().expect("a folder");
    let s3 = S3::start(folder.path()).await;
    let endpoint = format!("http://{}", s3.address);
    let settings = |secret: &str| {
        let (endpoint, secret) = (endpoint.clone(), secret.to_owned());
        move |settings: &mut exam_server::config::Settings| {
            settings.photos = Some(PathBuf::from(format!("s3://{BUCKET}/exams/spring")));
            settings.photos_endpoint = Some(endpoint);
            settings.photos_key_id = Some(KEY_ID.to_owned());
            settings.photos_secret = Some(secret);
        }
    };
    let Some(server) = watched_on(kind, settings(SECRET)).await else { return };
    let watcher = staff_member(&server, "watcher", &[Role::Invigilator]).await;
    let sitting = sat(&server).await;
    let kept = files(folder.path().join(BUCKET).join("exams/spring"));
    assert_eq!(kept.len(), 1, "{kept:?}");
    let sealed = std::fs::read(&kept[0]).expect("it can be read");
    assert!(!sealed.windows(3).any(|three| three == [0xff, 0xd8, 0xff]), "it is sealed");
    let shown = format!("/api/v1/staff/attempts/{}/snapshots/1", sitting.attempt_id);
    let (status, kind_of, bytes) = watcher.download(&shown).await;
    assert_eq!((status, kind_of.as_str()), (StatusCode::OK, "image/jpeg"));
    assert_eq!(bytes[..2], [0xff, 0xd8]);
    let photos = &server.running.app.photos;
    let done = purged(&server, photos, 91, false).await;
    assert_eq!((done.snapshots, done.orphans), (1, 0), "{done:?}");
    assert_eq!(files(folder.path().join(BUCKET).join("exams/spring")).len(), 0);
    server.running.stop().await;

    // A store that lets nobody in: the phone is told to come again, and answers go on.
    let Some(server) = watched_on(kind, settings("another secret")).await else { return };
    let sitting = Sitting::consenting(&server).await;
    let request = sitting.next().await.id.to_string();
    let (status, reply) = sitting.put(&request, picture("collins")).await;
    assert_eq!((status, &reply["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("busy")));
    let mut socket = sitting.candidate.connect(&sitting.attempt_id).await;
    assert_eq!(socket.save(1, 1, &["a"]).await["t"], "ack");
    drop(socket);
    server.running.stop().await;
}

pub async fn what_is_decided_while_it_is_purged_keeps_its_pictures(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let judge = staff_member(&server, "judge", &[Role::Officer]).await;
    let sitting = sat(&server).await;
    let store = &server.running.app.store;
    let kept = store.snapshots_kept(0, 10).await.expect("the database answers");
    let review = format!("/staff/attempts/{}/review", sitting.attempt_id);
    let act = json!({ "act": "propose_void", "reason": "替考", "known": 0 });
    assert_eq!(judge.post(&review, act).await.0, StatusCode::OK);
    let desk = server::desk(&server.database).await;
    let audit = desk.audit(None, "attempt.purge", sitting.attempt_id.as_str(), &json!({}));
    let rows = sitting.rows().await;
    let noted = store.snapshots_deleted(&kept[0], &rows, &audit).await.expect("it answers");
    assert!(!noted, "the review has changed since");
    assert!(sitting.rows().await.iter().all(|row| row.deleted_at_ms.is_none()));
    desk.store.close().await;
    server.running.stop().await;
}

pub async fn pictures_are_deleted_when_their_time_is_over(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let judge = staff_member(&server, "judge", &[Role::Officer]).await;
    let (plain, disputed) = (sat(&server).await, sat(&server).await);
    let running = Sitting::consenting(&server).await;
    let request = running.next().await.id.to_string();
    assert_eq!(running.put(&request, picture("biden")).await.0, StatusCode::NO_CONTENT);
    let act = json!({ "act": "propose_void", "reason": "替考", "known": 0 });
    let review = format!("/staff/attempts/{}/review", disputed.attempt_id);
    assert_eq!(judge.post(&review, act).await.0, StatusCode::OK);
    let photos = photos_of(&server);
    let folder = server.database.folder.path().join("photos");
    let orphan = folder.join(&plain.attempt_id).join(format!("{}-00.sealed", "ab".repeat(16)));
    std::fs::write(&orphan, b"of nobody").expect("written");
    let nobody = format!("{}-ab.sealed", uuid::Uuid::nil());
    std::fs::create_dir_all(folder.join("portraits")).expect("a folder");
    std::fs::write(folder.join("portraits").join(nobody), b"of nobody").expect("written");
    let none = purged(&server, &photos, 0, true).await;
    assert_eq!((none.snapshots, none.orphans, none.held), (0, 0, 0), "{none:?}");

    let before = files(folder.clone()).len();
    let told = purged(&server, &photos, 91, true).await;
    assert_eq!((told.attempts, told.snapshots, told.held, told.orphans), (1, 1, 1, 2), "{told:?}");
    assert_eq!(files(folder.clone()).len(), before, "a dry run deletes nothing");
    let done = purged(&server, &photos, 91, false).await;
    assert_eq!(Purged { dry_run: true, ..done.clone() }, told);
    assert_eq!(files(folder).len(), before - 3);
    assert!(!orphan.exists());
    let again = purged(&server, &photos, 91, false).await;
    assert_eq!((again.snapshots, again.orphans), (0, 0), "{again:?}");

    // What is known of a deleted picture stays, and says so.
    let row = &plain.rows().await[0];
    assert!(row.deleted_at_ms.is_some() && row.sketch.is_empty());
    assert_eq!(row.sent_sha256.len(), 32);
    let shown = format!("/api/v1/staff/attempts/{}/snapshots/1", plain.attempt_id);
    let (status, _, body) = judge.download(&shown).await;
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!((status, &body["code"]), (StatusCode::GONE, &json!("deleted")));
    let evidence = judge.get(&format!("/staff/attempts/{}/watch", plain.attempt_id)).await;
    assert_eq!(evidence["snapshots"][0]["deleted"], true);
    let shown = format!("/api/v1/staff/attempts/{}/snapshots/1", disputed.attempt_id);
    assert_eq!(judge.download(&shown).await.0, StatusCode::OK, "it is held for the review");
    let rows = server.running.app.store.audit_rows(0, 500).await.expect("the database answers");
    let record = rows.iter().find(|row| row.action == "attempt.purge").expect("a record");
    assert_eq!(record.object, plain.attempt_id);
    assert!(rows.iter().any(|row| row.action == "photos.purge"), "orphans have one, too");
    server.running.stop().await;
}

/// A slip in the address of the database or of the photo store deletes nothing.
pub async fn a_photo_store_belongs_to_one_database(kind: Kind) {
    let Some(server) = watched(kind).await else { return };
    let sitting = sat(&server).await;
    let (photos, folder) = (photos_of(&server), photo_folder(&server).await);
    let other = Database::fresh(kind).await.expect("as the first");
    let desk = server::desk(&other).await;
    desk.clock.turn(Span::from_days(400));
    for dry_run in [true, false] {
        let error = purge(&desk, &photos, dry_run, true).await.expect_err("another database");
        assert_eq!(error.downcast_ref(), Some(&NotOurs::Elsewhere), "{error:#}");
    }
    let mut rng = exam_server::chance::system_rng();
    let csv = roster_csv(&[assessment::fake::physician(&mut rng)]).into_bytes();
    let with = Some((&photos, folder.as_path()));
    let error = roster::import(&desk, None, csv, false, with, true).await.expect_err("another's");
    assert_eq!(error.downcast_ref(), Some(&NotOurs::Elsewhere), "{error:#}");
    desk.store.close().await;
    assert_eq!(files(folder.clone()).len(), 1);

    std::fs::remove_file(folder.join("owner")).expect("it is there");
    let desk = server::desk(&server.database).await;
    let error = purge(&desk, &photos, false, true).await.expect_err("not the one of before");
    let Some(NotOurs::Away { id }) = error.downcast_ref() else { panic!("{error:#}") };
    // Who says that it is the right one all the same writes what the message says.
    std::fs::write(folder.join("owner"), format!("{id}\n")).expect("written");
    let purged = purge(&desk, &photos, true, true).await.expect("it is the right one");
    assert_eq!(purged.snapshots, 0);
    desk.store.close().await;
    assert!(sitting.rows().await[0].deleted_at_ms.is_none());
    server.running.stop().await;
}

/// The registry's photographs by the ID number and by the certificate, and what is none of them.
pub async fn the_registrys_photographs_stand_beside_the_snapshots(kind: Kind) {
    let server = server_or_return!(kind);
    let watcher = staff_member(&server, "watcher", &[Role::Invigilator]).await;
    let elsewhere =
        crate::invigilation::somebody_elsewhere(&server, "elsewhere", Role::Invigilator).await;
    let mut rng = exam_server::chance::system_rng();
    let people: Vec<_> = (0..3).map(|_| assessment::fake::physician(&mut rng)).collect();
    let csv = roster_csv(&people);
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).expect("written");
    };
    put(&format!("{}.jpg", people[0].resident_id), &picture("collins"));
    put(&format!("{}.JPG", people[1].practice_number), &picture("biden"));
    put(&format!("{}.jpg", people[2].resident_id), b"\x89PNG none");
    put("110101190001010009.jpg", &picture("biden"));
    put(".DS_Store", b"");
    let photos = photos_of(&server);
    let desk = server::desk(&server.database).await;
    let import = async |folder: &Path| {
        let with = Some((&photos, folder));
        let done = roster::import(&desk, None, csv.clone().into_bytes(), false, with, true).await;
        done.expect("it is a roster").photos.expect("with photographs")
    };
    let done = import(folder.path()).await;
    assert_eq!((done.kept, done.unmatched.len(), done.problems.len()), (2, 1, 1), "{done:?}");
    assert_eq!(done.problems[0].code, "photo_not_jpeg");
    let kept = || files(server.database.folder.path().join("photos/portraits"));
    assert_eq!(kept().len(), 2);
    assert_eq!(import(folder.path()).await.kept, 2, "again changes nothing");
    put(&format!("{}.jpg", people[0].resident_id), &picture("obama_1"));
    assert_eq!(import(folder.path()).await.kept, 2);
    assert_eq!(kept().len(), 2, "the one before is gone");
    let missing = roster::import(
        &desk,
        None,
        csv.clone().into_bytes(),
        false,
        Some((&photos, Path::new("/nowhere"))),
        true,
    );
    assert!(missing.await.is_err(), "a folder that is not there");
    desk.store.close().await;

    let shown = async |who: &Candidate, person: usize| {
        let id = &people[person].resident_id;
        let found = watcher.get(&format!("/staff/candidates?text={id}")).await;
        let id = found["candidates"][0]["candidate_id"].as_str().expect("an id").to_owned();
        who.download(&format!("/api/v1/staff/candidates/{id}/portrait")).await
    };
    let (status, kind_of, bytes) = shown(&watcher, 0).await;
    assert_eq!((status, kind_of.as_str()), (StatusCode::OK, "image/jpeg"));
    assert_eq!(bytes[..2], [0xff, 0xd8]);
    assert_eq!(shown(&watcher, 2).await.0, StatusCode::NOT_FOUND);
    assert_eq!(shown(&elsewhere, 0).await.0, StatusCode::NOT_FOUND);
    server.running.stop().await;
}

/// A model that is made here: it knows nobody, and what it finds alike is alike in its light.
pub async fn likeness_is_told_only_where_it_was_turned_on_and_agreed_to(kind: Kind) {
    let folder = tempfile::tempdir().expect("a folder");
    let model = folder.path().join("model.onnx");
    std::fs::write(&model, super::onnx::tiny()).expect("written");
    let definition = crate::snapshots::sitting::definition("without_camera = \"flag\"");
    let recognition = "{ kind = \"recognition\", version = \"1\", text = \"人脸比对\" }, { kind";
    let definition = definition.replacen("{ kind", recognition, 1);
    let change = |settings: &mut exam_server::config::Settings| {
        settings.matching_model = Some(model.clone());
        settings.matching_threshold = Some(0.9);
    };
    let Some(server) = Server::start_changed(kind, &definition, change).await else { return };
    let app = &server.running.app;
    let findings_of = async |agreed: bool, photographs: [&str; 2]| -> Vec<String> {
        let given = json!({ "version": "1", "given": true });
        let mut consents = json!({ "snapshots": given });
        if agreed {
            consents["recognition"] = given;
        }
        let sitting = Sitting::begin(&server, consents).await;
        let person = app.store.candidate_of(sitting.attempt.key.attempt_no).await;
        let person = person.expect("the database answers").expect("a candidate");
        let kept = proctor::photo::Photo::decode(&picture("obama_1")).expect("a photograph").keep();
        let sha256 = proctor::photo::digest(&kept.bytes);
        let id = person.candidate_id.parse().expect("an id");
        let name = exam_server::snapshots::portrait_name(id, &sha256);
        app.photos.keep(&name, app.keys.seal(&kept.bytes)).await.expect("it is kept");
        let new = exam_server::store::NewPortrait {
            candidate_no: person.candidate_no,
            sha256,
            width: kept.width.into(),
            height: kept.height.into(),
            at: server.clock().now(),
        };
        app.store.portrait_put(&new).await.expect("it is noted");
        for name in photographs {
            let request = sitting.next().await.id.to_string();
            assert_eq!(sitting.put(&request, picture(name)).await.0, StatusCode::NO_CONTENT);
        }
        let began = tokio::time::Instant::now();
        loop {
            let rows = sitting.rows().await;
            let found: Vec<_> = rows.into_iter().filter_map(|row| row.findings).collect();
            if found.len() == photographs.len() {
                return found;
            }
            assert!(began.elapsed() < exam_tests::client::PATIENCE, "they are looked at");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    assert_eq!(findings_of(true, ["obama_1", "collins"]).await, ["[]", "[\"unlike\"]"]);
    assert_eq!(findings_of(false, ["obama_1", "collins"]).await, ["[]", "[]"]);
    server.running.stop().await;

    let mut settings = server::settings(&server.database);
    settings.matching_model = Some(folder.path().join("none.onnx"));
    let start = |settings: exam_server::config::Settings| async move {
        exam_server::server::start(&settings, || panic!("a sync failed")).await.is_ok()
    };
    assert!(!start(settings.clone()).await, "a threshold has no default");
    settings.matching_threshold = Some(0.5);
    assert!(!start(settings.clone()).await, "there is no such file");
    std::fs::write(folder.path().join("none.onnx"), b"no model").expect("written");
    assert!(!start(settings).await, "that is no model");
}

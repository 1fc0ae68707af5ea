//! The stories.

use std::time::Duration;

use exam_server::commands::exam;
use exam_server::store::Role;
use exam_tests::{Candidate, Kind, Server, bank, server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::server_or_return;
use crate::sign_in::staff_member;

/// A picture of one pixel.
const DOT: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// The same in another colour.
const OTHER_DOT: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==";

fn options() -> Value {
    json!([{ "id": "A", "text": "省级卫生行政部门" }, { "id": "B", "text": "医疗机构" }])
}

/// A single item about something.
fn single(code: &str, stem: &str, more: &Value) -> Value {
    let mut unit = json!({ "code": code, "type": "single", "topic": "公共知识/法律法规",
        "difficulty": "medium", "stem": stem, "options": options(), "key": ["A"],
        "explanation": format!("{code} 的依据") });
    for (name, value) in more.as_object().into_iter().flatten() {
        unit[name] = value.clone();
    }
    unit
}

fn file(units: &[Value]) -> Vec<u8> {
    let pictures = json!({ "a": DOT, "b": OTHER_DOT });
    json!({ "format": "exam-bank/1", "units": units, "pictures": pictures }).to_string().into()
}

/// An author with a bank.
struct Author {
    member: Candidate,
    bank: String,
}

impl Author {
    async fn new(server: &Server) -> Self {
        let member = staff_member(server, "writer", &[Role::Author]).await;
        let (status, made) = member.post("/staff/banks", json!({ "name": "新题库" })).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        let bank = made["bank_id"].as_str().expect("an id").to_owned();
        Self { member, bank }
    }

    fn path(&self, rest: &str) -> String {
        format!("/staff/banks/{}/{rest}", self.bank)
    }

    async fn import(&self, units: &[Value], more: &str) -> Value {
        let path = self.path(&format!("imports?file=x.json{more}"));
        let (status, reply) = self.member.upload(&path, file(units)).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        reply
    }

    async fn approve(&self, approver: &Candidate, import: &Value) -> StatusCode {
        let path = self.path(&format!("imports/{import}/approve"));
        approver.post(&path, json!({ "reason": "已核对" })).await.0
    }

    /// Codes that a search finds.
    async fn find(&self, query: &str) -> Vec<String> {
        let page = self.member.get(&self.path(&format!("units?{query}"))).await;
        let units = page["units"].as_array().expect("a list").iter();
        units.map(|unit| unit["code"].as_str().expect("a code").to_owned()).collect()
    }
}

pub async fn a_bank_is_imported_approved_searched_and_withdrawn_by_those_who_may(kind: Kind) {
    let server = server_or_return!(kind);
    let author = Author::new(&server).await;
    let approver = staff_member(&server, "checker", &[Role::Approver]).await;
    let both = staff_member(&server, "both", &[Role::Author, Role::Approver]).await;
    let watcher = staff_member(&server, "watcher", &[Role::Invigilator]).await;

    // Everything that is wrong is told, and nothing is stored.
    let bad = single("Q2", "另一道题", &json!({ "key": ["F"] }));
    let units = [
        single(
            "Q1",
            "医师申请执业注册，应当向其所在地的哪一级卫生健康主管部门提出申请并由其在规定期限内受理",
            &json!({}),
        ),
        bad,
    ];
    let refused = author.import(&units, "").await;
    assert_eq!((&refused["accepted"], &refused["import_no"]), (&json!(0), &Value::Null));
    assert_eq!(refused["problems"][0]["code"], "key_outside", "{refused}");
    assert_eq!(refused["problems"][0]["english"], "The answer is not among the options.");
    assert_eq!(author.find("").await, [""; 0]);

    let dry = author.import(&units[..1], "&dry_run=true").await;
    assert_eq!((&dry["accepted"], &dry["import_no"]), (&json!(1), &Value::Null));
    let taken = author.import(&units, "&skip_bad=true").await;
    assert_eq!((&taken["accepted"], &taken["rejected"]), (&json!(1), &json!(1)));
    let again = author.import(&units[..1], "").await;
    assert_eq!((&again["accepted"], &again["unchanged"]), (&json!(0), &json!(1)));

    // Roles: who wrote cannot approve, who may do neither sees nothing.
    let path = author.path("imports?file=x.json");
    assert_eq!(approver.upload(&path, file(&units)).await.0, StatusCode::FORBIDDEN);
    assert_eq!(watcher.request(Method::GET, "/staff/banks", None).await.0, StatusCode::FORBIDDEN);
    let candidate = server.candidate();
    assert_eq!(candidate.upload(&path, file(&units)).await.0, StatusCode::FORBIDDEN);
    let import = &taken["import_no"];
    assert_eq!(author.approve(&author.member, import).await, StatusCode::FORBIDDEN);
    let (status, own) = both
        .upload(&author.path("imports?file=y"), file(&[single("Q9", "自己的", &json!({}))]))
        .await;
    assert_eq!(status, StatusCode::OK, "{own}");
    assert_eq!(author.approve(&both, &own["import_no"]).await, StatusCode::CONFLICT);
    assert_eq!(author.approve(&approver, import).await, StatusCode::OK);
    assert_eq!(author.approve(&approver, import).await, StatusCode::CONFLICT, "once");

    // One import is rejected with a reason, and leaves no draft.
    let reject = author.path(&format!("imports/{}/reject", own["import_no"]));
    assert_eq!(
        approver.post(&reject, json!({ "reason": " " })).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(approver.post(&reject, json!({ "reason": "重复" })).await.0, StatusCode::NO_CONTENT);
    assert_eq!(author.find("").await, ["Q1"]);
    let imports = author.member.get(&author.path("imports")).await;
    let states: Vec<_> = imports["imports"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|import| (import["state"].clone(), import["rejected_because"].clone()))
        .collect();
    assert_eq!(states, [(json!("rejected"), json!("重复")), (json!("approved"), Value::Null)]);
    let sent_again = both
        .upload(&author.path("imports?file=y"), file(&[single("Q9", "自己的", &json!({}))]))
        .await
        .1;
    assert_eq!(sent_again["accepted"], 1, "what was rejected may come again: {sent_again}");

    // Nearly the same as what is there is told before anything is stored.
    let near = single(
        "Q7",
        "医师申请执业注册，应当向其所在地的哪一级卫生健康主管部门提出申请并由其在规定期限内受理？",
        &json!({}),
    );
    let told = author.import(&[near], "&dry_run=true").await;
    let pair = &told["similar"][0];
    assert_eq!(
        (&pair["first"], &pair["second"], &pair["in_bank"]),
        (&json!("Q1"), &json!("Q7"), &json!(true)),
        "{told}"
    );

    // Withdrawn is drawn no more, and comes back as a new version.
    let withdraw = author.path("units/Q1/withdraw");
    assert_eq!(
        author.member.post(&withdraw, json!({ "reason": "过时" })).await.0,
        StatusCode::FORBIDDEN
    );
    let (status, reply) = approver.post(&withdraw, json!({ "reason": "过时" })).await;
    assert_eq!((status, &reply["revision"]), (StatusCode::OK, &json!(2)), "{reply}");
    assert_eq!(approver.post(&withdraw, json!({ "reason": "过时" })).await.0, StatusCode::CONFLICT);
    assert_eq!(author.find("standing=approved").await, [""; 0]);
    assert_eq!(author.find("standing=withdrawn").await, ["Q1"]);
    let back = author.import(&units[..1], "").await;
    assert_eq!((&back["accepted"], &back["unchanged"]), (&json!(1), &json!(0)));
    server.running.stop().await;
}

pub async fn every_version_of_an_item_tells_what_changed_and_who_did_what(kind: Kind) {
    let server = server_or_return!(kind);
    let author = Author::new(&server).await;
    let approver = staff_member(&server, "checker", &[Role::Approver]).await;
    let first = author.import(&[single("Q/1", "题干", &json!({}))], "").await;
    author.approve(&approver, &first["import_no"]).await;
    let mended = single("Q/1", "新题干", &json!({ "key": ["B"], "media": ["a"] }));
    let second = author.import(&[mended], "").await;
    assert_eq!(second["accepted"], 1);
    let versions = author.member.get(&author.path("units/Q%2F1/versions")).await;
    let versions = versions["versions"].as_array().expect("a list").clone();
    let states: Vec<_> = versions.iter().map(|version| version["state"].clone()).collect();
    assert_eq!(states, ["approved", "draft"]);
    assert_eq!(versions[0]["file"], "x.json");
    assert_eq!(versions[0]["decided_by"], "工作人员");
    let changes: Vec<_> = versions[1]["changes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|change| (change["field"].clone(), change["before"].clone(), change["after"].clone()))
        .collect();
    assert_eq!(changes[0], (json!("stem"), json!("题干"), json!("新题干")));
    assert_eq!(changes[1], (json!("key"), json!("A"), json!("B")));
    assert_eq!(changes[2].0, "media");
    assert_eq!(changes.len(), 3);
    let shown = author.member.get(&author.path("units/Q%2F1?version=1")).await;
    assert_eq!(shown["units"][0]["stem"], "题干");
    let shown = author.member.get(&author.path("units/Q%2F1")).await;
    assert_eq!(shown["units"][0]["key"], json!(["B"]));
    let (status, _) = author.member.request(Method::GET, &author.path("units/none"), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    server.running.stop().await;
}

pub async fn a_picture_is_shown_with_its_paper_and_to_nobody_else(kind: Kind) {
    let server = server_or_return!(kind);
    let author = Author::new(&server).await;
    let approver = staff_member(&server, "checker", &[Role::Approver]).await;
    let item = |code: &str, stem: &str, media: Value| json!({ "code": code, "stem": stem, "options": options(), "key": ["A"], "media": media });
    let case = json!({ "code": "C1", "type": "A3", "topic": "公共知识/影像", "difficulty": "medium",
        "stem": "患者，男，40岁。胸片见[图1]", "media": [{ "picture": "a", "words": "胸片" }],
        "items": [item("C1-1", "诊断", json!([])), item("C1-2", "CT见[图1]", json!(["b"]))] });
    let other = single("Q1", "看[图1]", &json!({ "media": ["b"] }));
    let imported = author.import(&[case, other], "").await;
    assert_eq!(imported["accepted"], 3, "{imported}");
    assert_eq!(author.approve(&approver, &imported["import_no"]).await, StatusCode::OK);
    let desk = server::desk(&server.database).await;
    let definition = bank::exam_of("看图测评", "新题库", &[("A3", "公共知识", "\"medium\"", 2)]);
    let published = exam::publish(&desk, &definition, None).await.expect("it can be published");
    let tokens = bank::candidates(&desk, published.exam_id, 2).await;
    desk.store.close().await;
    let candidate = Candidate::new(server.address, tokens[0].clone());
    // A node looks for new exams every few seconds.
    let began = Instant::now();
    while candidate
        .request(Method::GET, &format!("/exams/{}/notice", published.exam_id), None)
        .await
        .0
        != StatusCode::OK
    {
        assert!(began.elapsed() < Duration::from_secs(10), "it is offered");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let attempt = candidate.start(published.exam_id).await;
    let paper = candidate.get(&format!("/attempts/{attempt}/paper")).await;
    let slots = paper["slots"].as_array().expect("slots");
    assert_eq!(slots.len(), 2);
    let alts: Vec<_> = slots
        .iter()
        .map(|slot| {
            slot["media"]
                .as_array()
                .expect("media")
                .iter()
                .map(|m| m["alt"].clone())
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(alts, [vec![json!("胸片")], vec![json!("胸片"), json!("")]]);
    assert_eq!(slots[1]["stem"], "CT见[图2]", "pictures are counted as they are shown");
    let url = slots[1]["media"][1]["url"].as_str().expect("an address").to_owned();
    assert_eq!(
        (&slots[1]["media"][1]["mime"], &slots[1]["media"][1]["width"]),
        (&json!("image/png"), &json!(1))
    );
    let (status, mime, bytes) = candidate.download(&url).await;
    assert_eq!((status, mime.as_str()), (StatusCode::OK, "image/png"));
    assert!(bytes.starts_with(b"\x89PNG"));

    // Not with somebody else's attempt, not signed out, not what is on no paper.
    let stranger = Candidate::new(server.address, tokens[1].clone());
    assert_eq!(stranger.download(&url).await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        Candidate::new(server.address, String::new()).download(&url).await.0,
        StatusCode::UNAUTHORIZED
    );
    let (base, _) = url.rsplit_once('/').expect("a path");
    assert_eq!(
        candidate.download(&format!("{base}/{}", "0".repeat(64))).await.0,
        StatusCode::NOT_FOUND
    );
    let id = slots[1]["media"][1]["id"].as_str().expect("an id");
    let (status, ..) = author.member.download(&format!("/api/v1/staff/media/{id}")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        candidate.download(&format!("/api/v1/staff/media/{id}")).await.0,
        StatusCode::FORBIDDEN
    );

    // Gone with the paper.
    let body = json!({ "device": candidate.device, "n": 1, "events": [] });
    let (status, reply) = candidate.post(&format!("/attempts/{attempt}/submit"), body).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_eq!(candidate.download(&url).await.0, StatusCode::CONFLICT);
    server.running.stop().await;
}

pub async fn texts_are_found_by_what_stands_in_them(kind: Kind) {
    let server = server_or_return!(kind);
    let author = Author::new(&server).await;
    let approver = staff_member(&server, "checker", &[Role::Approver]).await;
    let more = json!({ "topic": "公共知识/急救", "difficulty": "hard", "tags": ["100%", "重点"],
        "categories": ["口腔", "临床"], "practice_scopes": ["口腔专业"] });
    let judge = json!({ "type": "judge", "options": [{ "id": "A", "text": "正确" }, { "id": "B", "text": "错误" }] });
    let first = author
        .import(
            &[
                single("Q1", "高血压患者的血压 160/100 mmHg", &json!({})),
                single("Q2", "维生素B12缺乏", &more),
                single("Q3", "血脂与压力", &judge),
            ],
            "",
        )
        .await;
    author.approve(&approver, &first["import_no"]).await;
    let second =
        author.import(&[single("Q4", "高血压病的分期", &json!({ "pool": "practice" }))], "").await;
    let import = format!("import={}", second["import_no"]);
    for (query, codes) in [
        ("text=%E8%A1%80%E5%8E%8B", vec!["Q1", "Q4"]), // 血压
        ("text=%E8%A1%80", vec!["Q1", "Q3", "Q4"]),    // 血
        ("text=%E8%A1%80%E5%8E%8B%20MMHG", vec!["Q1"]),
        ("text=b12", vec!["Q2"]),
        ("text=%E5%8E%8B%E8%A1%80", vec![]), // 压血
        ("text=Q3", vec!["Q3"]),
        ("text=%E4%BE%9D%E6%8D%AE&standing=approved", vec!["Q1", "Q2", "Q3"]), // 依据
        ("text=%22%27*)(--%25_", vec!["Q1", "Q2", "Q3", "Q4"]),
        ("standing=draft", vec!["Q4"]),
        ("topic=%E5%85%AC%E5%85%B1%E7%9F%A5%E8%AF%86/%E6%80%A5%E6%95%91", vec!["Q2"]),
        ("difficulty=hard,easy", vec!["Q2"]),
        ("type=judge", vec!["Q3"]),
        ("tag=100%25", vec!["Q2"]),
        ("tag=10", vec![]),
        ("category=%E5%8F%A3%E8%85%94", vec!["Q2"]), // 口腔
        ("category=%E5%8F%A3", vec![]),
        ("practice_scope=%E5%8F%A3%E8%85%94%E4%B8%93%E4%B8%9A", vec!["Q2"]), // 口腔专业
        ("pool=practice", vec!["Q4"]),
        (&import, vec!["Q4"]),
        ("limit=2", vec!["Q1", "Q2"]),
    ] {
        assert_eq!(author.find(query).await, codes, "{query}");
    }
    let page = author.member.get(&author.path("units?limit=3")).await;
    let next = author.find(&format!("after={}", page["next"])).await;
    assert_eq!(next, ["Q4"]);
    let (status, problem) =
        author.member.request(Method::GET, &author.path("units?type=A9"), None).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    let cells = author.member.get(&author.path("cells?standing=approved")).await;
    let cells: Vec<_> = cells["cells"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|cell| (cell["item_type"].clone(), cell["difficulty"].clone(), cell["items"].clone()))
        .collect();
    let expected = [("single", "hard"), ("judge", "medium"), ("single", "medium")];
    assert_eq!(cells.len(), 3);
    for (item_type, difficulty) in expected {
        assert!(cells.contains(&(json!(item_type), json!(difficulty), json!(1))), "{cells:?}");
    }
    server.running.stop().await;
}

pub async fn what_is_exported_comes_back_as_it_was(kind: Kind) {
    let server = server_or_return!(kind);
    let author = Author::new(&server).await;
    let item = |code: &str, stem: &str, key: &str| json!({ "code": code, "stem": stem, "options": options(), "key": [key] });
    let case = json!({ "code": "C1", "type": "A3", "topic": "临床/影像", "difficulty": "hard",
        "tags": ["胸片", "重点"], "stem": "患者，男。<胸片>见[图1]\n\"白\"影 & 3 < 5",
        "media": [{ "picture": "a", "words": "胸片" }],
        "items": [item("C1-1", "诊断", "A"), item("C1-2", "治疗", "B")] });
    let shared = json!({ "code": "B1", "type": "B1", "topic": "临床/药物", "options": options(),
        "items": [{ "code": "B1-1", "stem": "10⁹/L", "key": ["A"] },
            { "code": "B1-2", "stem": "=1+1", "key": ["B"], "explanation": "因为" }] });
    let more = json!({ "type": "X", "key": ["A", "B"], "pool": "practice", "media": ["b"] });
    let units = [case, shared, single("Q 1/甲", "题]]>干", &more), single("Q2", "二", &json!({}))];
    let imported = author.import(&units, "").await;
    assert_eq!(imported["accepted"], 6, "{imported}");
    let export = async |bank: &str, format: &str| {
        let path = format!("/api/v1/staff/banks/{bank}/export?format={format}");
        let (status, _, bytes) = author.member.download(&path).await;
        assert_eq!(status, StatusCode::OK, "{format}");
        bytes
    };
    let whole = export(&author.bank, "json").await;
    for format in ["json", "qti"] {
        let file = export(&author.bank, format).await;
        let body = json!({ "name": format!("{format} 的副本") });
        let made = author.member.post("/staff/banks", body).await.1;
        let copy = made["bank_id"].as_str().expect("an id");
        let path = format!("/staff/banks/{copy}/imports?file=copy");
        let (status, reply) = author.member.upload(&path, file.clone()).await;
        assert_eq!((status, &reply["accepted"]), (StatusCode::OK, &json!(6)), "{format}: {reply}");
        assert!(export(copy, "json").await == whole, "{format} lost something");
        assert!(export(copy, format).await == file, "{format} is not written alike");
    }
    // What other formats hold comes back too, and what they lose is counted.
    for format in ["xlsx", "moodle-xml", "gift"] {
        let path = author.path("imports?file=x&dry_run=true&skip_bad=true");
        let (status, reply) = author.member.upload(&path, export(&author.bank, format).await).await;
        assert_eq!(status, StatusCode::OK, "{format}: {reply}");
        assert_eq!(reply["items"], 6, "{format}: {reply}");
    }
    let (status, ..) = author
        .member
        .download(&format!("/api/v1/staff/banks/{}/export?format=pdf", author.bank))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, kind, bytes) = author.member.download("/api/v1/staff/banks/template").await;
    assert_eq!(status, StatusCode::OK);
    assert!(kind.contains("spreadsheetml") && bytes.starts_with(b"PK"));
    server.running.stop().await;
}

pub async fn an_exam_is_tried_before_it_is_published(kind: Kind) {
    let server = server_or_return!(kind);
    let operator = staff_member(&server, "operator", &[Role::Operator]).await;
    let tried = async |definition: &str, papers: u32| {
        let body = json!({ "definition": definition, "papers": papers, "attempts": 2 });
        operator.post("/staff/exams/simulate", body).await
    };
    let (status, reply) = tried(bank::EXAM, 500).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let row = &reply["rows"][0];
    assert_eq!((&row["forecast"]["papers"], &row["forecast"]["slots"]), (&json!(500), &json!(14)));
    assert!(row["forecast"]["expected_items"]["deviation"].as_f64().is_some_and(|d| d < 1.0));
    assert_eq!(row["forecast"]["seen_again"].as_array().map(Vec::len), Some(1));
    let cell = &row["sections"][0]["cells"][0];
    assert_eq!((&cell["topic"], &cell["items"]), (&json!("公共知识"), &json!(40)), "{row}");
    // A short cell is named, and nothing is forecast.
    let (status, reply) = tried(&bank::EXAM.replacen("count = 8", "count = 80", 1), 10).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert!(reply["rows"][0]["short"][0].as_str().is_some_and(|short| short.contains("80")));
    assert_eq!(reply["rows"][0]["forecast"], Value::Null);
    for (definition, papers) in [("nonsense", 10), (bank::EXAM, 0)] {
        let (status, reply) = tried(definition, papers).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{reply}");
    }
    let candidate = server.candidate();
    let body = json!({ "definition": bank::EXAM });
    assert_eq!(candidate.post("/staff/exams/simulate", body).await.0, StatusCode::FORBIDDEN);
    server.running.stop().await;
}

pub async fn cells_are_corrected_where_their_problems_are_shown(kind: Kind) {
    let server = server_or_return!(kind);
    let author = Author::new(&server).await;
    let csv = "题型,题干,选项A,选项B,答案,知识点\n单选题,甲题说什么,对,错,C,法规\n单选题,乙题说什么,对,错,A,法规\n";
    let look = async |mends: &Value, dry_run: bool| {
        let path = author.path(&format!("imports?file=x.csv&dry_run={dry_run}&mends={mends}"));
        author.member.upload(&path, csv.as_bytes().to_vec()).await
    };
    let (_, reply) = look(&json!([]), true).await;
    let problem = &reply["problems"][0];
    assert_eq!(
        (&problem["cell"], &problem["row"], &problem["column"]),
        (&json!("C"), &json!(2), &json!(5))
    );
    assert_eq!(reply["accepted"], 0);
    let right = json!([{ "sheet": null, "row": 2, "column": 5, "text": "B" }]);
    let (_, reply) = look(&right, true).await;
    assert_eq!((&reply["accepted"], &reply["problems"]), (&json!(2), &json!([])), "{reply}");
    let (status, reply) = look(&right, false).await;
    assert_eq!((status, &reply["accepted"]), (StatusCode::OK, &json!(2)), "{reply}");
    let found = author.find("standing=draft&text=甲题").await;
    let shown = author.member.get(&author.path(&format!("units/{}", found[0]))).await;
    assert_eq!(shown["units"][0]["key"], json!(["B"]), "{shown}");
    for wrong in [json!({ "row": 2 }), json!([{ "row": 2, "column": 5 }])] {
        let (status, refusal) = look(&wrong, true).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refusal}");
    }
    let many: Vec<Value> =
        (0..501).map(|row| json!({ "row": row, "column": 1, "text": "" })).collect();
    assert_eq!(look(&json!(many), true).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

pub async fn an_import_that_a_later_one_replaced_waits_for_nobody_and_keeps_its_pictures(
    kind: Kind,
) {
    let server = server_or_return!(kind);
    let author = Author::new(&server).await;
    let approver = staff_member(&server, "checker", &[Role::Approver]).await;
    let shows = |picture: &str| single("Q1", "看[图1]", &json!({ "media": [picture] }));
    let first = author.import(&[shows("a"), single("Q2", "二", &json!({}))], "").await;
    let waiting = async || {
        let list = author.member.get(&author.path("imports")).await;
        let list = list["imports"].as_array().expect("a list").iter();
        list.map(|import| import["waiting"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(waiting().await, [2]);
    let second = author.import(&[shows("b"), single("Q2", "二，改", &json!({}))], "").await;
    assert_eq!(waiting().await, [2, 0]);

    // Each version comes with its own picture, under the name that it has in the text.
    for (version, bytes) in [("?version=1", DOT), ("?version=2", OTHER_DOT), ("", OTHER_DOT)] {
        let shown = author.member.get(&author.path(&format!("units/Q1{version}"))).await;
        let name = shown["units"][0]["media"][0]["picture"].as_str().expect("a name");
        assert_eq!(shown["pictures"][name], bytes, "{version}");
        assert_eq!(shown["pictures"].as_object().map(serde_json::Map::len), Some(1));
    }
    assert_eq!(author.find("limit=1&skip=1").await, ["Q2"]);
    assert_eq!(author.find("skip=2").await, [""; 0]);

    // What the later one brought is refused, and the first waits again.
    let path = author.path(&format!("imports/{}/reject", second["import_no"]));
    let (status, _) = approver.post(&path, json!({ "reason": "图不清" })).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(waiting().await, [0, 2]);
    assert_eq!(author.approve(&approver, &first["import_no"]).await, StatusCode::OK);
    assert_eq!(waiting().await, [0, 0]);
    server.running.stop().await;
}

pub async fn cells_are_counted_over_imports_with_the_newest_version_of_each_unit(kind: Kind) {
    let server = server_or_return!(kind);
    let author = Author::new(&server).await;
    let approver = staff_member(&server, "checker", &[Role::Approver]).await;
    let none = json!({});
    let first = author.import(&[single("A", "一", &none), single("B", "二", &none)], "").await;
    let second = author.import(&[single("C", "三", &none)], "").await;
    for import in [&first, &second] {
        assert_eq!(author.approve(&approver, &import["import_no"]).await, StatusCode::OK);
    }
    let hard = json!({ "difficulty": "hard" });
    let (one, two) = (single("A", "一，改", &hard), single("B", "二", &none));
    let looked = author.import(&[one, two, single("D", "四", &none)], "&dry_run=true").await;
    assert_eq!((&looked["accepted"], &looked["unchanged"]), (&json!(2), &json!(1)), "{looked}");
    let third = author.import(&[single("A", "一，改", &hard)], "").await;
    let counts = async |standing: &str| {
        let cells = author.member.get(&author.path(&format!("cells?standing={standing}"))).await;
        let cells = cells["cells"].as_array().expect("a list").iter();
        cells
            .map(|cell| {
                (cell["difficulty"].as_str().expect("a name").to_owned(), cell["units"].clone())
            })
            .collect::<Vec<_>>()
    };
    let (hard, medium) = (|n| ("hard".to_owned(), json!(n)), |n| ("medium".to_owned(), json!(n)));
    assert_eq!(counts("approved").await, [medium(3)]);
    assert_eq!(counts("newest").await, [hard(1), medium(2)]);
    assert_eq!(counts("draft").await, [hard(1)]);
    assert_eq!(author.approve(&approver, &third["import_no"]).await, StatusCode::OK);
    assert_eq!(counts("approved").await, [hard(1), medium(2)]);
    let withdrawn = author.path("units/C/withdraw");
    let (status, said) = approver.post(&withdrawn, json!({ "reason": "有误" })).await;
    assert!(status.is_success(), "{said}");
    assert_eq!(counts("approved").await, [hard(1), medium(1)]);
    assert_eq!(counts("withdrawn").await, [medium(1)]);
    assert_eq!(author.find("standing=approved").await, ["A", "B"]);
}

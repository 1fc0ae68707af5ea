//! A plain page with what a demo has, at `/` too where no web app was built, and the API's description with a page that works offline.

use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use exam_core::time::Timestamp;
use utoipa::openapi::OpenApi;

use crate::app::App;
use crate::auth::totp;
use crate::demo::accounts::{ACCOUNTS, Accounts, Staff};
use crate::routes::web;

/// Where the description is.
const OPENAPI: &str = "/openapi.json";

pub(super) fn routes(openapi: OpenApi) -> Router<App> {
    let description = openapi.clone();
    Router::new()
        .route("/demo", get(home))
        .merge(utoipa_swagger_ui::SwaggerUi::new("/docs").url(OPENAPI, openapi))
        .route("/api/v1/openapi.json", get(async move || Json(description)))
}

/// Where the web app is.
const APP: &str = r#"手机端：<a href="/">进入</a>；管理端：<a href="/console">进入</a>。"#;

/// What the page says where there is none.
const NO_APP: &str = "此服务器未内置网页：请用 ./run 构建。";

/// The page, with places for what is known only while the server runs.
const HOME: &str = include_str!("pages/home.html");

pub(super) async fn home(State(app): State<App>) -> Html<String> {
    let accounts = app.store.setting_find(ACCOUNTS).await.ok().flatten();
    let accounts = accounts.and_then(|accounts| serde_json::from_str(&accounts).ok());
    let now = app.clock.now();
    let accounts: Option<Accounts> = accounts;
    let support = app.config.support_lines.iter();
    let support: String = support.map(|line| format!("<p>{}</p>", escape(line))).collect();
    let page = HOME
        .replace("{openapi}", OPENAPI)
        .replace("{app}", if web::is_built() { APP } else { NO_APP })
        .replace("{refresh}", &accounts.as_ref().map_or_else(String::new, |_| refresh(now)))
        .replace("{demo}", &accounts.map_or_else(String::new, |all| demo_tables(&all, now)))
        .replace("{support}", &support);
    Html(page)
}

/// Loads the page again when the codes change.
fn refresh(now: Timestamp) -> String {
    let seconds = totp::ends_in_ms(now) / 1_000 + 1;
    format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">\n")
}

/// The accounts of a demo, for people to sign in with.
fn demo_tables(accounts: &Accounts, now: Timestamp) -> String {
    let physicians = accounts.physicians.iter();
    let physicians = physicians.map(|p| [p.name.clone(), p.id_number.clone(), p.password.clone()]);
    let staff = accounts.staff.iter().map(|s| {
        let Staff { role, login, password, totp_secret } = s.clone();
        [role, login, password, s.code(now), totp_secret]
    });
    format!(
        "<h2>演示账号</h2><p>人物均为虚构。</p>{}{}<p>动态口令每 30 秒更换，每个只能用一次。</p>",
        table(["考生", "身份证号", "密码"], physicians),
        table(["工作人员", "账号", "密码", "动态口令", "动态口令密钥"], staff)
    )
}

fn table<const N: usize>(headings: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |tag: &str, cells: [String; N]| -> String {
        let cells: String =
            cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape(cell))).collect();
        format!("<tr>{cells}</tr>")
    };
    let rows: String = rows.map(|row| line("td", row)).collect();
    let head = line("th", headings.map(str::to_owned));
    format!("<table><thead>{head}</thead><tbody>{rows}</tbody></table>")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

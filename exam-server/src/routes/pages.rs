//! A plain page with what a demo has, at `/` too where no web app was built, and the API's description with a page that works offline.

use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::OpenApi;

use crate::app::App;
use crate::demo::accounts::{ACCOUNTS, Accounts};
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
    let support = app.config.support_lines.iter();
    let support: String = support.map(|line| format!("<p>{}</p>", escape(line))).collect();
    let page = HOME
        .replace("{openapi}", OPENAPI)
        .replace("{app}", if web::is_built() { APP } else { NO_APP })
        .replace("{demo}", &accounts.as_ref().map_or_else(String::new, demo_tables))
        .replace("{support}", &support);
    Html(page)
}

/// The accounts of a demo, for people to sign in with.
fn demo_tables(accounts: &Accounts) -> String {
    let physicians = accounts.physicians.iter();
    let physicians = physicians.map(|p| [p.name.as_str(), &p.id_number, &p.password, ""]);
    let staff = accounts.staff.iter();
    let staff = staff.map(|s| [s.role.as_str(), &s.login, &s.password, &s.totp_secret]);
    format!(
        "<h2>演示账号</h2><p>人物均为虚构。</p>{}{}",
        table(["考生", "身份证号", "密码", ""], physicians),
        table(["工作人员", "账号", "密码", "动态口令密钥"], staff)
    )
}

/// A table; its last column is left out where it has no heading.
fn table<'a>(headings: [&str; 4], rows: impl Iterator<Item = [&'a str; 4]>) -> String {
    let columns = headings.iter().filter(|heading| !heading.is_empty()).count();
    let line = |tag: &str, cells: [&str; 4]| -> String {
        let cells = cells[..columns].iter();
        let cells: String = cells.map(|cell| format!("<{tag}>{}</{tag}>", escape(cell))).collect();
        format!("<tr>{cells}</tr>")
    };
    let rows: String = rows.map(|row| line("td", row)).collect();
    format!("<table><thead>{}</thead><tbody>{rows}</tbody></table>", line("th", headings))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

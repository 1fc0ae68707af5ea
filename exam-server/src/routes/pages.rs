//! The plain page at `/`, and the API's description with a page that works offline.

use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::OpenApi;

use crate::app::App;

/// Where the description is.
const OPENAPI: &str = "/openapi.json";

pub(super) fn routes(openapi: OpenApi) -> Router<App> {
    let description = openapi.clone();
    Router::new()
        .route("/", get(home))
        .merge(utoipa_swagger_ui::SwaggerUi::new("/docs").url(OPENAPI, openapi))
        .route("/api/v1/openapi.json", get(async move || Json(description)))
}

async fn home(State(app): State<App>) -> Html<String> {
    let demo = match app.store.setting_find(crate::demo::accounts::ACCOUNTS).await {
        Ok(Some(accounts)) => {
            let accounts = serde_json::from_str::<crate::demo::accounts::Accounts>(&accounts);
            accounts.map_or_else(|_| String::new(), |accounts| escape(&accounts.to_text()))
        }
        _ => String::new(),
    };
    let support: String =
        app.config.support_lines.iter().map(|line| format!("<p>{}</p>", escape(line))).collect();
    let demo = if demo.is_empty() {
        String::new()
    } else {
        format!("<h2>演示账号</h2><pre>{demo}</pre>")
    };
    Html(format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>医师定期考核</title>\
         <style>body{{font:17px/1.6 'PingFang SC','HarmonyOS Sans','Noto Sans SC',sans-serif;\
         max-width:44rem;margin:0 auto;padding:1.5rem;color:#1d2939;background:#f7f8fa}}\
         a{{color:#0b7a75}}pre{{background:#fff;border:1px solid #e4e7ec;border-radius:8px;\
         padding:12px;overflow-x:auto}}@media(prefers-color-scheme:dark){{body{{color:#e4e7ec;\
         background:#101828}}pre{{background:#1d2939;border-color:#475467}}a{{color:#5fd0c9}}}}\
         </style></head><body><h1>医师定期考核 · 在线考试引擎</h1>\
         <p>服务器已启动。手机端页面尚未提供，考生协议与接口说明见 <a href=\"/docs\">接口文档</a>\
         （<a href=\"{OPENAPI}\">openapi.json</a>）。</p>\
         <p>运行状态：<a href=\"/readyz\">/readyz</a> · <a href=\"/metrics\">/metrics</a></p>\
         {demo}{support}</body></html>"
    ))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

//! Banks as files.

use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use question_bank::export::{self, ExportFormat};
use serde::Deserialize;
use utoipa::IntoParams;

use super::units::filter;
use super::{bank_of, may_read};
use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::banks::{self, Exported, Sought};
use crate::problem::{ApiError, Problem};
use crate::routes::Path;

/// The format of a file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FormatQuery {
    /// `json` and `qti` lose nothing; `xlsx`, `moodle-xml` and `gift` do.
    format: String,
}

async fn written(exported: Exported, format: ExportFormat) -> Result<Response, ApiError> {
    let write = move || export::write(&exported.units, &exported.pictures, format);
    let written = tokio::task::spawn_blocking(write).await.map_err(|_| ApiError::Internal)?;
    let written = written.map_err(|_| ApiError::Conflict {
        code: "not_written",
        detail: "the format cannot hold a text of the bank",
    })?;
    let name = format!("attachment; filename=\"bank.{}\"", format.extension());
    let name = HeaderValue::from_str(&name).map_err(|_| ApiError::Internal)?;
    let lost = HeaderValue::from(written.problems.len());
    let mime = HeaderValue::from_static(format.mime());
    let mut response = written.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, mime);
    headers.insert(header::CONTENT_DISPOSITION, name);
    headers.insert("bank-losses", lost);
    Ok(response)
}

/// Exports items as a file
///
/// The header `Bank-Losses` counts what the format cannot hold.
#[utoipa::path(get, path = "/banks/{bank_id}/export", tag = "banks",
    params(("bank_id" = String, Path, description = "the bank"), FormatQuery, Sought),
    responses((status = 200, description = "the file", content_type = "application/octet-stream"),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn export(
    State(app): State<App>,
    member: StaffMember,
    Path(bank_id): Path<String>,
    Query(query): Query<FormatQuery>,
    Query(sought): Query<Sought>,
) -> Result<Response, ApiError> {
    may_read(&member)?;
    let unknown = |_| ApiError::field("format", "unknown", "not one that is known");
    let format: ExportFormat = query.format.parse().map_err(unknown)?;
    let bank = bank_of(&app, &bank_id).await?;
    let exported = banks::export(&app.store, &filter(&bank, &sought)?).await?;
    written(exported, format).await
}

/// Gives the empty table that authors fill in
#[utoipa::path(get, path = "/banks/template", tag = "banks",
    responses((status = 200, description = "the workbook",
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
pub(super) async fn template(member: StaffMember) -> Result<Response, ApiError> {
    may_read(&member)?;
    written(Exported::default(), ExportFormat::Xlsx).await
}

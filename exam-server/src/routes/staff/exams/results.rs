//! The results of an exam as a file.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::problem::{ApiError, Problem};
use crate::routes::Path;
use crate::routes::staff::attempts::list::READERS;
use crate::routes::staff::paging::{PAGE_MAX, any_role, masked_id};
use crate::store::{AttemptFilter, Slice};

/// A cell of a CSV that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let guarded = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if guarded.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

fn points_text(points: Option<i64>) -> String {
    points.map_or_else(String::new, |points| {
        format!("{}.{:02}", points / 100, points.rem_euclid(100)).replace(".00", "")
    })
}

fn local_time(ms: Option<i64>) -> String {
    let shown = |ms| {
        let at = jiff::Timestamp::from_millisecond(ms).ok()?;
        Some(jiff::tz::offset(8).to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string())
    };
    ms.and_then(shown).unwrap_or_default()
}

/// Writes the results of an exam as CSV
///
/// One row for each closed attempt of candidates within the member's scope, in UTF-8 with a mark that
/// Excel knows. Times are those of China.
#[utoipa::path(get, path = "/exams/{exam_id}/results.csv", tag = "exams",
    params(("exam_id" = String, Path, description = "the exam")),
    responses((status = 200, content_type = "text/csv"), (status = 403, body = Problem)))]
pub(super) async fn results(
    State(app): State<App>,
    member: StaffMember,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    any_role(&member, &READERS)?;
    let filter = AttemptFilter::at_exam(member.scope(), id, &["closed", "voided"]);
    let mut csv =
        "\u{feff}姓名,身份证号,机构,考试,开始时间,结束时间,结束方式,得分,总分,合格线,结论\r\n"
            .to_owned();
    let mut before = i64::MAX;
    loop {
        let rows = app.store.attempt_list(&filter, Slice::behind(before, PAGE_MAX)).await?;
        let Some(last) = rows.last() else { break };
        before = last.attempt_no;
        for row in rows {
            let cells = [
                row.candidate.clone(),
                masked_id(&app, &row.id_number_sealed),
                row.institution.clone(),
                row.exam.clone(),
                local_time(Some(row.started_at_ms)),
                local_time(row.closed_at_ms),
                row.closed_by.clone().unwrap_or_default(),
                points_text(row.points),
                points_text(row.total_points),
                points_text(row.pass_points),
                verdict_text(row.verdict.as_deref()).to_owned(),
            ];
            csv += &cells.map(|text| cell(&text)).join(",");
            csv += "\r\n";
        }
    }
    let mut response = csv.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = HeaderValue::from_static("attachment; filename=\"results.csv\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

fn verdict_text(verdict: Option<&str>) -> &'static str {
    match verdict {
        Some("passed") => "合格",
        Some("failed") => "不合格",
        Some("void") => "作废",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_commas_stay_inside() {
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("甲,\"乙\""), "\"甲,\"\"乙\"\"\"");
        assert_eq!(
            (points_text(Some(8_800)), points_text(Some(8_850))),
            ("88".into(), "88.50".into())
        );
        assert_eq!(local_time(Some(0)), "1970-01-01 08:00:00");
    }
}

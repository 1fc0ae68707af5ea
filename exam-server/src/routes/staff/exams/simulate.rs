//! Blueprints, tried against the banks as they are.

use axum::Json;
use axum::extract::State;
use exam_core::blueprint::SectionStock;
use exam_core::draw::Forecast;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::extract::StaffMember;
use crate::commands::exam::{self, Trial};
use crate::problem::{ApiError, Problem};
use crate::routes::Body;
use crate::routes::staff::paging::any_role;
use crate::routes::staff::refusals::refused;
use crate::store::Role;

/// The most papers of one trial: some seconds of a core.
const PAPERS_MAX: u32 = 100_000;

/// The most attempts of a candidate.
const ATTEMPTS_MAX: u32 = 100;

/// An exam to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TrialBody {
    /// The exam file, TOML or JSON.
    definition: String,
    /// 1 to 100,000.
    #[serde(default = "papers")]
    papers: u32,
    /// How many of them each candidate sits: 1 to 100.
    #[serde(default = "attempts")]
    attempts: u32,
    /// The same number gives the same papers.
    #[serde(default)]
    seed: u64,
}

const fn papers() -> u32 {
    10_000
}

const fn attempts() -> u32 {
    3
}

/// What the papers of an exam will be like.
#[derive(Serialize, ToSchema)]
pub(super) struct TrialReply {
    title: String,
    /// By audience row.
    rows: Vec<TrialRow>,
}

/// What the papers of one audience row will be like.
#[derive(Serialize, ToSchema)]
pub(super) struct TrialRow {
    /// title, `item_type`, need, items, cells (topic, difficulty, units, items).
    #[schema(value_type = Vec<Object>)]
    sections: Vec<SectionStock>,
    /// Sections that cannot be drawn; nothing is forecast then.
    short: Vec<String>,
    /// papers, slots, `expected_items` (mean, deviation, least, most), stock, `never_drawn`,
    /// `most_drawn_share`, `seen_again`.
    #[schema(value_type = Option<Object>)]
    forecast: Option<Forecast>,
}

/// Tries an exam against the banks
///
/// Says what there is for each cell, and draws papers: how much they differ in what is expected of
/// candidates, what is used most, and what is seen again. Nothing is stored.
#[utoipa::path(post, path = "/exams/simulate", tag = "exams", request_body = TrialBody,
    responses((status = 200, body = TrialReply), (status = 403, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn simulate(
    State(app): State<App>,
    member: StaffMember,
    Body(body): Body<TrialBody>,
) -> Result<Json<TrialReply>, ApiError> {
    any_role(&member, &[Role::Author, Role::Approver, Role::Operator])?;
    if !(1..=PAPERS_MAX).contains(&body.papers) {
        return Err(ApiError::field("papers", "out_of_range", "1 to 100,000"));
    }
    if !(1..=ATTEMPTS_MAX).contains(&body.attempts) {
        return Err(ApiError::field("attempts", "out_of_range", "1 to 100"));
    }
    let trial = Trial { papers: body.papers, attempts: body.attempts, seed: body.seed };
    let simulated = exam::simulate(&app.store, &body.definition, trial).await.map_err(refused)?;
    let row = |row: exam::SimulatedRow| TrialRow {
        sections: row.sections,
        short: row.short,
        forecast: row.forecast,
    };
    let rows = simulated.rows.into_iter().map(row).collect();
    Ok(Json(TrialReply { title: simulated.title, rows }))
}

//! What staff do: sign in with a second factor, look after attempts and candidates.

mod attempts;
mod audit;
mod banks;
mod candidates;
mod exams;
mod members;
mod paging;
mod refusals;
mod reviews;
mod roster;
mod sign_in;
pub(super) mod uploads;

pub(super) use attempts::picture_response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    let staff = OpenApiRouter::new()
        .routes(routes!(sign_in::enrol_begin))
        .routes(routes!(sign_in::enrol))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(sign_in::sign_out))
        .routes(routes!(sign_in::me))
        .routes(routes!(candidates::list))
        .routes(routes!(candidates::institutions))
        .routes(routes!(candidates::reset))
        .routes(routes!(candidates::portrait))
        .routes(routes!(roster::import))
        .routes(routes!(members::list, members::add))
        .routes(routes!(members::change))
        .routes(routes!(members::renew))
        .routes(routes!(audit::list))
        .routes(routes!(reviews::list))
        .merge(attempts::routes())
        .merge(exams::routes())
        .merge(banks::routes());
    OpenApiRouter::new().nest("/staff", staff)
}

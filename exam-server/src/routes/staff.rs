//! What staff do: sign in with a second factor, look after attempts and candidates.

mod attempts;
mod audit;
mod banks;
mod bulk;
mod candidates;
mod desk;
mod exams;
mod members;
mod paging;
mod roster;
mod sign_in;
mod simulate;
mod uploads;

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
        .routes(routes!(attempts::show))
        .routes(routes!(attempts::extend))
        .routes(routes!(attempts::pause))
        .routes(routes!(attempts::resume))
        .routes(routes!(attempts::lock))
        .routes(routes!(attempts::unlock))
        .routes(routes!(attempts::end))
        .routes(routes!(attempts::void))
        .routes(routes!(attempts::message))
        .routes(routes!(candidates::list))
        .routes(routes!(candidates::institutions))
        .routes(routes!(candidates::reset))
        .routes(routes!(roster::import))
        .routes(routes!(desk::list))
        .routes(routes!(desk::results))
        .routes(routes!(exams::list, exams::publish))
        .routes(routes!(exams::show))
        .routes(routes!(exams::check))
        .routes(routes!(bulk::extend))
        .routes(routes!(bulk::show))
        .routes(routes!(simulate::simulate))
        .routes(routes!(members::list, members::add))
        .routes(routes!(members::change))
        .routes(routes!(members::renew))
        .routes(routes!(audit::list))
        .merge(banks::routes());
    OpenApiRouter::new().nest("/staff", staff)
}

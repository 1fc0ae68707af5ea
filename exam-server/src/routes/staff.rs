//! What staff do: sign in with a second factor, look after attempts and candidates.

mod attempts;
mod banks;
mod candidates;
mod exams;
mod sign_in;

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
        .routes(routes!(candidates::reset))
        .routes(routes!(exams::simulate))
        .merge(banks::routes());
    OpenApiRouter::new().nest("/staff", staff)
}

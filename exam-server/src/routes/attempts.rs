//! An attempt: its state, paper, events, result and record.

mod connection;
mod events;
mod media;
mod read;
mod review;
mod snapshot;

pub(super) use media::picture;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read::list))
        .routes(routes!(read::show))
        .routes(routes!(read::paper))
        .routes(routes!(media::media))
        .routes(routes!(read::result))
        .routes(routes!(read::record))
        .routes(routes!(snapshot::put, review::picture))
        .routes(routes!(snapshot::due))
        .routes(routes!(review::review))
        .routes(routes!(review::appeal))
        .routes(routes!(snapshot::withdraw))
        .routes(routes!(events::events))
        .routes(routes!(events::submit))
        .routes(routes!(connection::connect))
}

//! An attempt: its state, paper, events, result and record.

mod connection;
mod events;
mod media;
mod read;
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
        .routes(routes!(snapshot::put))
        .routes(routes!(snapshot::due))
        .routes(routes!(events::events))
        .routes(routes!(events::submit))
        .routes(routes!(connection::connect))
}

//! Photographs beside the registry's, by a model that the deployment names: off without one, and for
//! everybody who did not agree to it. Only whether they are alike is noted.

use exam_core::exam::RECOGNITION_CONSENT;
use image::RgbImage;
use proctor::faces::Face;
use proctor::findings::Finding;
use proctor::photo::Photo;

use super::Busy;
use super::shown::{Shown, show_portrait};
use crate::app::App;

/// What a comparison finds; nothing where there is none to make.
///
/// # Errors
/// Trouble with the database or the photo store; [`Busy`] is none, and finds nothing.
pub(super) async fn compared(
    app: &App,
    attempt_no: i64,
    pixels: Option<RgbImage>,
    faces: &[Face],
) -> anyhow::Result<Option<Finding>> {
    let (Some(threshold), Some(pixels), [face]) = (app.darkroom.threshold(), pixels, faces) else {
        return Ok(None);
    };
    let consent = app.store.consent_find(attempt_no).await?;
    let agrees = |consent: crate::store::ConsentRow| {
        consent.agreed_to(RECOGNITION_CONSENT) && consent.withdrawn_at_ms.is_none()
    };
    if !consent.is_some_and(agrees) {
        return Ok(None);
    }
    let Some(person) = app.store.candidate_of(attempt_no).await? else { return Ok(None) };
    let Some(sha256) = &person.portrait else { return Ok(None) };
    let shown = show_portrait(app, person.candidate_id.parse()?, sha256).await;
    let Ok(Shown::Picture(bytes)) = shown else { return Ok(None) };
    let decoded = app.darkroom.print(move || Photo::decode(&bytes)).await;
    let Ok(Ok(portrait)) = decoded else { return Ok(None) };
    match app.darkroom.likeness(pixels, *face, portrait.into_pixels()).await {
        Ok(Some(alike)) if alike < threshold => Ok(Some(Finding::Unlike)),
        Ok(_) | Err(Busy) => Ok(None),
    }
}

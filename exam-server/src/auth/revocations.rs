//! What was revoked elsewhere: looked for every two seconds, so that looked-up sign-ins can be
//! believed meanwhile, and open connections of other nodes end too.

use std::collections::HashMap;
use std::sync::Arc;

use exam_core::time::{Span, Timestamp};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::app::App;
use crate::live::mailbox::Push;
use crate::store::StoreError;

/// How often it is looked.
pub const LOOKED_EVERY: Span = Span::from_seconds(2);

/// How far back: clocks differ by 250 ms at most, and a commit may take its time.
const LOOKED_BACK: Span = Span::from_seconds(10);

/// Looks until stopped.
pub async fn follow(app: App, stopping: CancellationToken) {
    let mut ticks = app.clock.interval(LOOKED_EVERY);
    let mut told = HashMap::new();
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = ticks.tick() => {}
        }
        if let Err(error) = look(&app, &mut told).await {
            warn!(error = &error as &dyn std::error::Error, "revocations were not looked for");
        }
    }
}

/// Looks once. `told` holds what was told already, with the time of it: a revocation is met as long
/// as it lies within what is looked at.
async fn look(app: &App, told: &mut HashMap<Vec<u8>, Timestamp>) -> Result<(), StoreError> {
    let now = app.clock.now();
    let revoked = app.store.sign_in_revoked_since(now - LOOKED_BACK).await?;
    let mut fresh = Vec::new();
    for hash in revoked {
        // Again each time: a lookup may have been under way.
        app.sign_ins.forget(&hash).await;
        if !told.contains_key(&hash) {
            told.insert(hash.clone(), now);
            fresh.push(hash);
        }
    }
    told.retain(|_, at| now.since(*at) <= LOOKED_BACK + LOOKED_BACK);
    if !fresh.is_empty() {
        app.registry.push_to_all(&Push::Revoked(Arc::from(fresh)));
    }
    app.sign_ins.heard(now);
    Ok(())
}

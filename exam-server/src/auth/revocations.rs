//! What was revoked elsewhere: looked for every two seconds, so that looked-up sign-ins can be
//! believed meanwhile, and open connections of other nodes end too.

use std::collections::HashSet;
use std::sync::Arc;

use exam_core::time::Span;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::app::App;
use crate::live::mailbox::Push;
use crate::store::StoreError;

/// How often it is looked.
const LOOKED_EVERY: Span = Span::from_seconds(2);

/// How far back: clocks differ by 250 ms at most, and a commit may take its time.
const LOOKED_BACK: Span = Span::from_seconds(10);

/// Looks until stopped.
pub async fn follow(app: App, stopping: CancellationToken) {
    let mut ticks = app.clock.interval(LOOKED_EVERY);
    let mut told = HashSet::new();
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

/// Looks once. `told` holds what the last look found: what is found again was told then.
async fn look(app: &App, told: &mut HashSet<Vec<u8>>) -> Result<(), StoreError> {
    let now = app.clock.now();
    let revoked = app.store.sign_in_revoked_since(now - LOOKED_BACK).await?;
    for hash in &revoked {
        // Again each time: a lookup may have been under way.
        app.sign_ins.forget(hash).await;
    }
    let fresh: Arc<[_]> = revoked.iter().filter(|hash| !told.contains(*hash)).cloned().collect();
    if !fresh.is_empty() {
        app.registry.push_to_all(&Push::Revoked(fresh));
    }
    *told = revoked.into_iter().collect();
    app.sign_ins.heard(now);
    Ok(())
}

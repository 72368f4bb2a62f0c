//! What the business set of its clients, practices and renewals.

use crate::context::Context;
use crate::error::{Result, expect, retrying};
use crate::merge_patch;
use contracts::Job;
use domain::Role;
use domain::crm::CrmSettings;
use serde_json::Value;
use store::Stored;

/// The settings with their version; the defaults, as version 0, until some are set.
pub async fn get(ctx: &Context) -> Result<Stored<CrmSettings>> {
    ctx.require(Role::Viewer)?;
    let stored = ctx.store().get::<CrmSettings>(&ctx.tenant, &()).await?;
    Ok(stored.unwrap_or_else(|| Stored { value: CrmSettings::default(), version: 0 }))
}

/// Changes the settings that the merge patch names. `expected` is the version that the caller saw, if they care.
pub async fn update(ctx: &Context, patch: &Value, expected: Option<u64>) -> Result<Stored<CrmSettings>> {
    ctx.require(Role::Manager)?;
    retrying!(
        async {
            let old = get(ctx).await?;
            expect(&old, expected)?;
            let mut settings = merge_patch(&old.value, patch)?;
            settings.check()?;
            let mut step = ctx.step();
            step.save(Some(&old).filter(|old| old.version > 0), &settings)?;
            ctx.audited(&mut step, "crm_settings.updated", "crm", Some(&old.value), Some(&settings))?;
            if old.renewal_lead_days != settings.renewal_lead_days {
                step.enqueue(Job::CheckRenewals { practice: None, after: String::new() });
            }
            ctx.store().commit(step).await?;
            Ok(Stored { value: settings, version: old.version + 1 })
        }
        .await
    )
}

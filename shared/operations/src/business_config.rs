//! The business configuration.

use crate::context::Context;
use crate::error::{Result, expect, retrying};
use crate::{budget, planning};
use contracts::Job;
use domain::Role;
use domain::business::BusinessConfig;
use store::{Settings, Stored};

/// The tenant's configuration with its version; the defaults, as version 0, until one is set.
pub async fn get(ctx: &Context) -> Result<Stored<Settings>> {
    ctx.require(Role::Viewer)?;
    let stored = ctx.store().get::<Settings>(&ctx.tenant, &()).await?;
    Ok(stored.unwrap_or_else(|| Stored { value: Settings::default(), version: 0 }))
}

/// Replaces the configuration. `expected` is the version that the caller saw, if they care.
pub async fn replace(
    ctx: &Context,
    mut config: BusinessConfig,
    expected: Option<u64>,
) -> Result<Stored<Settings>> {
    ctx.require(Role::Manager)?;
    config.check()?;
    budget::check(ctx, &config).await?;
    let settings = Settings { config };
    retrying!(
        async {
            let old = get(ctx).await?;
            expect(&old, expected)?;
            settings.config.check_change_from(&old.config)?;
            let mut step = ctx.step();
            step.save(Some(&old).filter(|old| old.version > 0), &settings)?;
            ctx.audited(
                &mut step,
                "business_config.updated",
                "business",
                Some(&old.config),
                Some(&settings.config),
            )?;
            if rules_differ(&old.config, &settings.config) {
                planning::ask_anew(ctx, &mut step).await?;
            } else {
                // More lines or another budget may let calls go that are ready.
                step.enqueue(Job::PlanCalls);
            }
            ctx.store().commit(step).await?;
            Ok(Stored { value: settings.clone(), version: old.version + 1 })
        }
        .await
    )
}

/// Whether calls that wait for a time may be due at another one.
fn rules_differ(before: &BusinessConfig, after: &BusinessConfig) -> bool {
    before.calling != after.calling
        || before.business_hours != after.business_hours
        || before.holidays != after.holidays
}

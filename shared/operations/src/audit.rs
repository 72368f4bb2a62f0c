//! The audit: who did what.

use crate::context::Context;
use crate::error::Result;
use crate::{Listing, Page};
use domain::Role;
use domain::period::parse_month;
use store::AuditEntry;

/// The audit of a month (`2026-11`; the present one if not given), newest first.
pub async fn list(ctx: &Context, month: Option<&str>, page: &Page) -> Result<Listing<AuditEntry>> {
    ctx.require(Role::Owner)?;
    let present = ctx.now().strftime("%Y-%m").to_string();
    let month = month.unwrap_or(&present);
    parse_month(month).map_err(|e| e.within("?month"))?;
    Ok(ctx.store().audit(&ctx.tenant, month, page).await?)
}

/// Notes that somebody was refused something; a flood of like refusals is one line a minute.
pub async fn refused(ctx: &Context, action: &str) -> Result<()> {
    Ok(ctx.store().count_refusal(&ctx.tenant, &ctx.actor.name(), action, ctx.now()).await?)
}

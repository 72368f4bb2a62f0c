//! The audit: who did what.

use crate::context::Context;
use crate::error::Result;
use crate::{Listing, Page};
use domain::{Invalid, Role};
use store::AuditEntry;

/// The audit of a month (`2026-11`; the present one if not given), newest first.
pub async fn list(ctx: &Context, month: Option<&str>, page: &Page) -> Result<Listing<AuditEntry>> {
    ctx.require(Role::Owner)?;
    let present = ctx.now().strftime("%Y-%m").to_string();
    let month = month.unwrap_or(&present);
    let is_month = month.len() == 7 && format!("{month}-01").parse::<jiff::civil::Date>().is_ok();
    if !is_month {
        return Err(Invalid::at("?month", "is not a month: YYYY-MM is expected").into());
    }
    Ok(ctx.store().audit(&ctx.tenant, month, page).await?)
}

/// Notes that somebody was refused something; a flood of like refusals is one line a minute.
pub async fn refused(ctx: &Context, action: &str) -> Result<()> {
    Ok(ctx.store().count_refusal(&ctx.tenant, &ctx.actor.name(), action, ctx.now()).await?)
}

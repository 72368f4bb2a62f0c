//! Context templates: what a business has its agents told, in its own words.

use crate::context::Context;
use crate::error::{Error, Result, expect, retrying};
use crate::{Listing, Page, business_config, deleting, merge_patch};
use domain::context::{ContextTemplate, Wording};
use domain::{Role, TemplateId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use store::{CONTEXT_TEMPLATES_MAX, Stored};
use utoipa::ToSchema;

/// A context template as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TemplateView {
    /// The template's id.
    pub id: TemplateId,
    /// Counts from 1; each change makes the next. A call's context names the version that was used.
    pub version: u32,
    /// What it says, and when.
    #[serde(flatten)]
    pub wording: Wording,
    /// When the record was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

impl TemplateView {
    fn of(template: &ContextTemplate) -> Self {
        let ContextTemplate { id, wording, version, created_at, updated_at } = template.clone();
        Self { id, version, wording, created_at, updated_at }
    }
}

/// Makes a template. Its texts are checked: how they are written, and that a call has what they name.
pub async fn create(ctx: &Context, wording: Wording) -> Result<Stored<TemplateView>> {
    ctx.require(Role::Manager)?;
    let (settings, others) = tokio::try_join!(business_config::get(ctx), async {
        Ok(ctx.store().context_templates(&ctx.tenant).await?)
    })?;
    let wording = wording.checked(&settings.config)?;
    if others.len() >= CONTEXT_TEMPLATES_MAX {
        return Err(Error::Conflict(format!(
            "There are {CONTEXT_TEMPLATES_MAX} templates, and no room for more."
        )));
    }
    let now = ctx.now();
    let template =
        ContextTemplate { id: ctx.new_id(), wording, version: 1, created_at: now, updated_at: now };
    let view = TemplateView::of(&template);
    let mut step = ctx.step();
    step.create(&template)?;
    ctx.audited(&mut step, "context_template.created", template.id, None, Some(&view))?;
    ctx.remember(&mut step, 201, &view)?;
    ctx.store().commit(step).await?;
    Ok(Stored { value: view, version: 1 })
}

/// One template.
pub async fn get(ctx: &Context, id: TemplateId) -> Result<Stored<TemplateView>> {
    let template = find(ctx, id).await?;
    Ok(Stored { value: TemplateView::of(&template), version: template.version })
}

/// Templates, the oldest first.
pub async fn list(ctx: &Context, page: &Page) -> Result<Listing<TemplateView>> {
    ctx.require(Role::Viewer)?;
    let listing = ctx.store().context_templates_page(&ctx.tenant, page).await?;
    let items = listing.items.iter().map(|template| TemplateView::of(template)).collect();
    Ok(Listing { items, next: listing.next })
}

/// Changes a template by a merge patch.
pub async fn update(
    ctx: &Context,
    id: TemplateId,
    patch: &Value,
    expected: Option<u64>,
) -> Result<Stored<TemplateView>> {
    ctx.require(Role::Manager)?;
    retrying!(
        async {
            let (settings, old) = tokio::try_join!(business_config::get(ctx), find(ctx, id))?;
            expect(&old, expected)?;
            let wording = merge_patch(&old.wording, patch)?.checked(&settings.config)?;
            let template = ContextTemplate {
                wording,
                version: old.value.version + 1,
                updated_at: ctx.now(),
                ..old.value.clone()
            };
            let view = TemplateView::of(&template);
            let mut step = ctx.step();
            step.replace(&old, &template)?;
            ctx.audited(
                &mut step,
                "context_template.updated",
                id,
                Some(&TemplateView::of(&old)),
                Some(&view),
            )?;
            ctx.store().commit(step).await?;
            Ok(Stored { value: view, version: old.version + 1 })
        }
        .await
    )
}

/// Deletes a template. What agents were told with it stays with the calls.
pub async fn delete(ctx: &Context, id: TemplateId, expected: Option<u64>) -> Result<()> {
    ctx.require(Role::Manager)?;
    deleting::delete::<ContextTemplate, _>(ctx, &id, expected, "template", TemplateView::of).await
}

async fn find(ctx: &Context, id: TemplateId) -> Result<Stored<ContextTemplate>> {
    ctx.require(Role::Viewer)?;
    ctx.store().get::<ContextTemplate>(&ctx.tenant, &id).await?.ok_or(Error::NotFound("template"))
}

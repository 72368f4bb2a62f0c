//! Starting points for agents: those that come with the product, and a tenant's own.

use crate::context::Context;
use crate::error::{Error, Result, retrying};
use crate::{Listing, Page};
use domain::agent::Profile;
use domain::agent::template::{AgentTemplate, BUILT_IN, BuiltIn, OWN_TEMPLATES_MAX, TemplateContent};
use domain::{Invalid, Role, TemplateId};
use jiff::Timestamp;
use serde::Serialize;
use store::Stored;
use utoipa::ToSchema;

/// A template as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TemplateView {
    /// By which `POST /agents` names it: a word such as `lead_qualification`, or `tpl_…` of a tenant's own.
    pub id: String,
    /// Whether it comes with the product.
    pub built_in: bool,
    /// What it holds.
    #[serde(flatten)]
    pub content: TemplateContent,
    /// When the record was made; absent if it comes with the product.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

/// The templates that come with the product, and after them the tenant's own, the oldest first. Those of the
/// product stand on the first page and do not count towards its limit.
pub async fn list(ctx: &Context, page: &Page) -> Result<Listing<TemplateView>> {
    ctx.require(Role::Viewer)?;
    let own = ctx.store().agent_templates(&ctx.tenant, page).await?;
    let built_in = BUILT_IN.into_iter().filter(|_| page.cursor.is_none()).map(TemplateView::built_in);
    let items = built_in.chain(own.items.into_iter().map(TemplateView::own)).collect();
    Ok(Listing { items, next: own.next })
}

/// One template.
pub async fn get(ctx: &Context, id: &str) -> Result<TemplateView> {
    ctx.require(Role::Viewer)?;
    if let Some(template) = BuiltIn::find(id) {
        return Ok(TemplateView::built_in(template));
    }
    Ok(TemplateView::own(find(ctx, id).await?.value))
}

/// Keeps a template.
pub async fn create(ctx: &Context, content: TemplateContent) -> Result<Stored<TemplateView>> {
    ctx.require(Role::Manager)?;
    let content = content.checked()?;
    let counts = ctx.store().counts(&ctx.tenant, store::AGENT_TEMPLATES).await?;
    let most = i64::try_from(OWN_TEMPLATES_MAX).unwrap_or(i64::MAX);
    if counts.get("all").is_some_and(|count| *count >= most) {
        let detail = format!("There are {OWN_TEMPLATES_MAX} templates already; delete one first.");
        return Err(Error::Conflict(detail));
    }
    let template = AgentTemplate { id: ctx.new_id(), content, created_at: ctx.now() };
    let view = TemplateView::own(template.clone());
    let mut step = ctx.step();
    step.create(&template)?;
    ctx.audited(&mut step, "agent_template.created", template.id, None, Some(&view))?;
    ctx.remember(&mut step, 201, &view)?;
    ctx.store().commit(step).await?;
    Ok(Stored { value: view, version: 1 })
}

/// Deletes a template of the tenant's own. Agents that were made from it stay as they are.
pub async fn delete(ctx: &Context, id: &str) -> Result<()> {
    ctx.require(Role::Manager)?;
    if BuiltIn::find(id).is_some() {
        return Err(Error::Conflict("This template comes with the product and stays.".to_owned()));
    }
    retrying!(
        async {
            let template = find(ctx, id).await?;
            let mut step = ctx.step();
            step.delete(&template);
            let view = TemplateView::own(template.value.clone());
            ctx.audited(&mut step, "agent_template.deleted", template.id, Some(&view), None)?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}

/// What an agent made from this template begins as.
pub(super) async fn profile(ctx: &Context, id: &str) -> Result<Profile> {
    match get(ctx, id).await {
        Ok(template) => Ok(template.content.profile()),
        Err(Error::NotFound(_)) => {
            Err(Invalid::at("/template", "names no template; see GET /agents/templates").into())
        }
        Err(error) => Err(error),
    }
}

async fn find(ctx: &Context, id: &str) -> Result<Stored<AgentTemplate>> {
    let missing = Error::NotFound("template");
    let Ok(id) = id.parse::<TemplateId>() else { return Err(missing) };
    ctx.store().get(&ctx.tenant, &id).await?.ok_or(missing)
}

impl TemplateView {
    fn built_in(template: BuiltIn) -> Self {
        let content = template.content();
        Self { id: template.key.to_owned(), built_in: true, content, created_at: None }
    }

    fn own(template: AgentTemplate) -> Self {
        let AgentTemplate { id, content, created_at } = template;
        Self { id: id.to_string(), built_in: false, content, created_at: Some(created_at) }
    }
}

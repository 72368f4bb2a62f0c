//! The catalogue of message templates that WhatsApp has approved for the business.

use crate::context::Context;
use crate::conversations::TemplateInput;
use crate::error::{Error, Result, retrying};
use crate::{Listing, Page};
use domain::chat::Content;
use domain::{Invalid, Role, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Stored, WHATSAPP_TEMPLATES_MAX, WhatsappTemplate};
use utoipa::ToSchema;

/// How many places a template may have.
const PLACES_MAX: u32 = 20;

/// What WhatsApp bills a template as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are WhatsApp's own")]
pub enum TemplateCategory {
    Marketing,
    Utility,
    Authentication,
}

impl TemplateCategory {
    fn as_str(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Utility => "utility",
            Self::Authentication => "authentication",
        }
    }
}

/// A template as the catalogue keeps it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhatsappTemplateInput {
    /// What it is billed as.
    pub category: TemplateCategory,
    /// Its text as WhatsApp approved it, with `{{1}}`, `{{2}}` for its places; 1,024 characters at most.
    pub body: String,
}

/// A template as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WhatsappTemplateView {
    /// Its name at WhatsApp.
    pub name: String,
    /// Its language, as WhatsApp spells it.
    pub language: String,
    /// What it is billed as.
    pub category: String,
    /// Its text.
    pub body: String,
    /// How many places it has.
    pub parameters: u32,
    /// `approved`, or what WhatsApp said of it last.
    pub status: String,
    /// When the record was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// All templates, by name and language.
pub async fn list(ctx: &Context, page: &Page) -> Result<Listing<WhatsappTemplateView>> {
    ctx.require(Role::Viewer)?;
    let listing = ctx.store().whatsapp_templates(&ctx.tenant, page).await?;
    let items = listing.items.into_iter().map(|template| WhatsappTemplateView::of(template.value)).collect();
    Ok(Listing { items, next: listing.next })
}

/// Puts a template into the catalogue, in place of the one before.
pub async fn put(
    ctx: &Context,
    name: &str,
    language: &str,
    input: WhatsappTemplateInput,
) -> Result<Stored<WhatsappTemplateView>> {
    ctx.require(Role::Manager)?;
    check_name(name, language)?;
    let body = text::prose(input.body.trim(), 1_024).map_err(|e| e.within("/body"))?;
    if body.is_empty() {
        return Err(Invalid::at("/body", "must not be empty").into());
    }
    let parameters = places(&body).map_err(|e| e.within("/body"))?;
    retrying!(
        async {
            let old = find(ctx, name, language).await?;
            let now = ctx.now();
            let template = WhatsappTemplate {
                name: name.to_owned(),
                language: language.to_owned(),
                category: input.category.as_str().to_owned(),
                body: body.clone(),
                parameters,
                status: "approved".to_owned(),
                created_at: old.as_ref().map_or(now, |old| old.created_at),
                updated_at: now,
            };
            let view = WhatsappTemplateView::of(template.clone());
            let subject = format!("{name}#{language}");
            let mut step = ctx.step();
            let version = match &old {
                Some(old) => {
                    step.replace(old, &template)?;
                    let before = WhatsappTemplateView::of(old.value.clone());
                    ctx.audited(&mut step, "whatsapp_template.updated", subject, Some(&before), Some(&view))?;
                    old.version + 1
                }
                None => {
                    let all = Page { limit: WHATSAPP_TEMPLATES_MAX, cursor: None };
                    let there = ctx.store().whatsapp_templates(&ctx.tenant, &all).await?;
                    if there.next.is_some() || there.items.len() >= WHATSAPP_TEMPLATES_MAX {
                        let detail =
                            format!("There are {WHATSAPP_TEMPLATES_MAX} templates, as many as there may be.");
                        return Err(Error::Conflict(detail));
                    }
                    step.create(&template)?;
                    ctx.audited(&mut step, "whatsapp_template.created", subject, None, Some(&view))?;
                    1
                }
            };
            ctx.store().commit(step).await?;
            Ok(Stored { value: view, version })
        }
        .await
    )
}

/// Takes a template out of the catalogue. Messages that were sent keep its text.
pub async fn delete(ctx: &Context, name: &str, language: &str) -> Result<()> {
    ctx.require(Role::Manager)?;
    retrying!(
        async {
            let old = find(ctx, name, language).await?.ok_or(Error::NotFound("template"))?;
            let mut step = ctx.step();
            step.delete(&old);
            let before = WhatsappTemplateView::of(old.value.clone());
            let subject = format!("{name}#{language}");
            ctx.audited(&mut step, "whatsapp_template.deleted", subject, Some(&before), None)?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}

/// Notes what WhatsApp says of a template. One that is not in the catalogue is no concern of ours.
pub(crate) async fn status_changed(ctx: &Context, name: &str, language: &str, event: &str) -> Result<()> {
    let Some(old) = find(ctx, name, language).await? else { return Ok(()) };
    let status = match event {
        "APPROVED" | "REINSTATED" | "UNARCHIVED" => "approved".to_owned(),
        other => other.to_lowercase(),
    };
    if old.status == status {
        return Ok(());
    }
    let mut step = ctx.step();
    step.replace(&old, &WhatsappTemplate { status, updated_at: ctx.now(), ..old.value.clone() })?;
    ctx.changed(&mut step, "whatsapp_template", format!("{name}#{language}"), "updated")?;
    Ok(ctx.store().commit(step).await?)
}

/// A template filled in, or what is wrong with that.
pub(crate) async fn fill(ctx: &Context, input: &TemplateInput) -> Result<Content> {
    let TemplateInput { name, language, parameters } = input;
    let template = find(ctx, name, language).await?;
    let template =
        template.ok_or_else(|| Invalid::at("/template/name", "is in the catalogue in no such language"))?;
    if template.status != "approved" {
        let detail = "WhatsApp does not take this template for now.";
        return Err(Error::Withheld { reason: "template_not_approved", detail });
    }
    if parameters.len() != usize::try_from(template.parameters).unwrap_or(usize::MAX) {
        let wanted = template.parameters;
        return Err(Invalid::at("/template/parameters", format!("must have {wanted} entries")).into());
    }
    let mut filled = Vec::new();
    for (n, parameter) in parameters.iter().enumerate() {
        let pointer = format!("/template/parameters/{n}");
        filled.push(text::line(parameter, 500).map_err(|e| e.within(&pointer))?);
    }
    let text = printed(&template.body, &filled);
    let marketing = template.category == TemplateCategory::Marketing.as_str();
    Ok(Content::Template {
        name: name.clone(),
        language: language.clone(),
        parameters: filled,
        text,
        marketing,
    })
}

/// A text with its places filled, in one pass: what fills a place is not itself filled.
fn printed(body: &str, filled: &[String]) -> String {
    let mut pieces = body.split("{{");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (place, rest) = piece.split_once("}}").unwrap_or(("", piece));
        let place = place.parse::<usize>().ok().and_then(|place| filled.get(place.checked_sub(1)?));
        text.push_str(place.map_or("", String::as_str));
        text.push_str(rest);
    }
    text
}

async fn find(ctx: &Context, name: &str, language: &str) -> Result<Option<Stored<WhatsappTemplate>>> {
    if check_name(name, language).is_err() {
        return Ok(None);
    }
    Ok(ctx.store().get(&ctx.tenant, &(name.to_owned(), language.to_owned())).await?)
}

fn check_name(name: &str, language: &str) -> std::result::Result<(), Invalid> {
    let fits = |text: &str, max: usize, other: fn(&u8) -> bool| {
        (1..=max).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || other(&b))
    };
    if !fits(name, 512, |b| *b == b'-') {
        return Err(Invalid::at("/name", "must be a template's name at WhatsApp: letters, digits and _"));
    }
    if !fits(language, 15, |b| *b == b'-') {
        return Err(Invalid::at(
            "/language",
            "must be a language as WhatsApp spells it, such as en or en_US",
        ));
    }
    Ok(())
}

/// How many places a text has: `{{1}}` to `{{n}}`, none left out.
fn places(body: &str) -> std::result::Result<u32, Invalid> {
    let place = |n: u32| format!("{{{{{n}}}}}");
    let count = (1..=PLACES_MAX).take_while(|n| body.contains(&place(*n))).count();
    let count = u32::try_from(count).unwrap_or(PLACES_MAX);
    let mut rest = body.to_owned();
    for n in 1..=count {
        rest = rest.replace(&place(n), "");
    }
    if rest.contains("{{") || rest.contains("}}") {
        return Err(Invalid::new(format!(
            "must number its places {{{{1}}}} to {{{{n}}}}, {PLACES_MAX} at most"
        )));
    }
    Ok(count)
}

impl WhatsappTemplateView {
    fn of(template: WhatsappTemplate) -> Self {
        let WhatsappTemplate { name, language, category, body, parameters, status, created_at, updated_at } =
            template;
        Self { name, language, category, body, parameters, status, created_at, updated_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fills_a_place_is_not_filled() {
        let filled = ["{{2}}".to_owned(), "আশা".to_owned()];
        assert_eq!(printed("Hi {{1}} and {{2}}, {{1}}!", &filled), "Hi {{2}} and আশা, {{2}}!");
        assert_eq!(printed("Hello", &[]), "Hello");
    }

    #[test]
    fn places_are_numbered_without_gaps() {
        assert_eq!(places("Hi {{1}}, see you {{2}}."), Ok(2));
        assert_eq!(places("Hello"), Ok(0));
        assert_eq!(places("{{1}} and {{1}}"), Ok(1));
        for bad in ["{{2}}", "{{1}} {{3}}", "{{name}}", "{{", "{{0}}"] {
            assert!(places(bad).is_err(), "{bad}");
        }
    }
}

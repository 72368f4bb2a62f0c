//! What an agent was, and what each change of it changed.

use super::{AgentView, change, find};
use crate::context::Context;
use crate::error::{Error, Result, expect};
use crate::{Listing, Page};
use domain::agent::{AgentVersion, Profile};
use domain::{AgentId, Invalid, Role};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use store::Stored;
use utoipa::ToSchema;

/// How large a page may become, in bytes of JSON: a prompt may have 50,000 characters.
const PAGE_BYTES: usize = 3_000_000;

/// One version of an agent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VersionView {
    /// Counts from 1.
    pub version: u32,
    /// When it came to be.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Who made it, as the audit names them.
    pub by: String,
    /// What it changed in the version before it, by field. Empty for the first version, which had none before it.
    pub changed: BTreeMap<String, FieldChange>,
    /// The whole profile of this version.
    pub profile: Profile,
}

/// What one field was and became.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FieldChange {
    /// As it was.
    pub before: Value,
    /// As it became.
    pub after: Value,
}

/// Versions of an agent, newest first. A page ends early where it would become too large.
pub async fn list(ctx: &Context, id: AgentId, page: &Page) -> Result<Listing<VersionView>> {
    ctx.require(Role::Viewer)?;
    find(ctx, id).await?;
    let wrong = |_| Invalid::at("?cursor", "is not a cursor of this list");
    let before = page.cursor.as_deref().map(str::parse::<u32>).transpose().map_err(wrong)?;
    let limit = if page.limit == 0 { 50 } else { page.limit.min(100) };
    // One more than is shown: what the oldest on the page changed can only be told from the one before it.
    let found = ctx.store().agent_versions(&ctx.tenant, id, before, limit + 1).await?;
    let (mut items, mut bytes) = (Vec::new(), 0);
    for (index, version) in found.iter().take(limit).enumerate() {
        let view = VersionView::of(version, found.get(index + 1));
        bytes += serde_json::to_vec(&view).map_or(0, |json| json.len());
        if bytes > PAGE_BYTES && !items.is_empty() {
            break;
        }
        items.push(view);
    }
    let next = items.last().filter(|_| items.len() < found.len()).map(|last| last.version.to_string());
    Ok(Listing { items, next })
}

/// One version of an agent.
pub async fn get(ctx: &Context, id: AgentId, version: u32) -> Result<VersionView> {
    ctx.require(Role::Viewer)?;
    find(ctx, id).await?;
    let after = version.checked_add(1).ok_or(Error::NotFound("version"))?;
    let found = ctx.store().agent_versions(&ctx.tenant, id, Some(after), 2).await?;
    match found.first().filter(|found| found.version == version) {
        Some(found_version) => Ok(VersionView::of(found_version, found.get(1))),
        None => Err(Error::NotFound("version")),
    }
}

/// Gives an agent the profile of an earlier version, as a new version. The present profile once more is no change.
pub async fn restore(
    ctx: &Context,
    id: AgentId,
    version: u32,
    expected: Option<u64>,
) -> Result<Stored<AgentView>> {
    ctx.require(Role::Manager)?;
    let agent = find(ctx, id).await?;
    expect(&agent, expected)?;
    let found = ctx.store().get::<AgentVersion>(&ctx.tenant, &(id, version)).await?;
    let found = found.ok_or(Error::NotFound("version"))?;
    // Checked as a new profile is: what was accepted once may not be any more.
    change(ctx, &agent, found.value.profile.checked()?, agent.is_default).await
}

impl VersionView {
    fn of(version: &AgentVersion, before: Option<&AgentVersion>) -> Self {
        let AgentVersion { version, at, by, profile, .. } = version.clone();
        let changed = before.map(|before| difference(&before.profile, &profile)).unwrap_or_default();
        Self { version, at, by, changed, profile }
    }
}

/// The fields that differ.
fn difference(before: &Profile, after: &Profile) -> BTreeMap<String, FieldChange> {
    let fields = |profile: &Profile| match serde_json::to_value(profile) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let mut old = fields(before);
    let new = fields(after).into_iter();
    new.filter_map(|(name, after)| {
        let before = old.remove(&name).unwrap_or_default();
        (before != after).then_some((name, FieldChange { before, after }))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_changed_is_told_by_field() {
        let profile = |language: &str, voice: Option<&str>| Profile {
            name: "Maya".to_owned(),
            language: language.to_owned(),
            voice_id: voice.map(str::to_owned),
            ..Profile::default()
        };
        let changed = difference(&profile("en", None), &profile("hi", Some("voice_1")));
        let names: Vec<_> = changed.keys().map(String::as_str).collect();
        assert_eq!(names, ["language", "voice_id"]);
        assert_eq!(changed["voice_id"], FieldChange { before: Value::Null, after: json!("voice_1") });
        assert!(difference(&profile("en", None), &profile("en", None)).is_empty());
    }
}

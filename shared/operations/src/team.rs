//! Who works at the business.

use crate::context::Context;
use crate::error::{Error, Result, expect, retrying};
use crate::{business_config, deleting, merge_patch};
use domain::business::BusinessConfig;
use domain::member::Member;
use domain::{Email, Invalid, MemberId, Phone, Role, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{MEMBERS_MAX, Stored};
use utoipa::ToSchema;

/// What one writes of a member.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberInput {
    /// What people call them, in a line of at most 120 characters.
    pub name: String,
    /// By which they are assigned work; one member has it.
    pub email: Email,
    /// Where they are called, in any form that names its country, or in the default country's own.
    #[serde(default)]
    pub phone: Option<String>,
    /// What they do, in a line of at most 120 characters.
    #[serde(default)]
    pub role: Option<String>,
    /// Whether they work here now; they do if not given.
    #[serde(default)]
    pub active: Option<bool>,
}

/// A member as the API shows them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MemberView {
    /// The member's id.
    pub id: MemberId,
    /// What people call them.
    pub name: String,
    /// By which they are assigned work.
    pub email: Email,
    /// Where they are called, in E.164.
    pub phone: Option<Phone>,
    /// What they do.
    pub role: String,
    /// Whether they work here now.
    pub active: bool,
    /// When the record was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
}

/// Stores a new member. One with the same e-mail address is a duplicate.
pub async fn create(ctx: &Context, input: MemberInput) -> Result<Stored<MemberView>> {
    ctx.require(Role::Manager)?;
    let (settings, members) =
        tokio::try_join!(business_config::get(ctx), async { Ok(ctx.store().members(&ctx.tenant).await?) })?;
    if members.len() >= MEMBERS_MAX {
        return Err(Error::Conflict(format!("there are {MEMBERS_MAX} members, and no room for more")));
    }
    let now = ctx.now();
    let member = checked(input, ctx.new_id(), &settings.config, now, now)?;
    let view = MemberView::of(&member);
    let mut step = ctx.step();
    step.create(&member)?;
    ctx.audited(&mut step, "member.created", member.id, None, Some(&view))?;
    ctx.remember(&mut step, 201, &view)?;
    ctx.store().commit(step).await.map_err(duplicate)?;
    Ok(Stored { value: view, version: 1 })
}

/// One member.
pub async fn get(ctx: &Context, id: MemberId) -> Result<Stored<MemberView>> {
    ctx.require(Role::Viewer)?;
    let member = find(ctx, id).await?;
    Ok(Stored { value: MemberView::of(&member), version: member.version })
}

/// All members, the oldest first; `active` leaves out the others.
pub async fn list(ctx: &Context, active: Option<bool>) -> Result<Vec<MemberView>> {
    ctx.require(Role::Viewer)?;
    let members = ctx.store().members(&ctx.tenant).await?;
    let fits = |member: &&Stored<Member>| active.is_none_or(|active| member.active == active);
    Ok(members.iter().filter(fits).map(|member| MemberView::of(member)).collect())
}

/// Changes the fields that the merge patch names. `expected` is the version that the caller saw, if they care.
pub async fn update(
    ctx: &Context,
    id: MemberId,
    patch: &Value,
    expected: Option<u64>,
) -> Result<Stored<MemberView>> {
    ctx.require(Role::Manager)?;
    let settings = business_config::get(ctx).await?;
    retrying!(
        async {
            let old = find(ctx, id).await?;
            expect(&old, expected)?;
            let input = merge_patch(&MemberInput::of(&old), patch)?;
            let member = checked(input, id, &settings.config, old.created_at, ctx.now())?;
            let view = MemberView::of(&member);
            let mut step = ctx.step();
            step.replace(&old, &member)?;
            ctx.audited(&mut step, "member.updated", id, Some(&MemberView::of(&old)), Some(&view))?;
            ctx.store().commit(step).await.map_err(duplicate)?;
            Ok(Stored { value: view, version: old.version + 1 })
        }
        .await
    )
}

/// Deletes a member. What they were assigned stays assigned to their address.
pub async fn delete(ctx: &Context, id: MemberId, expected: Option<u64>) -> Result<()> {
    ctx.require(Role::Manager)?;
    deleting::delete::<Member, _>(ctx, &id, expected, "member", MemberView::of).await
}

async fn find(ctx: &Context, id: MemberId) -> Result<Stored<Member>> {
    ctx.store().get::<Member>(&ctx.tenant, &id).await?.ok_or(Error::NotFound("member"))
}

fn duplicate(error: store::Error) -> Error {
    match error {
        store::Error::Taken { owner, .. } => {
            Error::Duplicate { noun: "member", field: "email", existing_id: owner }
        }
        other => other.into(),
    }
}

fn checked(
    input: MemberInput,
    id: MemberId,
    config: &BusinessConfig,
    created_at: Timestamp,
    updated_at: Timestamp,
) -> Result<Member> {
    let at = |pointer: &'static str| move |error: Invalid| error.within(pointer);
    let phone = input.phone.as_deref().map(str::trim).filter(|phone| !phone.is_empty());
    let role = input.role.as_deref().map(str::trim).filter(|role| !role.is_empty());
    Ok(Member {
        id,
        name: text::line(&input.name, 120).map_err(at("/name"))?,
        email: input.email,
        phone: phone
            .map(|phone| Phone::parse(phone, config.default_country))
            .transpose()
            .map_err(at("/phone"))?,
        role: role.map(|role| text::line(role, 120)).transpose().map_err(at("/role"))?.unwrap_or_default(),
        active: input.active.unwrap_or(true),
        created_at,
        updated_at,
    })
}

impl MemberInput {
    fn of(member: &Member) -> Self {
        Self {
            name: member.name.clone(),
            email: member.email.clone(),
            phone: member.phone.clone().map(String::from),
            role: Some(member.role.clone()),
            active: Some(member.active),
        }
    }
}

impl MemberView {
    fn of(member: &Member) -> Self {
        let Member { id, name, email, phone, role, active, created_at, updated_at } = member.clone();
        Self { id, name, email, phone, role, active, created_at, updated_at }
    }
}

//! Whose tokens a tenant accepts.

use crate::context::Context;
use crate::error::{Error, Result};
use crate::integrations::check_address;
use domain::{Role, text};
use serde::{Deserialize, Serialize};
use store::JwtIssuer;
use utoipa::ToSchema;

/// An issuer of tokens.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuerInput {
    /// The token's `iss`.
    pub issuer: String,
    /// Where the issuer publishes its keys.
    pub jwks_url: String,
    /// The token's `aud`.
    pub audience: String,
    /// The claim that holds the role (owner, manager, member or viewer); `role` if not given.
    #[serde(default = "role")]
    pub role_claim: String,
}

fn role() -> String {
    "role".to_owned()
}

/// Accepts the tokens of this issuer for this audience, in place of any before.
pub async fn set(ctx: &Context, input: IssuerInput) -> Result<IssuerInput> {
    ctx.require(Role::Owner)?;
    for (pointer, value) in
        [("/issuer", &input.issuer), ("/audience", &input.audience), ("/role_claim", &input.role_claim)]
    {
        text::line(value, 500).map_err(|e| e.within(pointer))?;
    }
    check_address(&input.jwks_url, ctx.platform.loopback_providers).map_err(|e| e.within("/jwks_url"))?;
    let new = JwtIssuer {
        issuer: input.issuer.clone(),
        jwks_url: input.jwks_url.clone(),
        audience: input.audience.clone(),
        role_claim: input.role_claim.clone(),
    };
    let old = ctx.store().get::<JwtIssuer>(&ctx.tenant, &()).await?;
    let mut step = ctx.step();
    let moved = old.as_ref().is_none_or(|old| (&old.issuer, &old.audience) != (&new.issuer, &new.audience));
    step.save(old.as_ref(), &new)?;
    if moved {
        if let Some(old) = &old {
            step.unpoint_issuer(&old.issuer, &old.audience);
        }
        step.point_issuer(&new.issuer, &new.audience);
    }
    ctx.audited(
        &mut step,
        "jwt_issuer.updated",
        "jwt_issuer",
        old.as_ref().map(|old| &old.value),
        Some(&new),
    )?;
    match ctx.store().commit(step).await {
        Err(store::Error::Stale { kind: "pointer" }) => {
            Err(Error::Conflict("Another tenant accepts this issuer's tokens for this audience.".to_owned()))
        }
        other => Ok(other.map(|()| input)?),
    }
}

//! Deleting a record that nothing else goes with.

use crate::context::Context;
use crate::error::{Error, Result, expect, retrying};
use serde::Serialize;
use std::fmt::Display;
use store::Entity;

/// Deletes a record, which `noun` is how to speak of, in the version that the caller saw, if they care; the audit keeps it
/// as `view` shows it.
pub(crate) async fn delete<E, V>(
    ctx: &Context,
    id: &E::Id,
    expected: Option<u64>,
    noun: &'static str,
    view: impl Fn(&E) -> V,
) -> Result<()>
where
    E: Entity,
    E::Id: Display,
    V: Serialize,
{
    retrying!(
        async {
            let old = ctx.store().get::<E>(&ctx.tenant, id).await?.ok_or(Error::NotFound(noun))?;
            expect(&old, expected)?;
            let mut step = ctx.step();
            step.delete(&old);
            ctx.audited(&mut step, &format!("{}.deleted", E::KIND), id, Some(&view(&old)), None)?;
            Ok(ctx.store().commit(step).await?)
        }
        .await
    )
}

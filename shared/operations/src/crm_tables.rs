//! What an older system called its tables and its migration: here everything is there from the start, but for the
//! catalogue of practice types, which is the tenant's own.

use crate::context::Context;
use crate::error::{Result, retrying};
use crate::practice_types;
use domain::Role;
use domain::practice::{PracticeType, TypeCode};
use serde::Serialize;
use utoipa::ToSchema;

/// The tables of the older system. Each one's content is a kind of record here.
const TABLES: [&str; 9] = [
    "activity_log",
    "clients",
    "crm_settings",
    "documents",
    "interactions",
    "practice_types",
    "practices",
    "renewal_alerts",
    "team_members",
];

/// Whether the tenant can work with clients and practices.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CrmTables {
    /// Whether there is a catalogue of practice types.
    pub exists: bool,
    /// What is there: all of the nine, `practice_types` only once there is one.
    pub tables_found: Vec<&'static str>,
    /// How many.
    pub total: usize,
    /// How many there are to be.
    pub expected: usize,
    /// Whether all is there.
    pub ready: bool,
}

/// What seeding the catalogue came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Migration {
    /// It is done.
    pub success: bool,
    /// What is there.
    pub tables_created: Vec<&'static str>,
    /// The practice types that are there: those of the tenant's own, and the examples.
    pub practice_types_loaded: Vec<LoadedType>,
    /// How many tables.
    pub total_tables: usize,
    /// How many practice types.
    pub total_practice_types: usize,
}

/// A practice type that is there.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LoadedType {
    /// By which it is named.
    pub code: TypeCode,
    /// What people call it.
    pub name: String,
}

/// Whether the tenant can work with clients and practices.
pub async fn check(ctx: &Context) -> Result<CrmTables> {
    ctx.require(Role::Owner)?;
    let exists = !ctx.store().practice_types(&ctx.tenant).await?.is_empty();
    let found = TABLES.into_iter().filter(|table| exists || *table != "practice_types");
    let tables_found: Vec<_> = found.collect();
    let total = tables_found.len();
    Ok(CrmTables { exists, tables_found, total, expected: TABLES.len(), ready: total == TABLES.len() })
}

/// Adds the example practice types of which the tenant has none by their codes. Done again, it changes nothing.
pub async fn migrate(ctx: &Context) -> Result<Migration> {
    ctx.require(Role::Owner)?;
    let types = retrying!(
        async {
            let present = ctx.store().practice_types(&ctx.tenant).await?;
            let mut step = ctx.step();
            let types = practice_types::add_examples(ctx, &mut step, &present)?;
            if types.len() > present.len() {
                ctx.audited::<()>(&mut step, "practice_type.seeded", &ctx.tenant, None, None)?;
                ctx.store().commit(step).await?;
            }
            Ok(types)
        }
        .await
    )?;
    let loaded = |PracticeType { code, name, .. }: PracticeType| LoadedType { code, name };
    Ok(Migration {
        success: true,
        tables_created: TABLES.to_vec(),
        total_tables: TABLES.len(),
        total_practice_types: types.len(),
        practice_types_loaded: types.into_iter().map(loaded).collect(),
    })
}

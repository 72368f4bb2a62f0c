//! What a business words itself: few enough to be read together.

use crate::Store;
use crate::entity::{Entity, Stored};
use crate::error::Result;
use crate::item::decode;
use crate::key::{Key, partition};
use crate::read::{Listing, Page, Stretch, next_cursor};
use domain::context::ContextTemplate;
use domain::{TemplateId, TenantId};

/// How many context templates a tenant may have.
pub const CONTEXT_TEMPLATES_MAX: usize = 200;

const CONTEXT: &str = "context#";

impl Entity for ContextTemplate {
    const KIND: &'static str = "context_template";
    type Id = TemplateId;

    fn key_of(tenant: &TenantId, id: &TemplateId) -> Key {
        Key::of(tenant, "TPL", format!("{CONTEXT}{id}"))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }
}

impl Store {
    /// All context templates of a tenant, the oldest first; one query. Two that are made at once may be one too many,
    /// which is no reason to leave one out.
    pub async fn context_templates(&self, tenant: &TenantId) -> Result<Vec<Stored<ContextTemplate>>> {
        let stretch = Stretch {
            prefix: CONTEXT.to_owned(),
            ..Stretch::of(partition(tenant, "TPL"), CONTEXT_TEMPLATES_MAX + 1)
        };
        self.templates_in(&stretch).await.map(|(templates, _)| templates)
    }

    /// One page of them.
    pub async fn context_templates_page(
        &self,
        tenant: &TenantId,
        page: &Page,
    ) -> Result<Listing<Stored<ContextTemplate>>> {
        let mut stretch = Stretch::of(partition(tenant, "TPL"), page.clamped());
        CONTEXT.clone_into(&mut stretch.prefix);
        stretch.after = page.position()?;
        let (items, next) = self.templates_in(&stretch).await?;
        Ok(Listing { items, next })
    }

    async fn templates_in(
        &self,
        stretch: &Stretch,
    ) -> Result<(Vec<Stored<ContextTemplate>>, Option<String>)> {
        let rows = self.stretch(stretch).await?;
        let next = next_cursor(&rows, stretch.limit);
        let now = self.clock.now();
        let items = rows.into_iter().filter_map(|item| decode(item, now).transpose());
        Ok((items.collect::<Result<_>>()?, next))
    }
}

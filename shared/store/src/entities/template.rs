//! What a business words itself: few enough to be read together.

use super::{TEMPLATES, WhatsappTemplate};
use crate::Store;
use crate::entity::{Entity, Stored};
use crate::error::Result;
use crate::key::{Key, partition};
use crate::read::{Listing, Page, Stretch};
use domain::context::ContextTemplate;
use domain::{TemplateId, TenantId};

/// How many context templates a tenant may have.
pub const CONTEXT_TEMPLATES_MAX: usize = 200;
/// How many WhatsApp templates a tenant may have.
pub const WHATSAPP_TEMPLATES_MAX: usize = 100;

const CONTEXT: &str = "context#";
pub(super) const WHATSAPP: &str = "whatsapp#";

impl Entity for ContextTemplate {
    const KIND: &'static str = "context_template";
    type Id = TemplateId;

    fn key_of(tenant: &TenantId, id: &TemplateId) -> Key {
        Key::of(tenant, TEMPLATES, format!("{CONTEXT}{id}"))
    }

    fn key(&self, tenant: &TenantId) -> Key {
        Self::key_of(tenant, &self.id)
    }
}

impl Store {
    /// All context templates of a tenant, the oldest first; one query. Two that are made at once may be one too many,
    /// which is no reason to leave one out.
    pub async fn context_templates(&self, tenant: &TenantId) -> Result<Vec<Stored<ContextTemplate>>> {
        let of_all = partition(tenant, TEMPLATES);
        let limit = CONTEXT_TEMPLATES_MAX + 1;
        self.records(&Stretch { limit, ..Stretch::within(of_all, CONTEXT) }).await
    }

    /// One page of a tenant's WhatsApp templates, by name and language.
    pub async fn whatsapp_templates(
        &self,
        tenant: &TenantId,
        page: &Page,
    ) -> Result<Listing<Stored<WhatsappTemplate>>> {
        self.page_of(Stretch::within(partition(tenant, TEMPLATES), WHATSAPP), page).await
    }

    /// A WhatsApp template in every language of the catalogue; one query.
    pub async fn whatsapp_templates_named(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Vec<Stored<WhatsappTemplate>>> {
        let named = Stretch::within(partition(tenant, TEMPLATES), &format!("{WHATSAPP}{name}#"));
        self.records(&Stretch { limit: WHATSAPP_TEMPLATES_MAX, ..named }).await
    }

    /// One page of the context templates.
    pub async fn context_templates_page(
        &self,
        tenant: &TenantId,
        page: &Page,
    ) -> Result<Listing<Stored<ContextTemplate>>> {
        self.page_of(Stretch::within(partition(tenant, TEMPLATES), CONTEXT), page).await
    }
}

//! Makes an installation's first tenant, and a key for whoever runs it.
//!
//! - Trigger: somebody invokes it who may, by the account's own roles. There is no route to it.
//! - Event: `{"id", "name"}` as for `POST /admin/tenants`; answer: `{"id", "name", "api_key"}`.
//! - Invoked again it makes another such key, for one that was lost.

use operations::tenants::{self, NewTenant, TenantInput};
use operations::{Error, Platform};

/// Makes the tenant, if it is not there, and the key.
pub async fn handle(platform: Platform, input: TenantInput) -> Result<NewTenant, Error> {
    tenants::set_up(&platform, input).await
}

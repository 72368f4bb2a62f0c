//! The `$default` route: whatever no other route takes is answered with a problem.

use axum::Router;
use operations::Platform;

/// Nothing but the fallback.
pub fn router(platform: Platform) -> Router {
    api::finish(Router::new(), platform)
}

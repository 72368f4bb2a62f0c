//! The function `crm-settings` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(crm_settings::router)
}

//! The function `lead-actions` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(lead_actions::router)
}

//! The function `context-templates` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(context_templates::router)
}

//! The function `context-builder` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(context_builder::router)
}

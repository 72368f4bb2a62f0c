//! The function `api-docs` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(api_docs::router)
}

//! The function `api-docs` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http_without_table(api_docs::router)
}

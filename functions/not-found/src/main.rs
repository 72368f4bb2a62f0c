//! The function `not-found` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http_without_table(not_found::router)
}

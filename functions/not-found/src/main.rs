//! The function `not-found` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(not_found::router)
}

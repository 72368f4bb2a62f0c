//! The function `practices` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(practices::router)
}

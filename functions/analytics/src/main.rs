//! The function `analytics` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(analytics::router)
}

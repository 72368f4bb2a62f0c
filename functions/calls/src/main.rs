//! The function `calls` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(calls::router)
}

//! The function `privacy` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(privacy::router)
}

//! The function `inbox` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(inbox::router)
}

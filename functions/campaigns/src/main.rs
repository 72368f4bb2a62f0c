//! The function `campaigns` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(campaigns::router)
}

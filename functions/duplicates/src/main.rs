//! The function `duplicates` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(duplicates::router)
}

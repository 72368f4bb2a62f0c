//! The function `leads` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(leads::router)
}

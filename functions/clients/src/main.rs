//! The function `clients` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(clients::router)
}

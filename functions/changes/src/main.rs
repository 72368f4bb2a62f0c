//! The function `changes` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(changes::router)
}

//! The function `renewals` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(renewals::router)
}

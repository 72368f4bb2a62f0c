//! The function `admin` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(admin::router)
}

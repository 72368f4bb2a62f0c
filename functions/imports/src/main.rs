//! The function `imports` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(imports::router)
}

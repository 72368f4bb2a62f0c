//! The function `call-initiate` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(call_initiate::router)
}

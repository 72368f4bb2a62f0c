//! The function `review` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(review::router)
}

//! The function `interactions` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(interactions::router)
}

//! The function `shared-memory` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(shared_memory::router)
}

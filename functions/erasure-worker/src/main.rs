//! The function `erasure-worker` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(erasure_worker::handle)
}

//! The function `merge-worker` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(merge_worker::handle)
}

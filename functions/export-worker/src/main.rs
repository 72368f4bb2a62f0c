//! The function `export-worker` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(export_worker::handle)
}

//! The function `import-worker` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(import_worker::handle)
}

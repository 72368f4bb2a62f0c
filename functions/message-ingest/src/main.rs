//! The function `message-ingest` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(message_ingest::handle)
}

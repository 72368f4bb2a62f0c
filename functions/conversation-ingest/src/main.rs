//! The function `conversation-ingest` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(conversation_ingest::handle)
}

//! The function `message-sender` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(message_sender::handle)
}

//! The function `chat-responder` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(chat_responder::handle)
}

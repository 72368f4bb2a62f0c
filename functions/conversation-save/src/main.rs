//! The function `conversation-save` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(conversation_save::router)
}

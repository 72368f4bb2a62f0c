//! The function `elevenlabs-webhook` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(elevenlabs_webhook::router)
}

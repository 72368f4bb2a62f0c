//! The function `whatsapp-webhook` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(whatsapp_webhook::router)
}

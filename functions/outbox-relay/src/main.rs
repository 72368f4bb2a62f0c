//! The function `outbox-relay` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_stream(outbox_relay::handle)
}

//! The function `call-dialer` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(call_dialer::handle)
}

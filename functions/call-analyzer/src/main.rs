//! The function `call-analyzer` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(call_analyzer::handle)
}

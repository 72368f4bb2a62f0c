//! The function `call-reconciler` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(call_reconciler::handle)
}

//! The function `next-action-generator` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(next_action_generator::handle)
}

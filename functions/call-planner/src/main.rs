//! The function `call-planner` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(call_planner::handle)
}

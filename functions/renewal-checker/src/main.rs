//! The function `renewal-checker` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(renewal_checker::handle)
}

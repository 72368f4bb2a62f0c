//! The function `campaign-runner` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(campaign_runner::handle)
}

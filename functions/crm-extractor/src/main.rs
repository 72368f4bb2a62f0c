//! The function `crm-extractor` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(crm_extractor::handle)
}

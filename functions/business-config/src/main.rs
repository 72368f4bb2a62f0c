//! The function `business-config` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(business_config::router)
}

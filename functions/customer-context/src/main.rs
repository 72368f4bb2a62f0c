//! The function `customer-context` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(customer_context::router)
}

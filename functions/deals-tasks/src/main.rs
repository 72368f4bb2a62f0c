//! The function `deals-tasks` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(deals_tasks::router)
}

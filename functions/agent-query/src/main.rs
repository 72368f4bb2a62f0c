//! The function `agent-query` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(agent_query::router)
}

//! The function `agent-delete` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(agent_delete::router)
}

//! The function `agent-create` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(agent_create::router)
}

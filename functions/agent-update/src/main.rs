//! The function `agent-update` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_http(agent_update::router)
}

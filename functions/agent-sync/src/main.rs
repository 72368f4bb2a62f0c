//! The function `agent-sync` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_sqs(agent_sync::handle)
}

//! The function `tick` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_tick(tick::handle)
}

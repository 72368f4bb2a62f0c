//! The function `platform-setup` on AWS.

fn main() -> Result<(), lambda::Error> {
    lambda::serve_invoked(platform_setup::handle)
}

//! The tests are in `it/`; a package needs a target besides.

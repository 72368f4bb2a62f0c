//! Proof of origin, as a type.

/// A value whose signature was checked. What a provider sends us is parsed from this alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// Vouches for a value that was verified before it was stored by us, and for one whose signature the
    /// caller has just checked. Never for what came from outside unchecked.
    pub fn assert_stored(value: T) -> Self {
        Self(value)
    }

    /// The value, without its proof.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> AsRef<T> for Verified<T> {
    fn as_ref(&self) -> &T {
        &self.0
    }
}

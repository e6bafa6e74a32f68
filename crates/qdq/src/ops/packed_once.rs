//! Constant weights that are packed when the padding is known.

use std::sync::OnceLock;

use crate::error::{Error, Result};

/// A kernel packed for the first shape of its input, since with `auto_pad` the padding depends on it.
#[derive(Debug)]
pub(crate) struct PackedOnce<P>(OnceLock<P>);

impl<P> Default for PackedOnce<P> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<P> PackedOnce<P> {
    /// Calls `body` with the kernel that is kept, if it `fits`, else with one packed for this call.
    ///
    /// # Errors
    /// Those of `pack` and `body`.
    pub(crate) fn with<R>(
        &self,
        fits: impl FnOnce(&P) -> bool,
        pack: impl FnOnce() -> Result<P>,
        body: impl FnOnce(&P) -> Result<R>,
    ) -> Result<R> {
        if let Some(packed) = self.0.get().filter(|packed| fits(packed)) {
            return body(packed);
        }
        // Another thread may have kept its own meanwhile.
        match self.0.set(pack()?) {
            Err(packed) => body(&packed),
            Ok(()) => body(self.0.get().ok_or_else(|| Error::internal("nothing where a value was set"))?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_kept_and_others_are_packed_each_time() {
        let packed = PackedOnce::default();
        let run = |shape: usize, n_packed: &mut usize| {
            let pack = || {
                *n_packed += 1;
                Ok(shape)
            };
            packed.with(|kept| *kept == shape, pack, |packed| Ok(*packed)).unwrap()
        };
        let mut n_packed = 0;
        let used: Vec<usize> = [3, 3, 5, 5, 3].into_iter().map(|shape| run(shape, &mut n_packed)).collect();
        assert_eq!((used, n_packed), (vec![3, 3, 5, 5, 3], 3));
    }
}

//! How long work tells how far it is.

/// Hears how far a piece of work is. `()` hears nothing.
pub trait Progress: Sync {
    /// Work begins: what it is, and how many steps it has.
    fn start(&self, what: &str, n_steps: usize);

    /// One more step is done.
    fn step(&self);

    /// The work that was started is done.
    fn finish(&self);
}

impl Progress for () {
    fn start(&self, _what: &str, _n_steps: usize) {}

    fn step(&self) {}

    fn finish(&self) {}
}

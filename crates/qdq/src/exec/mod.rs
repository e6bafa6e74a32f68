//! The executor: runs a graph on tensors.
//!
//! [`Program::new`] orders the work once: weights are packed, activations fused into the kernels before them,
//! and the last use of each value is found, so that [`Program::run`] frees or reuses every buffer as soon as it can.
//! A tap sees a value the moment it is computed; nothing is kept for it.
//! Results do not depend on the number of threads.

mod compile;
mod control;
mod feeds;
mod integer;
mod layout;
mod run;

pub(crate) use compile::activation_of;
pub use compile::{Program, Taps};
pub use feeds::bind_inputs;
pub use integer::{Coverage, IntegerInput, IntegerNode, Layouts, NotPromised, Profile};
pub use run::{Clock, Tap, Timed};

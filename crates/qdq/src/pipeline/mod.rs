//! The stages wired together: files in, files out, data through a model.
//!
//! Everything here takes plain arguments and returns plain structs; nothing prints. What takes long reports to a
//! [`Progress`]. Samples are worked on side by side by [`for_each_sample`]; results do not depend on the number of
//! threads.

mod bench;
mod compare;
mod convert;
mod diff;
mod evaluate;
mod model_file;
mod output_file;
mod progress;
mod quantize;
mod run;
mod samples;

#[cfg(test)]
mod tests;

pub use bench::{Timing, bench};
pub use compare::Difference;
pub use convert::{Converted, convert};
pub use diff::{Diff, Scope, diff};
pub use evaluate::{Evaluation, evaluate};
pub use model_file::{Format, WrittenModel, read_model, write_model};
pub use progress::Progress;
pub use quantize::{QuantizeOptions, Quantized, quantize};
pub use run::{Run, run};
pub use samples::for_each_sample;

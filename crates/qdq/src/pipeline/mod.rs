//! The stages wired together: files in, files out, data through a model.
//!
//! Everything here takes plain arguments and returns plain structs; nothing prints. What takes long reports to a
//! [`Progress`]. Samples are worked on side by side by [`for_each_sample`]; results do not depend on the number of
//! threads.

mod bench;
mod bias_correction;
mod compare;
mod convert;
mod diff;
mod evaluate;
mod exactness;
mod explain;
mod model_file;
mod observe;
mod output_file;
mod progress;
mod quantize;
mod run;
mod samples;
mod scratch;
mod search;
mod settings_file;
mod statistics;

#[cfg(test)]
mod tests;

pub use bench::{OpTime, Timing, bench};
pub use compare::{Difference, N_STEPS};
pub use convert::{Converted, Form, convert, in_form};
pub use diff::{Compared, Diff, Scope, diff};
pub use evaluate::{Evaluation, evaluate};
pub use exactness::Exactness;
pub use explain::{ExplainedNode, Explanation, Runs, explain};
pub use model_file::{
    Format, WrittenModel, read_large_model, read_model, read_model_as_written, write_model,
};
pub use observe::{Observation, Prepared, observe, prepare};
pub use progress::Progress;
pub use quantize::{
    QuantizeOptions, Quantized, mixed_float16, quantize, quantize_without_data, with_integer_io,
};
pub use run::{Run, run};
pub use samples::{for_each_sample, for_each_sample_in_order};
pub use search::{GOAL_SAMPLES, Goal, Precision, RankedLayer, Search, quantize_to_goal};
pub use settings_file::{find_target, read_encodings, read_recipe};
pub use statistics::{
    ObservedModel, merge_statistics, observe_model, quantize_observed, read_statistics, write_statistics,
};

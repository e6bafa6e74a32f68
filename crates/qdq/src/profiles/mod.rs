//! The integer arithmetic of one runtime each, exact to the last bit, and what that runtime makes of a graph.
//!
//! A [`Runtime`] pairs two things: a table of what it fuses when it loads a graph in QDQ form ([`Fusions`], applied by
//! [`lower`]), and the arithmetic of the kernels that come out of it (a [`Profile`]). [`raise`] goes back to QDQ form.

mod fusions;
mod integers;
pub mod litert;
mod lower;
pub mod ort;
pub mod portable;
mod products;
mod raise;

pub use fusions::{Fusion, Fusions, Kind, LITERT, ONNXRUNTIME, ONNXRUNTIME_ARM64, PORTABLE};
pub use lower::{Refusal, lower, lower_unchecked, real_inputs, refusal};
pub use raise::raise;

use crate::error::{Error, Result};
use crate::exec::Profile;
use crate::graph::Graph;
use crate::ops::Op;

/// A runtime whose integers are known.
#[derive(Debug)]
pub struct Runtime {
    /// Its kernels; their name is the runtime's on the command line.
    pub profile: &'static dyn Profile,
    /// What it is, in a line.
    pub about: &'static str,
    /// What it fuses.
    pub fusions: &'static Fusions,
}

impl Runtime {
    /// All runtimes.
    pub const ALL: &'static [&'static Runtime] = &[
        &ort::RUNTIME,
        &ort::RUNTIME_SATURATING,
        &litert::REFERENCE,
        &litert::BUILTIN,
        &litert::XNNPACK,
        &portable::RUNTIME,
    ];

    /// The runtime of this name.
    ///
    /// # Errors
    /// Lists the names there are.
    pub fn find(name: &str) -> Result<&'static Runtime> {
        Self::ALL.iter().copied().find(|runtime| runtime.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|runtime| runtime.name()).collect();
            Error::usage(format!("there is no profile `{name}`"))
                .help(format!("profiles: {}", names.join(", ")))
        })
    }

    /// Name on the command line.
    pub fn name(&self) -> &'static str {
        self.profile.name()
    }

    /// A quantized graph as the runtime runs it: [`Program::with_profile`](crate::exec::Program::with_profile) takes it
    /// with [`Self::profile`].
    ///
    /// # Errors
    /// A model that is not quantized; one that the runtime could not compute without overflow.
    pub fn lower(&self, graph: &Graph) -> Result<Graph> {
        if !is_quantized(graph) {
            return Err(Error::usage(format!(
                "the model is not quantized: it has no integers for the profile {} to compute",
                self.name()
            ))
            .help("quantize it first, with `qdq quantize`, or run it without --profile"));
        }
        lower(graph, self.fusions)
    }
}

/// Whether there is a bridge or a node in integer form.
pub fn is_quantized(graph: &Graph) -> bool {
    let mut found = false;
    graph.body.for_each_node(&mut |node| {
        found |= matches!(node.op, Op::Quantize(_) | Op::Dequantize(_)) || graph.is_integer_form(node);
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_profile_lists_the_known() {
        for runtime in Runtime::ALL {
            assert_eq!(Runtime::find(runtime.name()).unwrap().name(), runtime.name());
        }
        let error = Runtime::find("ort").unwrap_err().to_string();
        assert!(error.contains("ort-x64-saturating, litert-reference"), "{error}");
    }

    #[test]
    fn a_float_model_has_no_integers() {
        let mut graph =
            crate::graph::text::parse("graph(%x: f32[2]) {\n  %y = relu(%x)\n  return %y\n}").unwrap();
        graph.infer().unwrap();
        let error = ort::RUNTIME.lower(&graph).unwrap_err().to_string();
        assert!(error.contains("not quantized") && error.contains("qdq quantize"), "{error}");
    }
}

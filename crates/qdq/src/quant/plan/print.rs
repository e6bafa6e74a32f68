//! A plan's annotations as text.

use std::fmt::Write;

use super::{Annotation, Plan, blocks};
use crate::graph::Graph;

impl Plan {
    /// One line for each quantized value and input:
    ///
    /// ```text
    /// %x: u8 affine per-tensor, minmax
    /// %p: as %c
    /// first (conv) input 1: weight i8<-127:127> symmetric per-channel(0), minmax
    /// first (conv) input 2: bias i32, input 0 × input 1
    /// ```
    pub fn annotations(&self, graph: &Graph) -> String {
        let mut text = String::new();
        let mut first = std::collections::BTreeMap::new();
        for ((_, value), activation) in &self.activations {
            let name = graph[*value].name();
            let head = *first.entry(activation.group).or_insert(name);
            // Writing to a string cannot fail.
            let _ = match activation.fixed {
                _ if head != name => writeln!(text, "%{name}: as %{head}"),
                Some((min, max)) => writeln!(text, "%{name}: {} of {min} to {max}", activation.spec),
                None => writeln!(text, "%{name}: {}", activation.spec),
            };
        }
        for (taken, annotation) in &self.inputs {
            let node = &blocks(graph)[taken.place.block].nodes[taken.place.node];
            let place = format!("{} input {}", graph.describe(node), taken.input);
            let _ = match annotation {
                Annotation::Shared => continue,
                Annotation::Own { spec, .. } => writeln!(text, "{place}: again {spec}"),
                Annotation::Weight(spec) => writeln!(text, "{place}: weight {spec}"),
                Annotation::Derived { input, weight } => {
                    writeln!(text, "{place}: bias i32, input {input} × input {weight}")
                }
            };
        }
        text
    }
}

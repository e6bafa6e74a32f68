//! Graph to program.

use std::collections::BTreeSet;

use super::integer::{self, Coverage, IntegerNode, NotPromised, Profile};
use super::layout;
use crate::error::Result;
use crate::graph::{Block, Graph, Node, Uses, ValueId};
use crate::kernels::Activation;
use crate::kernels::int8::Layout;
use crate::ops::{Op, Prepared};
use crate::tensor::{DType, Tensor};

/// Values to show to a tap.
pub type Taps = BTreeSet<ValueId>;

/// A graph made ready to run.
#[derive(Debug)]
pub struct Program {
    pub(super) graph: Graph,
    pub(super) body: Steps,
    pub(super) taps: Taps,
    coverage: Coverage,
}

/// The work of one block.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) inputs: Vec<ValueId>,
    pub(super) work: Vec<Step>,
    pub(super) outputs: Vec<ValueId>,
}

/// The work of one node, or of a node with the activation after it.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) op: Op,
    /// Whether the node is in integer form.
    pub(super) is_integer: bool,
    /// What errors call it.
    pub(super) name: String,
    /// Bound kernel; `None` where the op is evaluated as it is.
    pub(super) kernel: Option<Box<dyn Prepared>>,
    /// Inputs to look up: absent ones, and ones bound in the kernel, are `None`.
    pub(super) inputs: Vec<Option<Input>>,
    pub(super) outputs: Vec<Option<ValueId>>,
    pub(super) regions: Vec<Steps>,
    /// Values that nothing needs after this step.
    pub(super) release: Vec<ValueId>,
}

/// One input of a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input {
    pub(super) value: ValueId,
    /// Whether the step may take the value away.
    pub(super) is_last: bool,
}

impl Program {
    /// Makes a graph ready to run; `taps` are the values whose contents will be asked for.
    ///
    /// # Errors
    /// Weights that do not fit their op, naming the node; a node in integer form, which needs a profile.
    pub fn new(graph: Graph, taps: Taps) -> Result<Self> {
        Self::compile(graph, taps, None)
    }

    /// Makes a graph ready to run with the integer arithmetic of a profile.
    ///
    /// Nodes for which the profile makes no promise are computed on real numbers and listed in [`Self::coverage`].
    ///
    /// # Errors
    /// Weights that do not fit their op, naming the node.
    pub fn with_profile(graph: Graph, taps: Taps, profile: &dyn Profile) -> Result<Self> {
        Self::compile(graph, taps, Some(profile))
    }

    fn compile(graph: Graph, taps: Taps, profile: Option<&dyn Profile>) -> Result<Self> {
        let mut compiler = Compiler {
            graph: &graph,
            taps: &taps,
            profile,
            channels_last: BTreeSet::new(),
            coverage: Coverage::default(),
        };
        let body = compiler.block(&graph.body)?;
        let coverage = compiler.coverage;
        Ok(Self { graph, body, taps, coverage })
    }

    /// The graph that is run.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What the profile promises of the nodes; of no meaning without a profile.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }
}

struct Compiler<'g> {
    graph: &'g Graph,
    taps: &'g Taps,
    profile: Option<&'g dyn Profile>,
    /// Values whose channels are last in memory.
    channels_last: BTreeSet<ValueId>,
    coverage: Coverage,
}

impl Compiler<'_> {
    fn block(&mut self, block: &Block) -> Result<Steps> {
        let uses = Uses::of_block(self.graph, block);
        if let Some(profile) = self.profile {
            self.channels_last.extend(layout::channels_last(self.graph, block, &uses, self.taps, profile));
        }
        let mut fused = vec![false; block.nodes.len()];
        let mut steps = Vec::with_capacity(block.nodes.len());
        for (position, node) in block.nodes.iter().enumerate() {
            if fused[position] {
                continue;
            }
            let activation = self.following_activation(block, &uses, node);
            let step = self.step(node, activation.as_ref().map(|(_, activation, _)| *activation));
            let (mut step, did_fuse) = step.map_err(|error| error.node(self.graph.describe(node)))?;
            if let (true, Some((user, _, output))) = (did_fuse, activation) {
                fused[user] = true;
                step.outputs = vec![Some(output)];
            }
            steps.push(step);
        }
        find_last_uses(block, &mut steps);
        Ok(Steps { inputs: block.inputs.clone(), work: steps, outputs: block.outputs.clone() })
    }

    /// The relu or clip that alone uses the node's only output: its position, what it does, and its output.
    fn following_activation(
        &self,
        block: &Block,
        uses: &Uses,
        node: &Node,
    ) -> Option<(usize, Activation, ValueId)> {
        let [Some(output)] = node.outputs.as_slice() else { return None };
        if self.taps.contains(output) || self.graph.is_integer_form(node) {
            return None;
        }
        let position = uses.only_user(*output)?;
        let user = block.nodes.get(position)?;
        if user.input(0) != Some(*output)
            || user.inputs.iter().flatten().filter(|input| *input == output).count() > 1
        {
            return None;
        }
        Some((position, activation_of(self.graph, user)?, user.output(0)?))
    }

    fn step(&mut self, node: &Node, activation: Option<Activation>) -> Result<(Step, bool)> {
        let constants: Vec<Option<Tensor>> =
            node.inputs.iter().map(|input| self.graph.constant((*input)?).cloned()).collect();
        let kernel = if self.graph.is_integer_form(node) && !self.graph.moves_integers(node) {
            Some(self.integer_kernel(node)?)
        } else {
            self.count(node);
            match self.bridge(node, &constants) {
                Some(kernel) => Some(kernel),
                None => node.op.def().prepare(&constants, activation.unwrap_or(Activation::None))?,
            }
        };
        let inputs = node.inputs.iter().zip(&constants).map(|(input, constant)| {
            let is_bound = kernel.is_some() && constant.is_some();
            input.filter(|_| !is_bound).map(|value| Input { value, is_last: false })
        });
        let step = Step {
            op: node.op.clone(),
            is_integer: self.graph.is_integer_form(node),
            name: self.graph.describe(node),
            inputs: inputs.collect(),
            outputs: node.outputs.clone(),
            regions: node.regions.iter().map(|region| self.block(region)).collect::<Result<_>>()?,
            release: Vec::new(),
            kernel,
        };
        let did_fuse = step.kernel.is_some() && activation.is_some() && !is_bridge(&step.op);
        Ok((step, did_fuse))
    }

    /// The profile's kernel of a quantize or dequantize of what is computed in f32.
    fn bridge(&self, node: &Node, constants: &[Option<Tensor>]) -> Option<Box<dyn Prepared>> {
        let is_of_f32 = match &node.op {
            Op::Quantize(_) => {
                let ty = node.input(0).and_then(|id| self.graph[id].ty.as_ref());
                ty.is_some_and(|ty| ty.dtype == DType::F32)
            }
            Op::Dequantize(op) => op.dtype == DType::F32,
            _ => false,
        };
        let is_computed = constants.iter().all(Option::is_none);
        self.profile.filter(|_| is_of_f32 && is_computed).and_then(|profile| profile.bridge(&node.op))
    }

    fn integer_kernel(&mut self, node: &Node) -> Result<Box<dyn Prepared>> {
        let profile = self.profile.ok_or_else(integer::no_profile)?;
        let layout = |id: Option<ValueId>| match id {
            Some(id) if self.channels_last.contains(&id) => Layout::ChannelsLast,
            _ => Layout::ChannelsFirst,
        };
        let node_in_order = IntegerNode {
            input_layout: layout(node.input(0)),
            output_layout: layout(node.output(0)),
            ..IntegerNode::new(self.graph, node)
        };
        let (kernel, cause) = integer::prepare(profile, &node_in_order)?;
        match cause {
            Some(cause) => self.not_promised(node, cause),
            None => self.coverage.n_integer += 1,
        }
        Ok(kernel)
    }

    /// Counts a node that is computed without the profile.
    fn count(&mut self, node: &Node) {
        let is_float = |id: ValueId| self.graph[id].ty.as_ref().is_none_or(|ty| ty.dtype.is_float());
        let is_float = node.regions.is_empty() && node.present_outputs().any(is_float);
        if self.graph.is_integer_form(node) {
            self.coverage.n_integer += 1;
        } else if !is_float || integer::is_exact(&node.op) {
            self.coverage.n_exact += 1;
        } else {
            self.not_promised(
                node,
                "computed on real numbers, which every library rounds in its own way".to_owned(),
            );
        }
    }

    fn not_promised(&mut self, node: &Node, cause: String) {
        let (node, op) = (self.graph.describe(node), node.op.name().to_owned());
        self.coverage.not_promised.push(NotPromised { node, op, cause });
    }
}

fn is_bridge(op: &Op) -> bool {
    matches!(op, Op::Quantize(_) | Op::Dequantize(_))
}

/// The activation a node computes, if kernels can fuse it.
pub(crate) fn activation_of(graph: &Graph, node: &Node) -> Option<Activation> {
    match &node.op {
        Op::Relu(_) => Some(Activation::Relu),
        Op::Clip(_) => {
            let bound = |position: usize, default: f32| match node.input(position) {
                None => Some(default),
                Some(id) => match graph.constant(id)?.as_slice::<f32>().ok()? {
                    [bound] => Some(*bound),
                    _ => None,
                },
            };
            Some(Activation::Clip { min: bound(1, f32::NEG_INFINITY)?, max: bound(2, f32::INFINITY)? })
        }
        _ => None,
    }
}

/// Marks, for the values this block defines, the step that uses each last.
fn find_last_uses(block: &Block, steps: &mut [Step]) {
    let mut seen: BTreeSet<ValueId> = block.outputs.iter().copied().collect();
    let mut defined: BTreeSet<ValueId> = block.inputs.iter().copied().collect();
    for step in &*steps {
        defined.extend(step.outputs.iter().flatten());
    }
    for step in steps.iter_mut().rev() {
        let mut inside = Vec::new();
        for region in &step.regions {
            used_inside(region, &mut inside);
        }
        for value in inside {
            if defined.contains(&value) && seen.insert(value) {
                step.release.push(value);
            }
        }
        // The last position first: an input given twice must not be taken away while it is still to be read.
        for input in step.inputs.iter_mut().rev().flatten() {
            input.is_last = defined.contains(&input.value) && seen.insert(input.value);
        }
        for output in step.outputs.iter().flatten() {
            if seen.insert(*output) {
                step.release.push(*output);
            }
        }
    }
}

fn used_inside(steps: &Steps, used: &mut Vec<ValueId>) {
    used.extend(&steps.outputs);
    for step in &steps.work {
        used.extend(step.inputs.iter().flatten().map(|input| input.value));
        for region in &step.regions {
            used_inside(region, used);
        }
    }
}

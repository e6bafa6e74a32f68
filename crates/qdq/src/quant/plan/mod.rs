//! The plan: which nodes run in integers, which values are quantized for it and how, and why the rest stays in float.
//!
//! Its annotations are those of a PT2E quantizer: each quantized value has a [`QuantizationSpec`]
//! ([`Activation::spec`]) and shares its parameters with its group; each quantized input of a node has an [`Annotation`].

mod block;
mod dynamic;
mod groups;
mod logarithm;
mod print;
mod units;

use std::collections::BTreeMap;
use std::fmt;

use super::recipe::{Recipe, Resolved};
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Node, ValueId};
use crate::ops::{Op, QuantRule};
use crate::spec::{ObserverKind, QuantizationSpec};
use crate::targets::Target;
use crate::tensor::{DType, QuantParams};
use block::BlockPlanner;
use groups::Groups;

/// A node's place: which block, in the order of [`blocks`], and where in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Position of the block in [`blocks`].
    pub block: usize,
    /// Position of the node in the block.
    pub node: usize,
}

/// One use of a value: an input of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The node.
    pub place: Place,
    /// Which of its inputs.
    pub input: usize,
}

/// What becomes of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Runs in integers, by this kernel of the target.
    Integer(String),
    /// Becomes this operator, which quantizes its inputs while it runs.
    Dynamic(&'static str),
    /// Runs inside the integer kernel of the node before it.
    Fused,
    /// Computes in float, on weights that are stored in fewer bits.
    Stored,
    /// Computes in f16.
    Half,
    /// Stays in float, of 32 bits.
    Float(Reason),
    /// Computes no real numbers: shapes, indices, conditions.
    NotFloat,
}

/// Why a node stays in float.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// The target has no integer kernel for the op.
    NoKernel,
    /// The weights are computed, not constant.
    WeightsNotConstant,
    /// Weights or activations are not f32.
    NotF32,
    /// A variant of the op that the target's kernel does not take.
    Variant(&'static str),
    /// Alone among float ops it would not gain.
    TooSmall,
    /// A logarithm of its result is taken.
    Logarithm,
    /// Its inputs come in float.
    InputsFloat,
    /// What follows takes float.
    OutputFloat,
    /// No calibration sample reached it.
    NoData,
    /// The recipe says so, by this rule.
    Excluded(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NoKernel => f.write_str("the target has no integer kernel for it"),
            Reason::WeightsNotConstant => f.write_str("no input is a constant weight"),
            Reason::NotF32 => f.write_str("its numbers are not f32"),
            Reason::Variant(what) => f.write_str(what),
            Reason::TooSmall => {
                f.write_str("too few channels: converting its data costs more than integers save")
            }
            Reason::Logarithm => {
                f.write_str("a logarithm follows, which shows what integers lose of small values")
            }
            Reason::InputsFloat => {
                f.write_str("its inputs come in float; converting them costs more than it saves")
            }
            Reason::OutputFloat => f.write_str("what follows takes float"),
            Reason::NoData => f.write_str("no calibration sample reached it"),
            Reason::Excluded(rule) => write!(f, "left out by the recipe, {rule}"),
        }
    }
}

/// A quantized activation.
#[derive(Clone, Debug, PartialEq)]
pub struct Activation {
    /// Values with the same group share their parameters (`SharedQuantizationSpec`).
    pub group: usize,
    /// Whether an integer kernel computes it, so that every user sees the quantized value.
    pub is_integer_output: bool,
    /// Range given by the mathematics of the op that makes it.
    pub fixed: Option<(f32, f32)>,
    /// Whether it must be observed; values that are only moved have the range of their source.
    pub is_observed: bool,
    /// How it is quantized.
    pub spec: QuantizationSpec,
}

/// How a node takes one of its inputs in integers.
#[derive(Clone, Debug, PartialEq)]
pub enum Annotation {
    /// With the parameters of the value (`SharedQuantizationSpec`).
    Shared,
    /// Quantized again for this use, since the node's kernel takes another storage type.
    Own {
        /// Its group, which may be shared with the node's output.
        group: usize,
        /// How it is quantized.
        spec: QuantizationSpec,
    },
    /// A constant weight.
    Weight(QuantizationSpec),
    /// A constant bias of i32 with the scale of an input times that of a weight (`DerivedQuantizationSpec`).
    Derived {
        /// Position of the input.
        input: usize,
        /// Position of the weight.
        weight: usize,
    },
}

/// A plan for a graph and a target.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The target planned for.
    pub target: Target,
    /// What becomes of each node.
    pub decisions: BTreeMap<Place, Decision>,
    /// Quantized activations, by block and value.
    pub activations: BTreeMap<(usize, ValueId), Activation>,
    /// Quantized inputs of nodes that run in integers, those inside of another kernel too.
    pub inputs: BTreeMap<Use, Annotation>,
    /// How activations are quantized where nothing says otherwise.
    pub activation: QuantizationSpec,
    /// Parameters of weights that were given, and not found.
    pub given_weights: BTreeMap<Use, QuantParams>,
}

/// All blocks of a graph: the body, then regions in the order they are met.
pub fn blocks(graph: &Graph) -> Vec<&Block> {
    fn visit<'g>(block: &'g Block, found: &mut Vec<&'g Block>) {
        found.push(block);
        for region in block.nodes.iter().flat_map(|node| &node.regions) {
            visit(region, found);
        }
    }
    let mut found = Vec::new();
    visit(&graph.body, &mut found);
    found
}

/// Decides for each node, and which values are quantized for it.
///
/// # Errors
/// Nothing would be quantized, and the message says why; a recipe that the target cannot follow, or whose rules
/// contradict each other, match nothing or change nothing.
pub fn plan(graph: &Graph, recipe: &Recipe, target: &Target) -> Result<Plan> {
    recipe.effective(target)?;
    let resolved = Resolved::new(graph, recipe)?;
    let activation = recipe.activation_for(target)?;
    let defaults = (activation.clone(), recipe.weight_for(target)?);
    let mut plan = Plan {
        target: target.clone(),
        decisions: BTreeMap::new(),
        activations: BTreeMap::new(),
        inputs: BTreeMap::new(),
        activation,
        given_weights: BTreeMap::new(),
    };
    let mut groups = Groups::new(graph.values().len());
    let mut errors = Vec::new();
    for position in 0..blocks(graph).len() {
        let planner = BlockPlanner::new(graph, position, target, recipe, &resolved, &defaults);
        errors.extend(planner.plan(&mut plan, &mut groups).err());
    }
    if let Some(error) = Error::all(errors) {
        return Err(error);
    }
    plan.set_groups(&groups);
    if let Some(encodings) = &recipe.encodings {
        encodings.apply(graph, &mut plan)?;
    }
    plan.check_groups(graph)?;
    if plan.n_integer() == 0 {
        return Err(nothing_quantized(graph, &plan));
    }
    plan.check_effects(graph, &resolved)?;
    Ok(plan)
}

impl Plan {
    /// Values to observe in calibration.
    pub fn observed(&self) -> impl Iterator<Item = ValueId> + '_ {
        self.activations.iter().filter(|(_, activation)| activation.is_observed).map(|((_, value), _)| *value)
    }

    /// Whether what is observed depends on the order of the samples.
    pub fn is_order_dependent(&self) -> bool {
        let of_values = self.activations.values().map(|activation| activation.spec.observer);
        let of_uses = self.inputs.values().filter_map(|annotation| match annotation {
            Annotation::Own { spec, .. } => Some(spec.observer),
            _ => None,
        });
        of_values.chain(of_uses).any(|observer| {
            !observer.is_statistic()
                && !matches!(observer, ObserverKind::FixedQParams { .. } | ObserverKind::MinMax)
        })
    }

    /// Leaves a block in float: no sample came through it.
    pub fn leave_block(&mut self, block: usize) {
        for (place, decision) in &mut self.decisions {
            if place.block == block && matches!(decision, Decision::Integer(_) | Decision::Fused) {
                *decision = Decision::Float(Reason::NoData);
            }
        }
        self.activations.retain(|(place, _), _| *place != block);
        let decisions = &self.decisions;
        let is_dynamic = |place: &Place| matches!(decisions.get(place), Some(Decision::Dynamic(_)));
        self.inputs.retain(|taken, _| taken.place.block != block || is_dynamic(&taken.place));
    }

    /// Number of nodes that run in integers.
    pub fn n_integer(&self) -> usize {
        let is_integer =
            |decision: &&Decision| matches!(decision, Decision::Integer(_) | Decision::Dynamic(_));
        self.decisions.values().filter(is_integer).count()
    }

    /// Quantized inputs of a node, by position.
    pub fn inputs_of(&self, place: Place) -> impl Iterator<Item = (usize, &Annotation)> {
        let (first, last) = (Use { place, input: 0 }, Use { place, input: usize::MAX });
        self.inputs.range(first..=last).map(|(taken, annotation)| (taken.input, annotation))
    }

    fn set_groups(&mut self, groups: &Groups) {
        for ((_, value), activation) in &mut self.activations {
            activation.group = groups.of(*value);
        }
        for annotation in self.inputs.values_mut() {
            if let Annotation::Own { group, .. } = annotation {
                *group = groups.find(*group);
            }
        }
    }

    /// Checks that values with shared parameters want the same.
    fn check_groups(&self, graph: &Graph) -> Result<()> {
        let mut first: BTreeMap<usize, (ValueId, &QuantizationSpec)> = BTreeMap::new();
        for ((_, value), activation) in &self.activations {
            let (other, spec) = *first.entry(activation.group).or_insert((*value, &activation.spec));
            let wants = |spec: &QuantizationSpec| (spec.storage, spec.range, spec.scheme, spec.power_of_two);
            let fixed = |spec: &QuantizationSpec| match spec.observer {
                ObserverKind::FixedQParams { scale, zero_point } => Some((scale, zero_point)),
                _ => None,
            };
            let is_contradiction = fixed(spec).zip(fixed(&activation.spec)).is_some_and(|(a, b)| a != b);
            if wants(spec) != wants(&activation.spec) || is_contradiction {
                return Err(Error::usage(format!(
                    "it shares its parameters with `{}`, but is to be `{}` where that is `{spec}`",
                    graph[other].name(),
                    activation.spec,
                ))
                .value(graph[*value].name())
                .help("let the rule match both"));
            }
        }
        Ok(())
    }

    fn check_effects(&self, graph: &Graph, resolved: &Resolved<'_>) -> Result<()> {
        let is_integer = |place| {
            let decision = self.decisions.get(&place);
            matches!(decision, Some(Decision::Integer(_) | Decision::Dynamic(_) | Decision::Fused))
        };
        let blocks = blocks(graph);
        let is_quantized = |value| {
            self.activations.keys().any(|(_, id)| *id == value)
                || self.inputs.keys().any(|taken| {
                    let node = &blocks[taken.place.block].nodes[taken.place.node];
                    node.input(taken.input) == Some(value)
                })
        };
        resolved.check_effects(is_integer, is_quantized)
    }
}

fn nothing_quantized(graph: &Graph, plan: &Plan) -> Error {
    let mut reasons: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (place, decision) in &plan.decisions {
        if let Decision::Float(reason) = decision {
            let op = blocks(graph)[place.block].nodes[place.node].op.name().to_owned();
            *reasons.entry((op, reason.to_string())).or_default() += 1;
        }
    }
    let list: Vec<String> =
        reasons.iter().map(|((op, reason), count)| format!("{count} × {op}: {reason}")).collect();
    Error::unsupported("no op of this model can be quantized").help(if list.is_empty() {
        "it has no ops on real numbers".to_owned()
    } else {
        list.join("; ")
    })
}

/// Inputs of a node that are real numbers and not constant, with their positions.
pub(super) fn activation_inputs<'a>(
    graph: &'a Graph,
    node: &'a Node,
) -> impl Iterator<Item = (usize, ValueId)> + 'a {
    let moves_first =
        matches!(node.op.def().quant_rule(), QuantRule::SameAsInput(_)) || matches!(node.op, Op::Resize(_));
    node.inputs.iter().enumerate().filter_map(move |(position, input)| {
        let input = (*input)?;
        let is_f32 = graph[input].ty.as_ref().is_none_or(|ty| ty.dtype == DType::F32);
        let is_moved = !moves_first || position == 0;
        (graph.constant(input).is_none() && is_f32 && is_moved).then_some((position, input))
    })
}

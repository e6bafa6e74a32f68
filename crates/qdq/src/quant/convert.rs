//! A plan and its parameters to a graph in QDQ form.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::calibrate::Calibrated;
use super::channels::Smoothing;
use super::integer_lstm::{self, Ranges, Stored, take_cells_back};
use super::modes::{Store, lstm};
use super::parameters::{weight_integers, weight_params};
use super::plan::{Annotation, Decision, Place, Plan, Use};
use super::scheme::{litert, quantize_bias, widen_for_bias};
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Node, ValueId};
use crate::ops::{Dequantize, Mul, Op, QuantRule, Quantize};
use crate::spec::QuantizationSpec;
use crate::targets::Formula;
use crate::tensor::{DType, QuantParams, Tensor, TensorType};

/// Puts quantize and dequantize where the plan wants integers, and integers in the place of weights.
///
/// # Errors
/// A weight or bias that is not finite, naming the node.
pub fn convert(mut graph: Graph, plan: &Plan, calibrated: &Calibrated) -> Result<Graph> {
    let body = std::mem::take(&mut graph.body);
    let mut converter = Converter { graph, plan, calibrated, n_blocks: 0 };
    let body = converter.block(body, true)?;
    let mut graph = converter.graph;
    graph.body = body;
    graph.remove_unused();
    graph.infer()?;
    crate::passes::apply(&mut graph, &plan.target.finish_rewrites()?)?;
    crate::passes::merge_constants(&mut graph);
    Ok(graph)
}

struct Converter<'p> {
    graph: Graph,
    plan: &'p Plan,
    calibrated: &'p Calibrated,
    /// Blocks entered so far, in the order of [`super::plan::blocks`].
    n_blocks: usize,
}

/// A block in conversion.
#[derive(Default)]
struct Converted {
    position: usize,
    nodes: Vec<Node>,
    /// Dequantized form of the values quantized so far.
    dequantized: BTreeMap<ValueId, ValueId>,
}

impl Converter<'_> {
    fn block(&mut self, block: Block, is_body: bool) -> Result<Block> {
        let mut out = Converted { position: self.n_blocks, ..Converted::default() };
        self.n_blocks += 1;
        for &input in &block.inputs {
            self.after_definition(&mut out, input)?;
        }
        for (position, node) in block.nodes.into_iter().enumerate() {
            let place = Place { block: out.position, node: position };
            let name = self.graph.describe(&node);
            self.node(&mut out, node, place).map_err(|error| error.node(name))?;
        }
        let mut outputs = block.outputs;
        for output in &mut outputs {
            if let (true, Some(&dequantized)) =
                (self.is_integer(out.position, *output), out.dequantized.get(output))
            {
                if is_body {
                    self.graph.swap_names(*output, dequantized);
                }
                *output = dequantized;
            }
        }
        Ok(Block { inputs: block.inputs, nodes: out.nodes, outputs })
    }

    fn node(&mut self, out: &mut Converted, mut node: Node, place: Place) -> Result<()> {
        for region in &mut node.regions {
            *region = self.block(std::mem::take(region), false)?;
        }
        match self.plan.decisions.get(&place) {
            Some(Decision::Integer(_)) if matches!(node.op, Op::Lstm(_)) => {
                self.integer_lstm(out, &mut node, place)?;
            }
            Some(Decision::Integer(_) | Decision::Fused) => self.integer_inputs(out, &mut node, place)?,
            Some(Decision::Dynamic(_)) => self.dynamic_lstm(&mut node, place)?,
            _ => {}
        }
        take_cells_back(&mut node);
        for (&value, &dequantized) in &out.dequantized {
            if self.is_integer(out.position, value) {
                replace(&mut node, value, dequantized);
            }
        }
        let outputs: Vec<ValueId> = node.present_outputs().collect();
        out.nodes.push(node);
        for output in outputs {
            self.after_definition(out, output)?;
        }
        Ok(())
    }

    /// Whether every user of the value sees it quantized.
    fn is_integer(&self, block: usize, value: ValueId) -> bool {
        self.plan.activations.get(&(block, value)).is_some_and(|activation| activation.is_integer_output)
    }

    fn after_definition(&mut self, out: &mut Converted, value: ValueId) -> Result<()> {
        if self.is_integer(out.position, value) {
            self.dequantized(out, value)?;
        }
        Ok(())
    }

    /// The dequantized form of a value; made where it is first needed.
    fn dequantized(&mut self, out: &mut Converted, value: ValueId) -> Result<ValueId> {
        if let Some(&dequantized) = out.dequantized.get(&value) {
            return Ok(dequantized);
        }
        let params = self.params(out.position, value)?;
        let name = self.graph[value].name().to_owned();
        let mut real = value;
        if let Some(smoothing) = self.calibrated.smoothing.get(&(out.position, value)) {
            real = self.scaled(out, value, &format!("{name}_smoothed"), &smoothing.inverse())?;
        }
        let mut dequantized = self.bridged(out, real, &name, params);
        let mut evened = self.calibrated.evened.iter();
        let evened = evened.find(|(place, (output, _))| place.block == out.position && *output == value);
        if let Some((_, (_, smoothing))) = evened {
            dequantized = self.scaled(out, dequantized, &format!("{name}_scaled"), smoothing)?;
        }
        out.dequantized.insert(value, dequantized);
        Ok(dequantized)
    }

    /// A value times a factor for each channel.
    fn scaled(
        &mut self,
        out: &mut Converted,
        value: ValueId,
        name: &str,
        factors: &Smoothing,
    ) -> Result<ValueId> {
        let ty = self.graph[value].ty.clone();
        let rank = ty.as_ref().and_then(|ty| ty.shape.as_ref()).map_or(1, Vec::len);
        let factors = self.graph.add_constant(&format!("{name}_factors"), factors.broadcast(rank)?);
        let scaled = self.graph.add_value(name, ty);
        out.nodes.push(Node::new(Mul {}, &[value, factors], &[scaled]));
        Ok(scaled)
    }

    /// Quantizes and dequantizes a value.
    fn bridged(&mut self, out: &mut Converted, real: ValueId, name: &str, params: QuantParams) -> ValueId {
        let shape = self.graph[real].ty.as_ref().and_then(|ty| ty.shape.clone());
        let ty = TensorType { dtype: params.storage, shape, quant: Some(Arc::new(params.clone())) };
        let quantized = self.graph.add_value(&format!("{name}_quantized"), Some(ty));
        let dequantized = self.graph.add_value(&format!("{name}_dequantized"), self.graph[real].ty.clone());
        let op = Dequantize { params: params.clone(), dtype: DType::F32 };
        out.nodes.push(Node::new(Quantize { params }, &[real], &[quantized]));
        out.nodes.push(Node::new(op, &[quantized], &[dequantized]));
        dequantized
    }

    /// A value in the integers that one node alone takes it in.
    fn again(&mut self, out: &mut Converted, value: ValueId, group: usize) -> Result<ValueId> {
        let name = self.graph[value].name().to_owned();
        let params = self.calibrated.params.get(&group).cloned();
        let params = params.ok_or_else(|| Error::internal("no parameters").value(&name))?;
        let real = if self.is_integer(out.position, value) { self.dequantized(out, value)? } else { value };
        Ok(self.bridged(out, real, &name, params))
    }

    fn params(&self, block: usize, value: ValueId) -> Result<QuantParams> {
        let activation = self.plan.activations.get(&(block, value));
        let params = activation.and_then(|activation| self.calibrated.params.get(&activation.group));
        params.cloned().ok_or_else(|| Error::internal("no parameters").value(self.graph[value].name()))
    }

    /// Feeds a node that runs in integers: dequantized activations, weights and bias.
    fn integer_inputs(&mut self, out: &mut Converted, node: &mut Node, place: Place) -> Result<()> {
        let plan = self.plan;
        let original = node.clone();
        let input = |position: usize| {
            original.input(position).ok_or_else(|| Error::internal("a quantized input is missing"))
        };
        // Parameters of the weights, once they are known: a bias comes after them.
        let mut weights: Option<QuantParams> = None;
        for (position, annotation) in plan.inputs_of(place) {
            let id = input(position)?;
            let quantized = match annotation {
                Annotation::Shared => self.dequantized(out, id)?,
                Annotation::Own { group, .. } => self.again(out, id, *group)?,
                Annotation::Weight(spec) => {
                    let bias = plan.inputs_of(place).find_map(|(bias, annotation)| match annotation {
                        Annotation::Derived { input, .. } => Some((bias, *input)),
                        _ => None,
                    });
                    let bias = match bias {
                        Some((bias, by)) => {
                            Some((input(bias)?, self.input_params(place, by, &original)?.scale[0]))
                        }
                        None => self.wide_bias(place, &original)?,
                    };
                    let bias = match bias {
                        Some((bias, scale)) => Some((self.bias(place, bias)?, scale)),
                        None => None,
                    };
                    let of = Use { place, input: position };
                    let values = self.weight_values(out.position, place, &original, id)?;
                    let (quantized, params) =
                        self.weights(out, &values, id, (spec, plan.given_weights.get(&of)), bias)?;
                    weights = Some(params);
                    quantized
                }
                Annotation::Derived { input, .. } => {
                    let weights =
                        weights.as_ref().ok_or_else(|| Error::internal("a bias before its weights"))?;
                    let input_scale = self.input_params(place, *input, &original)?.scale[0];
                    let params = QuantParams::of_bias(input_scale, &weights.scale);
                    let tensor = self.bias(place, id)?;
                    let tensor = tensor.clone().reshaped(vec![tensor.len()])?;
                    let integers = match plan.target.formula {
                        Formula::Tflite => litert::quantize_bias(&tensor, &params)?,
                        Formula::Onnxruntime | Formula::Torch => quantize_bias(&tensor, &params)?,
                    };
                    self.dequantized_constant(out, id, integers, params)
                }
            };
            node.inputs[position] = Some(quantized);
        }
        Ok(())
    }

    /// Feeds an LSTM that runs in integers, with states of its own.
    fn integer_lstm(&mut self, out: &mut Converted, node: &mut Node, place: Place) -> Result<()> {
        let original = node.clone();
        self.integer_inputs(out, node, place)?;
        let (Op::Lstm(op), Some(y), Some(cells)) = (&original.op, original.output(0), original.output(3))
        else {
            return Err(Error::internal("an LSTM that does not give its cell states"));
        };
        let (x, state) = (self.input_params(place, 0, &original)?, self.params(place.block, y)?);
        let cells = self.params(place.block, cells)?;
        let of = Ranges { x: &x, state: &state, cells: &cells };
        let stored = integer_lstm::stored(&self.graph, &original, op, &of, &self.plan.target.weight)?;
        for Stored { position, integers, params } in stored {
            if node.inputs.len() <= position {
                node.inputs.resize(position + 1, None);
            }
            let like = node.input(position).unwrap_or(y);
            node.inputs[position] = Some(self.dequantized_constant(out, like, integers, params));
        }
        Ok(())
    }

    /// Makes an LSTM the operator that quantizes its inputs while it runs.
    fn dynamic_lstm(&mut self, node: &mut Node, place: Place) -> Result<()> {
        let specs: Vec<&QuantizationSpec> = self
            .plan
            .inputs_of(place)
            .filter_map(|(_, annotation)| match annotation {
                Annotation::Weight(spec) => Some(spec),
                _ => None,
            })
            .collect();
        let &[of_w, of_r] = &specs[..] else { return Err(Error::internal("an LSTM without its weights")) };
        let (formula, moments) = (self.plan.target.formula, BTreeMap::new());
        let mut store = Store { formula, moments: &moments, keep: &mut Ok };
        lstm(&mut self.graph, node, [of_w, of_r], &mut store)
    }

    /// Parameters that a node takes an activation with.
    fn input_params(&self, place: Place, position: usize, node: &Node) -> Result<QuantParams> {
        let missing = || Error::internal("no parameters of an input");
        for (at, annotation) in self.plan.inputs_of(place) {
            if let (true, Annotation::Own { group, .. }) = (at == position, annotation) {
                return self.calibrated.params.get(group).cloned().ok_or_else(missing);
            }
        }
        self.params(place.block, node.input(position).ok_or_else(missing)?)
    }

    /// A constant bias that stays in float because the runtime's has 64 bits, and the scale of the input beside it.
    fn wide_bias(&self, place: Place, node: &Node) -> Result<Option<(ValueId, f32)>> {
        let QuantRule::Compute { bias: Some(bias), .. } = node.op.def().quant_rule() else { return Ok(None) };
        let Some(bias) = node.input(bias).filter(|id| self.graph.constant(*id).is_some()) else {
            return Ok(None);
        };
        if self.plan.target.formula != Formula::Tflite {
            return Ok(None);
        }
        let input = self.input_params(place, 0, node)?;
        Ok((input.storage == DType::I16).then_some((bias, input.scale[0])))
    }

    /// Weights in integers, by parameters given or by a specification: then wide enough for the bias that comes with the scale
    /// of its input.
    fn weights(
        &mut self,
        out: &mut Converted,
        weights: &Tensor,
        id: ValueId,
        (spec, given): (&QuantizationSpec, Option<&QuantParams>),
        bias: Option<(Tensor, f32)>,
    ) -> Result<(ValueId, QuantParams)> {
        let formula = self.plan.target.formula;
        let name = self.graph[id].name().to_owned();
        let mut params = match given {
            Some(given) => given.clone(),
            None => weight_params(weights, spec, formula).map_err(|error| error.value(&name))?,
        };
        if let Some((bias, input_scale)) = bias {
            let widen = match formula {
                Formula::Tflite => litert::widen_for_bias,
                Formula::Onnxruntime | Formula::Torch => widen_for_bias,
            };
            widen(&mut params, input_scale, &bias)?;
        }
        if given.is_some_and(|given| *given != params) {
            return Err(Error::data("the scales given are so small that the bias would not fit into int32")
                .value(&name)
                .help("leave its encoding out, or find one for the weights as they are"));
        }
        let integers = weight_integers(weights, &params, formula)?;
        Ok((self.dequantized_constant(out, id, integers, params.clone()), params))
    }

    /// Weights of a node with the factors that its input's and its output's channels are divided by.
    fn weight_values(&self, block: usize, place: Place, node: &Node, id: ValueId) -> Result<Tensor> {
        let mut weights = self.constant(id)?;
        let of_input = node.input(0).and_then(|input| self.calibrated.smoothing.get(&(block, input)));
        if let Some(smoothing) = of_input {
            let is_transposed = matches!(&node.op, Op::Gemm(op) if op.trans_b);
            let axis = if is_transposed { 1 } else { weights.shape().len().saturating_sub(2) };
            weights = smoothing.of_weights(weights, axis)?;
        }
        match self.calibrated.evened.get(&place) {
            Some((_, evened)) => evened.inverse().of_weights(weights, 0),
            None => Ok(weights),
        }
    }

    /// The bias of a node, divided like the channels of its output.
    fn bias(&self, place: Place, id: ValueId) -> Result<Tensor> {
        let bias = self.constant(id)?;
        match self.calibrated.evened.get(&place) {
            Some((_, evened)) => evened.inverse().of_weights(bias, 0),
            None => Ok(bias),
        }
    }

    fn constant(&self, id: ValueId) -> Result<Tensor> {
        let value = &self.graph[id];
        value.constant.clone().ok_or_else(|| Error::internal("not constant").value(value.name()))
    }

    fn dequantized_constant(
        &mut self,
        out: &mut Converted,
        original: ValueId,
        integers: Tensor,
        params: QuantParams,
    ) -> ValueId {
        let name = self.graph[original].name().to_owned();
        let ty = TensorType::known(DType::F32, integers.shape());
        let quantized = self.graph.add_quantized_constant(&format!("{name}_quantized"), integers, &params);
        let dequantized = self.graph.add_value(&format!("{name}_dequantized"), Some(ty));
        out.nodes.push(Node::new(Dequantize { params, dtype: DType::F32 }, &[quantized], &[dequantized]));
        dequantized
    }
}

/// Lets a node, and the regions in it, read `new` in the place of `old`.
fn replace(node: &mut Node, old: ValueId, new: ValueId) {
    for input in node.inputs.iter_mut().flatten() {
        if *input == old {
            *input = new;
        }
    }
    for region in &mut node.regions {
        for inner in &mut region.nodes {
            replace(inner, old, new);
        }
        for output in &mut region.outputs {
            if *output == old {
                *output = new;
            }
        }
    }
}

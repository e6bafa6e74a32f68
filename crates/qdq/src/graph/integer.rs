//! Integer form: ops directly on quantized types, and the rules for them.
//!
//! - A node is in integer form when an input of it has a quantized type and its op is neither a bridge
//!   ([`Quantize`](crate::ops::Quantize), [`Dequantize`](crate::ops::Dequantize)) nor one that reads integers as such
//!   (`cast`, `shape`, control flow, custom ops).
//! - Its outputs have the quantized types declared for them. An op that only moves elements keeps the type of what it
//!   moves where nothing is declared; any other output without a declaration is of real numbers.
//! - Outputs are quantized per tensor. A bias has the scale of input × weight and the zero point 0.
//! - Sums of products fit 32 bits, whatever the input ([`Accumulator`]); those of 16-bit activations have 64.

use std::sync::Arc;

use super::{Graph, Node, ValueId};
use crate::error::{Error, Result};
use crate::ops::{CoordinateTransformationMode, Op, QuantRule, ResizeMode};
use crate::tensor::{DType, Granularity, QuantParams, Tensor, TensorType};

/// How far the scale of a bias may be from input × weight, as a share of it: a few roundings of f32.
const BIAS_SCALE_TOLERANCE: f64 = 1e-5;

impl Graph {
    /// Parameters of a value that has a quantized type.
    pub fn quant(&self, id: ValueId) -> Option<&Arc<QuantParams>> {
        self[id].ty.as_ref()?.quant.as_ref()
    }

    /// Whether a node is in integer form: see the module documentation.
    pub fn is_integer_form(&self, node: &Node) -> bool {
        !reads_integers(&node.op) && node.present_inputs().any(|id| self.quant(id).is_some())
    }

    /// Whether a node in integer form computes the same on integers as on the numbers they mean: it moves or compares
    /// elements that all have the same parameters, those of its output.
    pub fn moves_integers(&self, node: &Node) -> bool {
        let mut params =
            moved_inputs(node).map(|position| node.input(position).and_then(|id| self.quant(id)));
        let Some(Some(first)) = params.next() else { return false };
        first.granularity == Granularity::PerTensor
            && params.all(|params| params == Some(first))
            && node.present_outputs().all(|id| match &self[id].ty {
                Some(TensorType { quant: Some(quant), .. }) => quant == first,
                Some(ty) => ty.dtype == first.storage || is_index(ty.dtype),
                None => true,
            })
    }

    /// The rules that a node in integer form breaks, naming it.
    pub fn check_integer_form(&self, node: &Node) -> Vec<Error> {
        let outputs = node.present_outputs().filter_map(|id| Some((id, self.quant(id)?)));
        let mut errors: Vec<Error> = outputs
            .filter(|(_, params)| params.granularity != Granularity::PerTensor)
            .map(|(id, _)| Error::graph("an output quantized other than per tensor").value(self[id].name()))
            .collect();
        if let Some(accumulator) = Accumulator::of(self, node) {
            errors.extend(accumulator.check().err());
            errors.extend(accumulator.check_bias_scale().err());
        }
        errors.into_iter().map(|error| error.node(self.describe(node))).collect()
    }
}

/// Whether an op reads integers as integers, whatever they mean, or is a bridge.
fn reads_integers(op: &Op) -> bool {
    matches!(
        op,
        Op::Quantize(_)
            | Op::Dequantize(_)
            | Op::Cast(_)
            | Op::CastLike(_)
            | Op::Shape(_)
            | Op::Size(_)
            | Op::If(_)
            | Op::Loop(_)
            | Op::Scan(_)
            | Op::Custom(_)
    )
}

fn is_index(dtype: DType) -> bool {
    matches!(dtype, DType::I32 | DType::I64 | DType::Bool)
}

/// Positions of the inputs whose elements an op moves or compares, if it does nothing else with them.
pub fn moved_inputs(node: &Node) -> std::ops::Range<usize> {
    match &node.op {
        // Elements that they add mean 0 or another number, and are not the integer of that name.
        Op::Pad(_) | Op::Trilu(_) => 0..0,
        Op::Resize(op) => {
            let crops = op.coordinate_transformation_mode == CoordinateTransformationMode::TfCropAndResize;
            if op.mode == ResizeMode::Nearest && !crops { 0..1 } else { 0..0 }
        }
        Op::ReduceMax(_) | Op::ReduceMin(_) | Op::ArgMax(_) | Op::ArgMin(_) => 0..1,
        Op::Concat(_) | Op::Max(_) | Op::Min(_) => 0..node.inputs.len(),
        Op::Where(_) => 1..3,
        op => match op.def().quant_rule() {
            QuantRule::SameAsInput(position) => position..position + 1,
            _ => 0..0,
        },
    }
}

/// The sum of products of a convolution or matrix product in integers: `Σ (x - z_x) (w - z_w) + bias`, in 32 bits.
#[derive(Debug)]
pub struct Accumulator<'g> {
    x: &'g QuantParams,
    w: &'g QuantParams,
    weights: Option<&'g Tensor>,
    /// Axis of the outputs of the weights; all others are summed over.
    axis: usize,
    /// Products in a sum, if known.
    n_products: Option<usize>,
    bias: Option<(&'g QuantParams, Option<&'g Tensor>)>,
}

impl<'g> Accumulator<'g> {
    /// The sum that a node computes; `None` if it is no product of two quantized tensors.
    pub fn of(graph: &'g Graph, node: &Node) -> Option<Self> {
        let QuantRule::Compute { weight: Some(weight), bias } = node.op.def().quant_rule() else {
            return None;
        };
        let (x, w) = (node.input(0)?, node.input(weight.input)?);
        let dims = graph[w].ty.as_ref()?.shape.as_ref()?;
        let axis = if weight.axis < 0 {
            dims.len().checked_add_signed(weight.axis)?
        } else {
            weight.axis.unsigned_abs()
        };
        let is_summed = |i: usize| i != axis && (!matches!(node.op, Op::MatMul(_)) || i + 2 == dims.len());
        let mut summed = dims.iter().enumerate().filter(|(i, _)| is_summed(*i)).map(|(_, dim)| dim.known());
        let n_products = summed.try_fold(1usize, |product, size| product.checked_mul(size?));
        let bias = bias.and_then(|bias| node.input(bias));
        Some(Self {
            x: graph.quant(x)?,
            w: graph.quant(w)?,
            // The axes that a batch of products or groups of transposed convolutions sum over differ: bounded by type.
            weights: graph.constant(w).filter(|w| w.shape().len() == 2 || matches!(node.op, Op::Conv(_))),
            axis,
            n_products,
            bias: bias.and_then(|id| Some((&**graph.quant(id)?, graph.constant(id)))),
        })
    }

    /// Checks that no input makes the sum overflow.
    ///
    /// # Errors
    /// Names the bound.
    pub fn check(&self) -> Result<()> {
        let Some(n_products) = self.n_products.filter(|_| !self.is_wide()) else { return Ok(()) };
        let (x, w) = (largest_distance(self.x), largest_distance(self.w));
        let by_type = (n_products as u64).saturating_mul(x).saturating_mul(w);
        if by_type.saturating_add(self.largest_bias()) <= I32_MAX {
            return Ok(());
        }
        let Some(sums) = self.weights.and_then(|weights| self.sums_of_weights(weights)) else {
            return Err(overflow(by_type, &format!("{n_products} products of up to {x} × {w}")));
        };
        for (output, sum) in sums.into_iter().enumerate() {
            let largest = sum.saturating_mul(x).saturating_add(self.bias_of(output));
            if largest > I32_MAX {
                let what = format!(
                    "output {output}: weights that sum to {sum}, times inputs of up to {x}, and its bias"
                );
                return Err(overflow(largest, &what));
            }
        }
        Ok(())
    }

    /// Whether runtimes add in 64 bits.
    fn is_wide(&self) -> bool {
        self.x.storage == DType::I16
    }

    /// Checks that the bias counts in steps of the products.
    fn check_bias_scale(&self) -> Result<()> {
        let Some((bias, _)) = self.bias else { return Ok(()) };
        let pairs = bias.scale.iter().enumerate().map(|(i, &scale)| {
            let w = self.w.scale.get(i).or(self.w.scale.first()).copied().unwrap_or(1.0);
            (f64::from(scale), f64::from(self.x.scale[0]) * f64::from(w))
        });
        for (scale, expected) in pairs {
            if (scale - expected).abs() > BIAS_SCALE_TOLERANCE * expected {
                return Err(Error::graph(format!(
                    "the bias has the scale {scale}, but input × weight is {expected}"
                )));
            }
        }
        if bias.storage != DType::I32 || bias.zero_point.iter().any(|&zero_point| zero_point != 0) {
            return Err(Error::graph(format!(
                "a bias of {} where i32 with zero point 0 is needed",
                bias.storage
            )));
        }
        Ok(())
    }

    fn largest_bias(&self) -> u64 {
        let bias = self.bias.and_then(|(_, bias)| bias?.as_slice::<i32>().ok());
        bias.unwrap_or_default().iter().map(|bias| u64::from(bias.unsigned_abs())).max().unwrap_or(0)
    }

    fn bias_of(&self, output: usize) -> u64 {
        let bias = self.bias.and_then(|(_, bias)| bias?.as_slice::<i32>().ok()).unwrap_or_default();
        bias.get(output).or(bias.first()).map_or(0, |bias| bias.unsigned_abs().into())
    }

    /// For each output, the sum of the distances of its weights from their zero point.
    fn sums_of_weights(&self, weights: &Tensor) -> Option<Vec<u64>> {
        let shape = weights.shape();
        let inner: usize = shape[self.axis + 1..].iter().product();
        let mut sums = vec![0; *shape.get(self.axis)?];
        for (index, w) in weights.to_i64_vec().ok()?.into_iter().enumerate() {
            let output = index / inner % shape[self.axis];
            let zero_point = self.w.zero_point[self.w.group(index, shape)];
            sums[output] += w.abs_diff(zero_point.into());
        }
        Some(sums)
    }
}

const I32_MAX: u64 = i32::MAX as u64;

/// How far an integer can be from its zero point.
fn largest_distance(params: &QuantParams) -> u64 {
    let distance = |&zero: &i32| {
        let (min, max) = (i64::from(params.quant_min), i64::from(params.quant_max));
        min.abs_diff(zero.into()).max(max.abs_diff(zero.into()))
    };
    params.zero_point.iter().map(distance).max().unwrap_or(0)
}

fn overflow(largest: u64, what: &str) -> Error {
    Error::graph(format!("a sum of up to {largest} does not fit 32 bits (at most {I32_MAX}): {what}"))
        .help("leave the node in float, or store activations or weights in fewer bits")
}

#[cfg(test)]
mod tests {
    use crate::graph::{Graph, text};

    fn graph(source: &str) -> Graph {
        let mut graph = text::parse(source).unwrap();
        graph.infer().unwrap();
        graph
    }

    /// A product of `[1, k]` and `[k, 2]` of the given storage types.
    fn product(k: usize, x: &str, w: &str) -> Graph {
        graph(&format!(
            "graph(%x: {x}[1,{k}]{{scale=0.5, zero_point=0}}) {{\n  %w: {w}[{k},2]{{scale=0.25, zero_point=0}} = const fill(127)\n  \
             %y: f32[1,2] = mat_mul(%x, %w)\n  return %y\n}}"
        ))
    }

    #[test]
    fn sums_that_fit_pass_and_larger_ones_name_the_bound() {
        // 255 × 127 × k ≤ 2^31 - 1 up to k = 66 311.
        product(66_311, "u8", "i8").verify().unwrap();
        let error = product(66_312, "u8", "i8").verify().unwrap_err().to_string();
        assert!(error.contains("2147514120 does not fit 32 bits (at most 2147483647)"), "{error}");
        let error = product(520, "u16", "i8").verify().unwrap_err().to_string();
        assert!(error.contains("does not fit 32 bits"), "{error}");
    }

    #[test]
    fn a_bias_counts_in_steps_of_the_products() {
        let source = |scale: &str| {
            format!(
                "graph(%x: u8[1,3]{{scale=0.5, zero_point=3}}) {{\n  %w: i8[3,1]{{scale=0.25, zero_point=0}} = const fill(2)\n  \
                 %b: i32[1]{{scale={scale}, zero_point=0}} = const [7]\n  \
                 %y: u8[1,1]{{scale=1, zero_point=0}} = gemm(%x, %w, %b)\n  return %y\n}}"
            )
        };
        graph(&source("0.125")).verify().unwrap();
        let error = graph(&source("0.13")).verify().unwrap_err().to_string();
        assert!(error.contains("input × weight is 0.125"), "{error}");
    }

    #[test]
    fn types_follow_as_for_real_numbers() {
        let source = "graph(%x: u8[N,3,8,8]{scale=0.5, zero_point=3}) {\n  \
                      %w: i8[4,3,3,3]{scale=0.25, zero_point=0} = const fill(1)\n  \
                      %y: i8[N,4,6,6]{scale=0.1, zero_point=-128} = conv(%x, %w)\n  %z = max_pool(%y) {kernel_shape=[2, 2]}\n  \
                      %s = sigmoid(%z)\n  return %s, %z\n}";
        let graph = graph(source);
        graph.verify().unwrap();
        let ty = |name: &str| graph[graph.find(name).unwrap()].ty.as_ref().unwrap().to_string();
        assert_eq!(ty("z"), "i8[N,4,5,5]{scale=0.1, zero_point=-128}");
        assert_eq!(ty("s"), "f32[N,4,5,5]");
        assert_eq!(
            text::print(&text::parse(&text::print(&graph).replace('#', "fill(1) ;")).unwrap())
                .lines()
                .count(),
            7
        );
    }
}

//! Weights and biases of a unit.

use qdq_schema::tflite::tensor_type;

use super::NodeWriter;
use crate::error::{Error, Result};
use crate::formats::tflite::layout::{transposed, transposed_params};
use crate::formats::tflite::read::DYNAMIC_RANGE;
use crate::formats::tflite::spec;
use crate::formats::tflite::unit::dequantized;
use crate::graph::ValueId;
use crate::ops::Op;
use crate::tensor::{DType, Data, Granularity, QuantParams, Tensor};

impl<'g> NodeWriter<'_, 'g> {
    /// Weights with axes in the order `perm`; output channels lie on `axis` of the result.
    ///
    /// # Errors
    /// Parameters that the specification forbids, for an integer op.
    pub(crate) fn weights(&mut self, position: usize, perm: &[usize], axis: usize) -> Result<i32> {
        let value = self.value(position)?;
        let name = self.graph()[value].name().to_owned();
        if let Some(constant) = self.graph().constant(value) {
            let moved = transposed(constant, perm)?;
            return self.writer.add_constant(&name, &moved, None);
        }
        let source = self.writer.uses.producer_node(self.graph(), value);
        let source = source.and_then(|node| Some((&node.op, self.graph().constant(node.input(0)?)?)));
        match source {
            Some((Op::Dequantize(op), constant)) => {
                let moved = transposed(constant, perm)?;
                let params = transposed_params(&op.params, perm, constant.shape());
                let index = self.writer.add_constant(&name, &moved, Some(&params))?;
                if self.unit.integer.is_some() {
                    spec::check_weights(&params, Some(axis)).map_err(|error| error.value(&name))?;
                    check_narrow(&moved, &params).map_err(|error| error.value(&name))?;
                    return Ok(index);
                }
                // Blocks are for dense layers, which always quantize their input then.
                let is_block = matches!(params.granularity, Granularity::PerBlock { axis: 1, .. });
                let is_dense = matches!(self.node().op, Op::Gemm(_) | Op::MatMul(_));
                let is_hybrid =
                    self.dynamic_range().is_some() && spec::check_weights(&params, Some(axis)).is_ok();
                if is_hybrid || (is_block && is_dense) {
                    self.hybrid = Some(params.granularity != Granularity::PerTensor);
                    return Ok(index);
                }
                if matches!(params.granularity, Granularity::PerBlock { .. }) {
                    return Err(Error::unsupported("weights quantized in blocks").value(name).help(
                        "TFLite has blocks along the summed axis of dense layers: quantize these weights for each output channel",
                    ));
                }
                self.dequantize(&name, index, params.storage, &moved)
            }
            Some((Op::Cast(_), constant)) if constant.dtype() == DType::F16 => {
                let moved = transposed(constant, perm)?;
                let index = self.writer.add_constant(&name, &moved, None)?;
                self.dequantize(&name, index, DType::F16, &moved)
            }
            _ => {
                let tensor = self.writer.tensor(value)?;
                self.transpose(tensor, perm)
            }
        }
    }

    /// What the model's property says of float ops with integer weights.
    pub(super) fn dynamic_range(&self) -> Option<&'g str> {
        let properties = &self.graph().metadata.properties;
        properties.iter().find(|(key, _)| key == DYNAMIC_RANGE).map(|(_, value)| value.as_str())
    }

    /// Whether it quantizes its input asymmetrically while it runs.
    pub(crate) fn is_asymmetric_hybrid(&self) -> bool {
        self.hybrid.is_some() && self.dynamic_range() == Some("asymmetric")
    }

    /// A bias of this many numbers, in 32 or 64 bits with scale input × weight for an integer op.
    ///
    /// Without one, −1 or zeros, as the operator wants it.
    ///
    /// # Errors
    /// Integers whose scale is not input × weight.
    pub(crate) fn bias(
        &mut self,
        position: usize,
        x: i32,
        weights: i32,
        n_outputs: usize,
        zeros: bool,
    ) -> Result<i32> {
        let value = self.unit.bias.or_else(|| self.unit.inputs.get(position).copied().flatten());
        let params = self.bias_params(x, weights, n_outputs)?;
        let Some(value) = value else {
            if !zeros {
                return Ok(-1);
            }
            let floats = Tensor::vector(vec![0f32; n_outputs]);
            return self.add_bias("bias", &floats, params.as_ref());
        };
        let name = self.graph()[value].name().to_owned();
        if let Some(constant) = self.graph().constant(value) {
            let flat = constant.clone().reshaped(vec![constant.len()])?;
            return self.add_bias(&name, &flat, params.as_ref());
        }
        let Some((op, integers)) = dequantized(self.graph(), &self.writer.uses, value) else {
            let source = self.writer.uses.producer_node(self.graph(), value);
            let is_half = source.is_some_and(|node| matches!(node.op, Op::Cast(_)));
            if params.is_some() || !is_half {
                return if params.is_some() {
                    Err(Error::unsupported("a bias that is computed").value(name))
                } else {
                    self.writer.tensor(value)
                };
            }
            return self.weights_as_they_are(value);
        };
        let Some(constant) = self.graph().constant(integers) else { return self.writer.tensor(value) };
        let Some(params) = params else { return self.writer.tensor(value) };
        check_bias(&op.params, &params).map_err(|error| error.value(&name))?;
        let flat = constant.clone().reshaped(vec![constant.len()])?;
        self.add_integer_bias(&name, &flat, &params)
    }

    pub(super) fn weights_as_they_are(&mut self, value: ValueId) -> Result<i32> {
        let node = self.writer.uses.producer_node(self.graph(), value);
        let constant = node.and_then(|node| self.graph().constant(node.input(0)?));
        let name = self.graph()[value].name().to_owned();
        match constant {
            Some(constant) if constant.dtype() == DType::F16 => {
                let index = self.writer.add_constant(&name, constant, None)?;
                self.dequantize(&name, index, DType::F16, constant)
            }
            _ => self.writer.tensor(value),
        }
    }

    /// For an integer op, the parameters that its bias must have.
    pub(super) fn bias_params(&self, x: i32, weights: i32, n_outputs: usize) -> Result<Option<QuantParams>> {
        if self.unit.integer.is_none() {
            return Ok(None);
        }
        let (Some(x), Some(w)) = (self.writer.params_of(x), self.writer.params_of(weights)) else {
            return Err(Error::internal("an integer op without parameters"));
        };
        if w.scale.len() > 1 && w.scale.len() != n_outputs {
            return Err(Error::graph(format!("{} scales for {n_outputs} outputs", w.scale.len())));
        }
        Ok(Some(QuantParams::of_bias(x.scale[0], &w.scale)))
    }

    pub(super) fn add_bias(
        &mut self,
        name: &str,
        floats: &Tensor,
        params: Option<&QuantParams>,
    ) -> Result<i32> {
        let Some(params) = params else { return self.writer.add_constant(name, floats, None) };
        // Source: TFLite's quantizer; the product with the reciprocal in f32, halves away from 0.
        let integer = |(channel, bias): (usize, &f32)| {
            let scale = params.scale[if params.scale.len() == 1 { 0 } else { channel }];
            let integer = (bias * (1.0 / scale)).round();
            let fits = self.unit_storage() == Some(DType::I16) || integer.abs() < 2f32.powi(31);
            if !fits || !integer.is_finite() {
                return Err(Error::unsupported(format!("a bias of {bias} in steps of {scale}"))
                    .value(name)
                    .help("its weights are too small: quantize them with a larger scale"));
            }
            Ok(integer as i64)
        };
        let integers =
            floats.as_slice::<f32>()?.iter().enumerate().map(integer).collect::<Result<Vec<i64>>>()?;
        self.add_integer_bias(name, &Tensor::vector(integers), params)
    }

    pub(super) fn add_integer_bias(
        &mut self,
        name: &str,
        integers: &Tensor,
        params: &QuantParams,
    ) -> Result<i32> {
        let integers = integers.to_i64_vec()?;
        if self.unit_storage() == Some(DType::I16) {
            return self.writer.add_constant(name, &Tensor::vector(integers), Some(params));
        }
        let narrow: Vec<i32> = integers.into_iter().map(|integer| integer as i32).collect();
        self.writer.add_constant(name, &Tensor::vector(narrow), Some(params))
    }

    /// The type that a 16-bit op's bias has, for the options of its operator.
    pub(crate) fn bias_type(&self) -> i8 {
        if self.unit_storage() == Some(DType::I16) { tensor_type::INT64 } else { 0 }
    }
}

/// Weights must not use −128 (or −8), for which kernels leave no room.
fn check_narrow(weights: &Tensor, params: &QuantParams) -> Result<()> {
    let (min, _) = params.storage.integer_range().unwrap_or_default();
    let has_min = match weights.data() {
        Data::I8(elements) => elements.contains(&-128),
        _ => false,
    };
    if has_min {
        return Err(Error::unsupported(format!("weights of {min}"))
            .help("quantize weights to the narrow range -127..127"));
    }
    Ok(())
}

/// A bias in integers must have scale input × weight, up to rounding, and zero point 0.
fn check_bias(own: &QuantParams, wanted: &QuantParams) -> Result<()> {
    /// How far the product of two scales may be off: it was rounded to f32.
    const RELATIVE: f32 = 1e-5;
    let scale = |params: &QuantParams, channel: usize| {
        params.scale[if params.scale.len() == 1 { 0 } else { channel }]
    };
    let n_channels = own.scale.len().max(wanted.scale.len());
    let differs = (0..n_channels).any(|channel| {
        (scale(own, channel) - scale(wanted, channel)).abs() > RELATIVE * scale(wanted, channel)
    });
    if own.scale.len() > 1 && wanted.scale.len() > 1 && own.scale.len() != wanted.scale.len() {
        return Err(Error::graph("a bias and weights of different numbers of channels"));
    }
    if differs || own.zero_point.iter().any(|zero| *zero != 0) {
        return Err(Error::unsupported(
            "a bias whose scale is not input × weight, or whose zero point is not 0",
        )
        .help("leave the bias in float, or quantize it with scale input × weight"));
    }
    Ok(())
}

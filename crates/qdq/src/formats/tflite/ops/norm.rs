//! Normalizations, which TFLite has not: they are written out.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{builtin_operator as code, builtin_options as tag, reducer_options};

use super::super::node_writer::{NodeWriter, Options};
use crate::error::{Error, Result};
use crate::ops::{BatchNormalization, LayerNormalization};
use crate::tensor::Dim;

fn add() -> Options {
    (tag::ADD_OPTIONS, Object::default())
}

fn mul() -> Options {
    (tag::MUL_OPTIONS, Object::default())
}

/// `x · scale / √(variance + epsilon) + (bias - mean · scale / √(variance + epsilon))`
pub(super) fn write_batch_normalization(op: &BatchNormalization, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    let mut parameters = Vec::new();
    for position in 1..5 {
        let Some(constant) = w.constant(position).filter(|_| !op.training_mode) else {
            return Err(Error::unsupported("batch normalization by statistics of the batch"));
        };
        parameters.push(constant.to_f32_vec()?);
    }
    let [scale, bias, mean, variance] = parameters.as_slice() else {
        return Err(Error::internal("four parameters"));
    };
    let factors: Vec<f32> = scale.iter().zip(variance).map(|(s, v)| s / (v + op.epsilon).sqrt()).collect();
    let offsets: Vec<f32> = bias.iter().zip(mean).zip(&factors).map(|((b, m), f)| b - m * f).collect();
    let rank = w.node_dims(0)?.len();
    let mut shape = vec![1; rank.max(1)];
    if rank >= 2 {
        shape[1] = factors.len();
    }
    let x = w.input(0)?;
    let (factors, offsets) =
        (w.float_tensor("factors", shape.clone(), &factors)?, w.float_tensor("offsets", shape, &offsets)?);
    let dims = w.tensor_dims(x);
    let scaled = w.temporary("scaled", dims, x)?;
    w.push_float(code::MUL, Some(mul()), vec![x, factors], scaled);
    w.emit(code::ADD, Some(add()), vec![scaled, offsets])
}

/// `(x - mean) / √(variance + epsilon) · scale + bias` over the last axes.
pub(super) fn write_layer_normalization(op: &LayerNormalization, w: &mut NodeWriter<'_, '_>) -> Result<()> {
    if w.node().outputs.iter().skip(1).any(Option::is_some) {
        return Err(Error::unsupported("layer normalization that gives its statistics"));
    }
    let dims = w.node_dims(0)?;
    let rank = dims.len() as i64;
    let first = if op.axis < 0 { op.axis + rank } else { op.axis };
    let axes: Vec<i64> = (first..rank).collect();
    let mut reduced = dims.clone();
    for axis in &axes {
        if let Some(dim) = usize::try_from(*axis).ok().and_then(|axis| reduced.get_mut(axis)) {
            *dim = Dim::Known(1);
        }
    }
    let x = w.input(0)?;
    let (axes, epsilon) = (w.int_vector(&axes)?, w.float_constant("epsilon", &[op.epsilon])?);
    let keep = || Some((tag::REDUCER_OPTIONS, Object::default().set(reducer_options::KEEP_DIMS, true)));
    let small = |w: &mut NodeWriter<'_, '_>, name: &str| w.temporary(name, reduced.clone(), x);
    let mean = small(w, "mean")?;
    w.push_float(code::MEAN, keep(), vec![x, axes], mean);
    let squares = w.temporary("squares", dims.clone(), x)?;
    let options = Some((tag::SQUARED_DIFFERENCE_OPTIONS, Object::default()));
    w.push_float(code::SQUARED_DIFFERENCE, options, vec![x, mean], squares);
    let variance = small(w, "variance")?;
    w.push_float(code::MEAN, keep(), vec![squares, axes], variance);
    let shifted = small(w, "shifted")?;
    w.push_float(code::ADD, Some(add()), vec![variance, epsilon], shifted);
    let inverse = small(w, "inverse")?;
    w.push_float(code::RSQRT, None, vec![shifted], inverse);
    let centred = w.temporary("centred", dims.clone(), x)?;
    w.push_float(code::SUB, Some((tag::SUB_OPTIONS, Object::default())), vec![x, mean], centred);
    let normal = w.temporary("normal", dims.clone(), x)?;
    w.push_float(code::MUL, Some(mul()), vec![centred, inverse], normal);
    let scale = w.input(1)?;
    if !w.has(2) {
        return w.emit(code::MUL, Some(mul()), vec![normal, scale]);
    }
    let scaled = w.temporary("scaled", dims, x)?;
    w.push_float(code::MUL, Some(mul()), vec![normal, scale], scaled);
    let bias = w.input(2)?;
    w.emit(code::ADD, Some(add()), vec![scaled, bias])
}

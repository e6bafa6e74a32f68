//! Real to integer and back.

use qdq::quant::scheme::torch::{dequantize, dequantize_float_qparams, quantize, quantize_float_qparams};

use super::golden::{Array, Case, Outcome, digest};
use super::streams;

pub(crate) fn run(case: &Case) -> Outcome {
    let batch = streams::batches(&case.stream, &case.shape).swap_remove(0);
    let values: &[f32] = batch.as_slice().unwrap();
    let scales = case.scale.as_ref().unwrap().numbers();
    let range = case.spec("MinMaxObserver").quant_range().unwrap();
    let inner = values.len() / scales.len();
    let (mut integers, mut reals) = (Vec::new(), Vec::new());
    for (index, &value) in values.iter().enumerate() {
        let channel = index / inner;
        let scale = scales[channel];
        let (integer, real) = if let Some(zero_points) = &case.real_zero_point {
            let zero_point = zero_points.numbers()[channel];
            let integer = quantize_float_qparams(value, 1.0 / scale, zero_point, range);
            (integer, dequantize_float_qparams(integer, scale, zero_point))
        } else {
            let zero_point = case.zero_point.as_ref().unwrap()[channel].as_i64().unwrap() as i32;
            let integer = quantize(value, 1.0 / scale, zero_point, range);
            (integer, dequantize(integer, scale, zero_point))
        };
        integers.extend(integer.to_le_bytes());
        reals.push(real);
    }
    Outcome { integers: Some(digest(&integers)), reals: Some(Array::of(&reals)), ..Outcome::default() }
}

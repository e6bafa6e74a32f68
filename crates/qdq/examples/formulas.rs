//! The formulas of scales, zero points and integers, one request a line: what `conformance/formulas.py` compares with
//! the Python packages of the runtimes (`formulas_litert.py` likewise).
//!
//! Reads JSON objects from standard input and writes one for each; f32 numbers go both ways as their bits.
//!
//! | request | answer |
//! |---|---|
//! | `{"op": "affine", "range": [min, max], "storage": "u8"}` | `{"scale": [..], "zero_point": [..]}` |
//! | `{"op": "symmetric", "values": [..], "storage": "i8", "limits": [-127, 127]}` | the same, and `"integers"` |
//! | `{"op": "quantize", "values": [..], "storage": "u8", "scale": s, "zero_point": z}` | `{"integers": [..]}` |
//! | `{"op": "half_away", ..as quantize..}` | `{"integers": [..]}` |
//! | `{"op": "dequantize", "integers": [..], "scale": s, "zero_point": z}` | `{"values": [..]}` |
//! | `{"op": "requantize", "integers": [..], "from": [s, z], "to": [s, z], "storage": "i8"}` | `{"integers": [..]}` |
//! | `{"op": "litert_activation", "range": [min, max], "storage": "i8"}` | as `affine` |
//! | `{"op": "litert_channel", "weights": [..], "bias": b, "input_scale": s}` | scales and integers of both |
//! | `{"op": "bias", "values": [..], "input_scale": s, "weight_scales": [..]}` | `{"scale": [..], "integers": [..]}` |
#![allow(clippy::print_stdout, reason = "the answers")]

use std::error::Error;
use std::io::BufRead as _;

use qdq::kernels::quantize::{
    self as kernels, Convention, FixedPoint, FixedRounding, Groups, Limits, Spread,
};
use qdq::quant::observers::Range;
use qdq::quant::scheme::litert;
use qdq::quant::{affine_params, quantize_bias, quantize_tensor, symmetric_params};
use qdq::tensor::{DType, QuantParams, Tensor};
use serde_json::{Value, json};

type Answer = Result<Value, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        println!("{}", answer(&request).unwrap_or_else(|error| json!({ "error": error.to_string() })));
    }
    Ok(())
}

fn answer(request: &Value) -> Answer {
    match request["op"].as_str() {
        Some("affine") => {
            let range = floats(&request["range"])?;
            let [min, max] = range[..] else { return Err("a range has two ends".into()) };
            Ok(params_json(&affine_params(Range { min, max }, storage(request)?)))
        }
        Some("symmetric") => {
            let values = Tensor::vector(floats(&request["values"])?);
            let limits = |idx: usize| request["limits"][idx].as_i64().map(|limit| limit as i32);
            let limits = limits(0).zip(limits(1)).ok_or("no limits")?;
            let params = symmetric_params(&values, None, storage(request)?, limits)?;
            let mut answer = params_json(&params);
            answer["integers"] = quantize_tensor(&values, &params)?.to_i64_vec()?.into();
            Ok(answer)
        }
        Some("quantize") => {
            let values = Tensor::vector(floats(&request["values"])?);
            let zero_point = request["zero_point"].as_i64().ok_or("no zero point")? as i32;
            let params = QuantParams::per_tensor(storage(request)?, float(&request["scale"])?, zero_point);
            let integers = qdq::ops::quantize(&values, &params)?.to_i64_vec()?;
            let of_weights = quantize_tensor(&values, &params)?.to_i64_vec()?;
            Ok(json!({ "integers": integers, "integers_of_weights": of_weights }))
        }
        Some("litert_activation") => {
            let range = floats(&request["range"])?;
            let [min, max] = range[..] else { return Err("a range has two ends".into()) };
            let range = Range { min, max };
            Ok(params_json(&match storage(request)? {
                DType::I16 => litert::int16_activation(range),
                _ => litert::int8_activation(range),
            }))
        }
        Some("litert_channel") => litert_channel(request),
        Some("half_away") => half_away(request),
        Some("dequantize") => {
            let (integers, scale) = (integers(&request["integers"])?, float(&request["scale"])?);
            let mut values = vec![0f32; integers.len()];
            let zero_points = [integer(&request["zero_point"])?];
            let groups = Groups { steps: &[scale], zero_points: &zero_points, spread: Spread::Tensor };
            kernels::dequantize(&integers, &mut values, groups);
            Ok(json!({ "values": values.iter().map(|value| value.to_bits()).collect::<Vec<_>>() }))
        }
        Some("requantize") => requantize(request),
        Some("bias") => {
            let values = Tensor::vector(floats(&request["values"])?);
            let scales = floats(&request["weight_scales"])?;
            let n_scales = scales.len();
            let weights = QuantParams::per_axis(DType::I8, 0, scales, vec![0; n_scales]);
            let params = QuantParams::of_bias(float(&request["input_scale"])?, &weights.scale);
            let mut answer = params_json(&params);
            answer["integers"] = quantize_bias(&values, &params)?.to_i64_vec()?.into();
            Ok(answer)
        }
        _ => Err("unknown op".into()),
    }
}

/// Weights of one output channel and its bias.
fn litert_channel(request: &Value) -> Answer {
    let (weights, bias) = (floats(&request["weights"])?, float(&request["bias"])?);
    let end = |pick: fn(f32, f32) -> f32| weights.iter().copied().reduce(pick).unwrap_or(0.0);
    let range = Range { min: end(f32::min), max: end(f32::max) };
    let scale = litert::int8_weights(&[range], None).scale[0];
    let integers: Vec<i32> =
        weights.iter().map(|&weight| litert::quantize(weight, scale, (-127, 127))).collect();
    let bias_scale = litert::bias_scale(float(&request["input_scale"])?, scale);
    let wide = litert::quantize_bias_i64(bias, bias_scale)?;
    let narrow = litert::quantize(bias, bias_scale, (i32::MIN, i32::MAX));
    Ok(json!({
        "scale": scale.to_bits(), "integers": integers, "bias_scale": bias_scale.to_bits(), "i32": narrow, "i64": wide
    }))
}

/// `round_half_away(x / scale) + zero_point`.
fn half_away(request: &Value) -> Answer {
    let (values, scale) = (floats(&request["values"])?, float(&request["scale"])?);
    let zero_points = [integer(&request["zero_point"])?];
    let groups = Groups { steps: &[scale], zero_points: &zero_points, spread: Spread::Tensor };
    let limits = limits(storage(request)?)?;
    let mut integers = vec![0i32; values.len()];
    kernels::quantize(&values, &mut integers, groups, limits, Convention::DivideHalfAway);
    Ok(json!({ "integers": integers }))
}

/// From one scale and zero point to another, in fixed point and rounded twice.
fn requantize(request: &Value) -> Answer {
    let (from, to) = (&request["from"], &request["to"]);
    let (from_zero, to_zero) = (integer(&from[1])?, [integer(&to[1])?]);
    let factor = [FixedPoint::new(f64::from(float(&from[0])?) / f64::from(float(&to[0])?))];
    let steps: Vec<i32> = integers(&request["integers"])?.iter().map(|integer| integer - from_zero).collect();
    let groups = Groups { steps: &factor, zero_points: &to_zero, spread: Spread::Tensor };
    let mut integers = vec![0i32; steps.len()];
    let limits = limits(storage(request)?)?;
    kernels::requantize_fixed(&steps, &mut integers, groups, limits, FixedRounding::Double);
    Ok(json!({ "integers": integers }))
}

fn limits(storage: DType) -> Result<Limits, Box<dyn Error>> {
    let (min, max) = storage.integer_range().ok_or("no integers")?;
    Ok(Limits { min, max })
}

fn integer(value: &Value) -> Result<i32, Box<dyn Error>> {
    value.as_i64().map(|integer| integer as i32).ok_or_else(|| "no integer".into())
}

fn integers(list: &Value) -> Result<Vec<i32>, Box<dyn Error>> {
    list.as_array().ok_or("no list of integers")?.iter().map(integer).collect()
}

fn params_json(params: &QuantParams) -> Value {
    let scale: Vec<u32> = params.scale.iter().map(|scale| scale.to_bits()).collect();
    json!({ "scale": scale, "zero_point": params.zero_point[..] })
}

fn storage(request: &Value) -> Result<DType, Box<dyn Error>> {
    match request["storage"].as_str() {
        Some("i8") => Ok(DType::I8),
        Some("u8") => Ok(DType::U8),
        Some("i16") => Ok(DType::I16),
        Some("u16") => Ok(DType::U16),
        Some("i4") => Ok(DType::I4),
        Some("u4") => Ok(DType::U4),
        other => Err(format!("storage {other:?}").into()),
    }
}

fn float(bits: &Value) -> Result<f32, Box<dyn Error>> {
    let bits = bits.as_u64().and_then(|bits| u32::try_from(bits).ok()).ok_or("a float is 32 bits")?;
    Ok(f32::from_bits(bits))
}

fn floats(list: &Value) -> Result<Vec<f32>, Box<dyn Error>> {
    list.as_array().ok_or("no list of floats")?.iter().map(float).collect()
}

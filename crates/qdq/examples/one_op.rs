//! Runs nodes in integer form through a profile, many in one process: our side of `conformance/one_op.py`.
//!
//! `one_op PROFILE FOLDER` reads `FOLDER/cases.json`, a list of [`Case`], and `FOLDER/inputs.bin`, the elements of all
//! tensors; writes `FOLDER/outputs.bin` and `FOLDER/results.json`, a list of [`Output`]s or an error for each case.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use qdq::error::{Error, Result};
use qdq::exec::{IntegerInput, IntegerNode, Profile};
use qdq::ops::{Args, Attr, Dequantize, EvalContext, Op, Quantize};
use qdq::profiles::Runtime;
use qdq::tensor::{DType, Data, QuantParams, Tensor};
use serde::{Deserialize, Serialize};

/// One node with its inputs.
#[derive(Deserialize)]
struct Case {
    op: String,
    /// Bools, integers, floats, words, and lists of integers or floats.
    attrs: serde_json::Map<String, serde_json::Value>,
    inputs: Vec<Option<Input>>,
    /// Parameters of the outputs; none for real numbers.
    outputs: Vec<Option<Quant>>,
}

#[derive(Deserialize)]
struct Input {
    #[serde(flatten)]
    source: Source,
    constant: bool,
    quant: Option<Quant>,
}

/// Where an input's elements are.
#[derive(Deserialize)]
#[serde(untagged)]
enum Source {
    /// In `inputs.bin`, from byte `offset`.
    File { dtype: String, shape: Vec<usize>, offset: usize },
    /// The first output of an earlier case.
    Case { from: usize },
}

#[derive(Deserialize)]
struct Quant {
    storage: String,
    scale: Vec<f32>,
    zero_point: Vec<i32>,
    axis: Option<usize>,
}

/// One tensor that was computed.
#[derive(Serialize)]
struct Output {
    dtype: String,
    shape: Vec<usize>,
    offset: usize,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Outputs(Vec<Output>),
    Error(String),
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, profile, folder] = args.as_slice() else { return Err("usage: one_op PROFILE FOLDER".into()) };
    let (profile, folder) = (Runtime::find(profile)?.profile, Path::new(folder));
    let cases: Vec<Case> = serde_json::from_slice(&fs::read(folder.join("cases.json"))?)?;
    let elements = fs::read(folder.join("inputs.bin"))?;
    let mut written = Vec::new();
    let (mut answers, mut results): (Vec<Answer>, Vec<Option<Tensor>>) = (Vec::new(), Vec::new());
    for case in &cases {
        match run(profile, case, &elements, &results) {
            Ok(tensors) => {
                answers.push(Answer::Outputs(tensors.iter().map(|t| write(t, &mut written)).collect()));
                results.push(tensors.into_iter().next());
            }
            Err(error) => {
                answers.push(Answer::Error(error.to_string()));
                results.push(None);
            }
        }
    }
    fs::write(folder.join("outputs.bin"), written)?;
    fs::write(folder.join("results.json"), serde_json::to_vec(&answers)?)?;
    Ok(())
}

fn run(
    profile: &dyn Profile,
    case: &Case,
    elements: &[u8],
    results: &[Option<Tensor>],
) -> Result<Vec<Tensor>> {
    let mut inputs = Vec::new();
    let mut given = Vec::new();
    for input in &case.inputs {
        let Some(input) = input else {
            inputs.push(None);
            given.push(None);
            continue;
        };
        let tensor = tensor(&input.source, elements, results)?;
        inputs.push(Some(IntegerInput {
            dtype: tensor.dtype(),
            quant: input.quant.as_ref().map(|quant| quant.params().map(Arc::new)).transpose()?,
            constant: input.constant.then(|| tensor.clone()),
        }));
        given.push((!input.constant).then_some(tensor));
    }
    let op = match case.op.as_str() {
        "quantize" => Quantize { params: params(case.outputs.first().and_then(Option::as_ref))? }.into(),
        "dequantize" => {
            let quant = case.inputs.first().and_then(Option::as_ref).and_then(|input| input.quant.as_ref());
            Dequantize { params: params(quant)?, dtype: DType::F32 }.into()
        }
        name => Op::from_attrs(name, &case.attrs.iter().map(attr).collect::<Result<Vec<_>>>()?)?,
    };
    if matches!(op, Op::Quantize(_) | Op::Dequantize(_) | Op::DynamicQuantizeLinear(_)) {
        return op.def().eval(EvalContext { n_outputs: case.outputs.len() }, Args(given));
    }
    let outputs = case.outputs.iter();
    let outputs = outputs.map(|quant| quant.as_ref().map(|quant| quant.params().map(Arc::new)).transpose());
    let node = IntegerNode::channels_first(&op, inputs, outputs.collect::<Result<_>>()?);
    profile.prepare(&node)?.run(Args(given))
}

fn params(quant: Option<&Quant>) -> Result<QuantParams> {
    quant.ok_or_else(|| Error::usage("a bridge without parameters"))?.params()
}

fn dtype(name: &str) -> Result<DType> {
    name.parse().map_err(|()| Error::usage(format!("no element type `{name}`")))
}

impl Quant {
    fn params(&self) -> Result<QuantParams> {
        let storage = dtype(&self.storage)?;
        let params = match self.axis {
            Some(axis) => QuantParams::per_axis(storage, axis, self.scale.clone(), self.zero_point.clone()),
            None => QuantParams {
                scale: self.scale.clone().into(),
                zero_point: self.zero_point.clone().into(),
                ..QuantParams::per_tensor(storage, 1.0, 0)
            },
        };
        params.check()?;
        Ok(params)
    }
}

fn attr((name, value): (&String, &serde_json::Value)) -> Result<(String, Attr)> {
    use serde_json::Value;
    let attr = match value {
        Value::Bool(bool) => Attr::Bool(*bool),
        Value::String(word) => Attr::Word(word.clone()),
        Value::Number(number) => match number.as_i64() {
            Some(int) => Attr::Int(int),
            None => Attr::Float(number.as_f64().unwrap_or(f64::NAN) as f32),
        },
        Value::Array(list) => match list.iter().map(Value::as_i64).collect() {
            Some(ints) => Attr::Ints(ints),
            None => Attr::Floats(list.iter().map(|x| x.as_f64().unwrap_or(f64::NAN) as f32).collect()),
        },
        other => return Err(Error::usage(format!("the attribute {other}"))),
    };
    Ok((name.clone(), attr))
}

macro_rules! by_type {
    ($dtype:expr, $bytes:expr, $shape:expr, $($variant:ident $element:ty),*) => {
        match $dtype {
            $(DType::$variant => {
                let size = size_of::<$element>();
                let elements = $bytes.chunks_exact(size).map(bytemuck::pod_read_unaligned::<$element>);
                Tensor::from_vec($shape, elements.collect())
            })*
            DType::Bool => Tensor::from_vec($shape, $bytes.iter().map(|&byte| byte != 0).collect()),
            other => Err(Error::usage(format!("no tensors of {other} here"))),
        }
    };
}

fn tensor(source: &Source, elements: &[u8], results: &[Option<Tensor>]) -> Result<Tensor> {
    let (name, shape, offset) = match source {
        Source::File { dtype, shape, offset } => (dtype, shape.clone(), *offset),
        Source::Case { from } => {
            let result = results.get(*from).and_then(Option::as_ref);
            return result.cloned().ok_or_else(|| Error::usage(format!("case {from} has no output")));
        }
    };
    let dtype = dtype(name)?;
    let count: usize = shape.iter().product();
    let bytes = &elements[offset..][..count * dtype.bits().unwrap_or(0).div_ceil(8)];
    by_type!(dtype, bytes, shape, F32 f32, I8 i8, U8 u8, I16 i16, U16 u16, I32 i32, I64 i64)
}

fn write(tensor: &Tensor, written: &mut Vec<u8>) -> Output {
    let offset = written.len();
    match tensor.data() {
        Data::F32(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
        Data::I8(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
        Data::U8(elements) => written.extend_from_slice(elements),
        Data::I16(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
        Data::U16(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
        Data::I32(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
        Data::I64(elements) => written.extend_from_slice(bytemuck::cast_slice(elements)),
        _ => {}
    }
    Output { dtype: tensor.dtype().to_string(), shape: tensor.shape().to_vec(), offset }
}

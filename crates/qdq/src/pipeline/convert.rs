//! A model from one file into another.

use std::borrow::Cow;
use std::path::Path;

use super::compare::{Difference, real_numbers};
use super::{Format, WrittenModel, read_model, write_model};
use crate::error::{Error, Result};
use crate::exec::{Program, Taps};
use crate::formats::onnx::WriteOptions;
use crate::graph::Graph;
use crate::passes::{self, WholeAveragePool, canonicalize};
use crate::profiles;
use crate::tensor::{DType, Data, QuantParams, Tensor, TensorType};

/// How a quantized ONNX model is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Real-valued operators between `QuantizeLinear` and `DequantizeLinear`.
    Qdq,
    /// Operators on integers, of ONNX and of `com.microsoft`, wherever onnxruntime runs one in the place of a QDQ pattern.
    QOperator,
}

/// The graph in the form in which it is to be written.
///
/// # Errors
/// Integers that a runtime's sums could overflow with; a model without a pattern to replace.
pub fn in_form(graph: &Graph, form: Form) -> Result<Cow<'_, Graph>> {
    match form {
        Form::Qdq => Ok(Cow::Borrowed(graph)),
        Form::QOperator => {
            let lowered = profiles::lower(graph, &profiles::ONNXRUNTIME)?;
            let mut n_integer = 0;
            lowered.body.for_each_node(&mut |node| n_integer += usize::from(lowered.is_integer_form(node)));
            if n_integer == 0 {
                return Err(Error::unsupported("nothing in this model can be an operator on integers")
                    .help("quantize the model first; `qdq explain` tells what onnxruntime makes of it"));
            }
            Ok(Cow::Owned(lowered))
        }
    }
}

/// What came of a conversion.
#[derive(Clone, Debug, PartialEq)]
pub struct Converted {
    /// What came of writing the model.
    pub written: WrittenModel,
    /// With a check: how far each output of the new file is from the old one's on random data.
    pub differences: Vec<Difference>,
}

/// Reads a model and writes it in the format that the name of `out` asks for.
///
/// A model that goes from another format into TFLite is canonicalized first, as TFLite lacks many ops: constants are
/// folded, and batch normalization goes into weights. With `check`, the new file is read again, and both models are run
/// on random data: between −1 and 1 for floats, the whole range for quantized inputs, 0 and 1 for other integers,
/// 1 for sizes that are not known.
///
/// # Errors
/// A file that cannot be read; what the other format cannot hold; models that cannot be run, with `check`.
pub fn convert(model: impl AsRef<Path>, out: impl AsRef<Path>, form: Form, check: bool) -> Result<Converted> {
    let (model, out) = (model.as_ref(), out.as_ref());
    let graph = read_model(model)?;
    if form == Form::QOperator && Format::of_name(out) != Format::Onnx {
        return Err(Error::usage("QOperator is a form of ONNX files")
            .file(out.display())
            .help("name an .onnx file"));
    }
    let written = if Format::of_name(out) == Format::Tflite && !came_from_tflite(model) {
        let mut canonical = graph.clone();
        canonicalize(&mut canonical).map_err(|error| error.file(model.display()))?;
        passes::apply(&mut canonical, &[&WholeAveragePool])?;
        write_model(&canonical, out, WriteOptions::default().max_opset)?
    } else {
        let formed = in_form(&graph, form).map_err(|error| error.file(model.display()))?;
        write_model(&formed, out, WriteOptions::default().max_opset)?
    };
    let differences = if check { compare(graph, read_model(out)?)? } else { Vec::new() };
    Ok(Converted { written, differences })
}

fn came_from_tflite(path: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; 8];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start[4..8] == *crate::formats::tflite::IDENTIFIER
}

/// Runs two models on the same random data and compares their outputs by position.
fn compare(a: Graph, b: Graph) -> Result<Vec<Difference>> {
    let n_outputs = a.body.outputs.len();
    if n_outputs != b.body.outputs.len() || a.body.inputs.len() != b.body.inputs.len() {
        return Err(Error::internal("the new model has other inputs or outputs than the old one"));
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let inputs: Result<Vec<Option<Tensor>>> = a
        .body
        .inputs
        .iter()
        .map(|&id| match &a[id].ty {
            Some(ty) => random.tensor(ty).map(Some).map_err(|error| error.value(a[id].name())),
            None => Err(Error::unsupported("an input of unknown type").value(a[id].name())),
        })
        .collect();
    let inputs = inputs?;
    let of = |graph: &Graph| -> Vec<(String, Option<QuantParams>)> {
        let output = |&id: &crate::graph::ValueId| {
            let quant = graph[id].ty.as_ref().and_then(|ty| ty.quant.as_deref().cloned());
            (graph[id].name().to_owned(), quant)
        };
        graph.body.outputs.iter().map(output).collect()
    };
    let (named_a, named_b) = (of(&a), of(&b));
    let outputs_a = Program::new(a, Taps::default())?.run(inputs.clone(), &mut |_, _| Ok(()))?;
    let outputs_b = Program::new(b, Taps::default())?.run(inputs, &mut |_, _| Ok(()))?;
    let mut differences = Vec::with_capacity(n_outputs);
    for ((a, b), ((name, quant_a), (_, quant_b))) in
        outputs_a.iter().zip(&outputs_b).zip(named_a.into_iter().zip(named_b))
    {
        let (x, y) = (real_numbers(a, quant_a.as_ref())?, real_numbers(b, quant_b.as_ref())?);
        let difference = Difference::of(&x, a.shape(), &y, b.shape()).map_err(|error| error.value(&name))?;
        differences.push(Difference { name, is_output: true, ..difference });
    }
    Ok(differences)
}

/// Numbers that look random and are the same each time (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    fn tensor(&mut self, ty: &TensorType) -> Result<Tensor> {
        let Some(shape) = &ty.shape else { return Err(Error::unsupported("an input of unknown rank")) };
        let shape: Vec<usize> = shape.iter().map(|dim| dim.known().unwrap_or(1)).collect();
        let count = crate::tensor::element_count(&shape).filter(|count| *count < 1 << 30);
        let Some(count) = count else {
            return Err(Error::unsupported(format!("an input of shape {shape:?}")));
        };
        let is_quantized = ty.quant.is_some();
        let mut draw = |bound: u64| -> Vec<u64> { (0..count).map(|_| self.next() % bound).collect() };
        let data = match ty.dtype {
            DType::F32 => {
                let unit = |x: u64| x as f32 / (1u64 << 23) as f32 - 1.0;
                Data::F32(draw(1 << 24).into_iter().map(unit).collect::<Vec<_>>().into())
            }
            DType::I8 => {
                let bound = if is_quantized { 256 } else { 2 };
                Data::I8(draw(bound).into_iter().map(|x| x as i8).collect::<Vec<_>>().into())
            }
            DType::U8 => Data::U8(draw(256).into_iter().map(|x| x as u8).collect::<Vec<_>>().into()),
            DType::I16 => Data::I16(draw(1 << 16).into_iter().map(|x| x as i16).collect::<Vec<_>>().into()),
            DType::I32 => Data::I32(draw(2).into_iter().map(|x| x as i32).collect::<Vec<_>>().into()),
            DType::I64 => Data::I64(draw(2).into_iter().map(|x| x as i64).collect::<Vec<_>>().into()),
            DType::Bool => Data::Bool(draw(2).into_iter().map(|x| x == 1).collect::<Vec<_>>().into()),
            other => {
                return Err(Error::unsupported(format!("random data of {other}"))
                    .help("compare the files with `qdq diff` on data of your own"));
            }
        };
        Tensor::new(shape, data)
    }
}

//! `QuantizeLinear` and `DequantizeLinear`: the hub's bridges if their parameters are constant integers.

use half::{bf16, f16};

use super::super::node_reader::NodeReader;
use super::super::node_writer::{NewNode, NodeWriter, WriteResult};
use super::pick::dtype_attribute;
use crate::error::{Error, Result};
use crate::ops::{Dequantize, DequantizeLinear, Quantize, QuantizeLinear};
use crate::tensor::{Buffer, DType, Data, Granularity, QuantParams, Tensor};

pub(super) fn read_quantize_linear(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let saturate = r.flag("saturate", true)?;
    let precision = r.int("precision", 0)?;
    let declared = output_dtype(r)?;
    let zero_point = r.constant(2).map(|zero_point| zero_point.dtype());
    let is_float = r.dtype(0).is_none_or(DType::is_float);
    let storage = zero_point.or(declared).unwrap_or(DType::U8);
    match read_params(r, storage)? {
        Some(params) if is_float && precision == 0 => {
            let x = r.required(0)?;
            r.push_with(Quantize { params }, vec![Some(x)])
        }
        _ if precision != 0 || r.is_foreign() => r.keep_verbatim(),
        _ => {
            let (axis, block_size) = (r.int("axis", 1)?, r.count("block_size")?.unwrap_or(0));
            r.push(QuantizeLinear { axis, block_size, output_dtype: declared, saturate })
        }
    }
}

pub(super) fn read_dequantize_linear(r: &mut NodeReader<'_, '_>) -> Result<()> {
    let declared = output_dtype(r)?;
    let storage = r.constant(2).map(|zero_point| zero_point.dtype()).or_else(|| r.dtype(0));
    let dtype = declared.or_else(|| r.dtype(1));
    let params = storage.map(|storage| read_params(r, storage)).transpose()?.flatten();
    match (params, dtype) {
        (Some(params), Some(dtype)) => {
            let x = r.required(0)?;
            r.push_with(Dequantize { params, dtype }, vec![Some(x)])
        }
        _ if r.is_foreign() => r.keep_verbatim(),
        _ => {
            let (axis, block_size) = (r.int("axis", 1)?, r.count("block_size")?.unwrap_or(0));
            r.push(DequantizeLinear { axis, block_size, output_dtype: declared })
        }
    }
}

/// The type that the attribute names; 0 names none.
fn output_dtype(r: &NodeReader<'_, '_>) -> Result<Option<DType>> {
    match r.attributes.int("output_dtype")? {
        None | Some(0) => Ok(None),
        Some(_) => dtype_attribute(r, "output_dtype"),
    }
}

/// The parameters, if they are constant and such as the hub has.
fn read_params(r: &NodeReader<'_, '_>, storage: DType) -> Result<Option<QuantParams>> {
    let axis = r.int("axis", 1)?;
    let block_size = r.count("block_size")?.unwrap_or(0);
    let Some(scale) = r.constant(1) else { return Ok(None) };
    if (r.has_input(2) && r.constant(2).is_none()) || !scale.dtype().is_float() {
        return Ok(None);
    }
    let rank = r.rank(0);
    let axis = match rank {
        Some(rank) if axis < 0 => usize::try_from(axis + rank as i64).ok(),
        _ => usize::try_from(axis).ok(),
    };
    let granularity = match (scale.shape(), axis) {
        ([] | [1], _) => Granularity::PerTensor,
        ([_], Some(axis)) if block_size == 0 => Granularity::PerAxis(axis),
        (shape, Some(axis)) if block_size > 0 && rank.is_none_or(|rank| rank == shape.len()) => {
            Granularity::PerBlock { axis, size: block_size }
        }
        _ => return Ok(None),
    };
    let zero_point = match r.constant(2) {
        Some(zero_point) => {
            let integers = zero_point.to_i64_vec()?.into_iter().map(|zero_point| zero_point as i32);
            integers.collect()
        }
        None => vec![0; scale.len()].into(),
    };
    let Some((quant_min, quant_max)) = storage.integer_range() else { return Ok(None) };
    let scale = scale.to_f32()?;
    let params = QuantParams { storage, quant_min, quant_max, scale, zero_point, granularity };
    let fits = match r.ty(0).and_then(|ty| ty.known_dims()) {
        Some(dims) => params.check_shape(&dims),
        None => params.check(),
    };
    Ok(fits.is_ok().then_some(params))
}

pub(super) fn write_quantize(op: &Quantize, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    check_range(&op.params)?;
    let float = w.dtype(0).filter(|dtype| matches!(dtype, DType::F16 | DType::Bf16));
    let node = w.start_first("QuantizeLinear");
    write_params(node, &op.params, float.unwrap_or(DType::F32), w)
}

pub(super) fn write_dequantize(op: &Dequantize, w: &mut NodeWriter<'_, '_>) -> WriteResult {
    let node = w.start_first("DequantizeLinear");
    write_params(node, &op.params, op.dtype, w)
}

/// ONNX clips to the whole range of the type; a narrower one needs a `Clip` before.
fn check_range(params: &QuantParams) -> Result<()> {
    if params.storage.integer_range() == Some((params.quant_min, params.quant_max)) {
        return Ok(());
    }
    Err(Error::unsupported(format!(
        "ONNX quantizes to the whole range of {}, not to {}:{}",
        params.storage, params.quant_min, params.quant_max
    ))
    .help("legalize the graph for ONNX, which clips before"))
}

fn write_params(
    node: NewNode,
    params: &QuantParams,
    float: DType,
    w: &mut NodeWriter<'_, '_>,
) -> WriteResult {
    let shape = match params.granularity {
        Granularity::PerTensor => Vec::new(),
        Granularity::PerAxis(_) => vec![params.scale.len()],
        Granularity::PerBlock { axis, size } => {
            let Some(mut dims) = w.dims(0) else {
                return Err(Error::unsupported("blocks of a tensor whose shape is not known").into());
            };
            if let Some(dim) = dims.get_mut(axis) {
                *dim = dim.div_ceil(size.max(1));
            }
            dims
        }
    };
    let scale = w.add_constant("scale", &scale_tensor(&params.scale, shape.clone(), float)?);
    let zero_point = w.add_constant("zero_point", &zero_point_tensor(params, shape)?);
    let node = node.and_inputs([scale, zero_point]);
    let node = match params.granularity {
        Granularity::PerTensor => node,
        Granularity::PerAxis(axis) => {
            w.require(13)?;
            node.int_unless("axis", axis as i64, 1)
        }
        Granularity::PerBlock { axis, size } => {
            w.require(21)?;
            node.int_unless("axis", axis as i64, 1).int("block_size", size as i64)
        }
    };
    w.finish(node)
}

pub(super) fn scale_tensor(scale: &Buffer<f32>, shape: Vec<usize>, float: DType) -> Result<Tensor> {
    match float {
        DType::F32 => Tensor::new(shape, Data::F32(scale.clone())),
        DType::F16 => Tensor::from_vec(shape, scale.iter().map(|&scale| f16::from_f32(scale)).collect()),
        DType::Bf16 => Tensor::from_vec(shape, scale.iter().map(|&scale| bf16::from_f32(scale)).collect()),
        other => Err(Error::unsupported(format!("ONNX cannot dequantize to {other}"))),
    }
}

pub(super) fn zero_point_tensor(params: &QuantParams, shape: Vec<usize>) -> Result<Tensor> {
    let integers = &params.zero_point;
    let data = match params.storage {
        DType::I8 => Data::I8(integers.iter().map(|&zero| zero as i8).collect::<Vec<_>>().into()),
        DType::U8 => Data::U8(integers.iter().map(|&zero| zero as u8).collect::<Vec<_>>().into()),
        DType::I16 => Data::I16(integers.iter().map(|&zero| zero as i16).collect::<Vec<_>>().into()),
        DType::U16 => Data::U16(integers.iter().map(|&zero| zero as u16).collect::<Vec<_>>().into()),
        DType::I32 => Data::I32(integers.clone()),
        DType::I4 => Data::I4(integers.iter().map(|&zero| zero as i8).collect::<Vec<_>>().into()),
        DType::U4 => Data::U4(integers.iter().map(|&zero| zero as u8).collect::<Vec<_>>().into()),
        other => return Err(Error::unsupported(format!("ONNX cannot quantize to {other}"))),
    };
    Tensor::new(shape, data)
}

//! Tensors of a file: their types, quantization parameters and names.

use std::sync::Arc;

use qdq_schema::flatbuffer::Table;
use qdq_schema::tflite::{quantization_parameters, tensor};

use super::blocks::{Blocks, read_blocks};
use super::damaged;
use super::dtype::read_dtype;
use crate::error::{Error, Result};
use crate::tensor::{DType, Dim, Granularity, QuantParams, TensorType};

/// What a file says of a tensor.
#[derive(Clone, Debug)]
pub(super) struct FileTensor {
    /// Its name; need not be unique.
    pub(super) name: String,
    /// Code of the element type.
    pub(super) code: i8,
    /// The element type, if the hub has it.
    pub(super) dtype: Option<DType>,
    /// Dimensions as they lie in the file.
    pub(super) dims: Vec<Dim>,
    /// Parameters of a quantized tensor.
    pub(super) quant: Option<Arc<QuantParams>>,
    /// Where the scales of its blocks are, if it has any; they come into `quant` when all tensors are known.
    pub(super) blocks: Option<Blocks>,
    /// Position of its buffer.
    pub(super) buffer: usize,
    /// Whether it keeps its content from one run to the next.
    pub(super) is_variable: bool,
}

impl FileTensor {
    /// Its type in the hub, if the hub has the element type.
    pub(super) fn ty(&self) -> Option<TensorType> {
        let ty = TensorType::new(self.dtype?, Some(self.dims.clone()));
        Some(TensorType { quant: self.quant.clone(), ..ty })
    }
}

/// Reads one tensor's description.
pub(super) fn read_tensor(table: &Table<'_>) -> Result<FileTensor> {
    let name = table.text(tensor::NAME).map_err(damaged)?.unwrap_or_default().to_owned();
    let at = |error: Error| error.value(&name);
    let code = table.scalar(tensor::TYPE).map_err(damaged)?;
    let dtype = read_dtype(code);
    if table.child(tensor::SPARSITY).map_err(damaged)?.is_some() {
        return Err(at(Error::unsupported("a sparse tensor").help("save the model with dense weights")));
    }
    let dims = read_dims(table).map_err(at)?;
    let (quant, blocks) = match table.child(tensor::QUANTIZATION).map_err(damaged)? {
        Some(quant) => (read_params(&quant, dtype, &dims).map_err(at)?, read_blocks(&quant).map_err(at)?),
        None => (None, None),
    };
    Ok(FileTensor {
        code,
        dtype,
        dims,
        quant: quant.map(Arc::new),
        blocks,
        buffer: table.scalar(tensor::BUFFER).map_err(damaged)? as usize,
        is_variable: table.scalar(tensor::IS_VARIABLE).map_err(damaged)?,
        name,
    })
}

fn read_dims(table: &Table<'_>) -> Result<Vec<Dim>> {
    let shape = table.vector(tensor::SHAPE).map_err(damaged)?.map(|dims| dims.to_vec()).unwrap_or_default();
    let signature =
        table.vector(tensor::SHAPE_SIGNATURE).map_err(damaged)?.map(|dims| dims.to_vec()).unwrap_or_default();
    let dims = if signature.len() == shape.len() { &signature } else { &shape };
    dims.iter()
        .map(|&dim| match usize::try_from(dim) {
            Ok(dim) => Ok(Dim::Known(dim)),
            Err(_) if dim == -1 => Ok(Dim::Any),
            Err(_) => Err(Error::malformed(format!("dimension {dim}"))),
        })
        .collect()
}

/// Parameters of a quantized tensor; `None` where there are no scales, or the elements are floats.
fn read_params(table: &Table<'_>, dtype: Option<DType>, dims: &[Dim]) -> Result<Option<QuantParams>> {
    let scale = table.vector(quantization_parameters::SCALE).map_err(damaged)?;
    let zero_point = table.vector(quantization_parameters::ZERO_POINT).map_err(damaged)?;
    let axis = table.scalar(quantization_parameters::QUANTIZED_DIMENSION).map_err(damaged)?;
    let (Some(scale), Some(dtype)) = (scale.filter(|scale| !scale.is_empty()), dtype) else {
        return Ok(None);
    };
    // Biases of 16-bit models have 64 bits; the hub stores them in 32 where they fit.
    let storage = if dtype == DType::I64 { DType::I32 } else { dtype };
    let Some((quant_min, quant_max)) = storage.integer_range() else { return Ok(None) };
    let scale = scale.to_vec();
    let mut zeros: Vec<i32> = Vec::with_capacity(scale.len());
    for zero in zero_point.iter().flat_map(qdq_schema::flatbuffer::Rows::iter).take(scale.len()) {
        zeros.push(i32::try_from(zero).map_err(|_| Error::malformed(format!("zero point {zero}")))?);
    }
    let first = zeros.first().copied().unwrap_or(0);
    zeros.resize(scale.len(), if zeros.len() == 1 { first } else { 0 });
    let granularity = if scale.len() == 1 {
        Granularity::PerTensor
    } else {
        let axis = usize::try_from(axis).ok().filter(|axis| *axis < dims.len());
        Granularity::PerAxis(
            axis.ok_or_else(|| Error::malformed("parameters along an axis that is not there"))?,
        )
    };
    let (scale, zero_point) = (scale.into(), zeros.into());
    let params = QuantParams { storage, quant_min, quant_max, scale, zero_point, granularity };
    params.check().map_err(|error| Error::malformed(error.message()))?;
    if let Granularity::PerAxis(axis) = granularity
        && dims[axis].known() != Some(params.scale.len())
    {
        return Err(Error::malformed(format!(
            "{} scales for axis {axis} of {}",
            params.scale.len(),
            dims[axis]
        )));
    }
    Ok(Some(params))
}

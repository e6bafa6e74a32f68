//! Parameters for blocks of elements, whose scales are a tensor of the file.

use std::sync::Arc;

use half::f16;
use qdq_schema::flatbuffer::{Object, Table};
use qdq_schema::tflite::{blockwise_quantization, quantization_parameters};

use super::constant::read_constant;
use super::damaged;
use super::read::{Reader, no_tensor};
use super::tensor::FileTensor;
use crate::error::{Error, Result};
use crate::tensor::{Dim, Granularity, QuantParams, Tensor};

/// The tag of `BlockwiseQuantization` in the union `QuantizationDetails`.
const BLOCKWISE: u8 = 2;

/// Blocks along the last axis of a matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocks {
    /// Position of the tensor of the scales, `[rows, blocks of a row]`.
    scales: usize,
    /// Elements of a block.
    size: usize,
}

/// Where the scales of a tensor for each block lie; `None` if it has none.
pub(super) fn read_blocks(quantization: &Table<'_>) -> Result<Option<Blocks>> {
    let Some(details) = quantization.child(quantization_parameters::DETAILS).map_err(damaged)? else {
        return Ok(None);
    };
    let kind = quantization.scalar(quantization_parameters::DETAILS_TYPE).map_err(damaged)?;
    let number = |field| details.scalar(field).map_err(damaged);
    let shape = details.vector(blockwise_quantization::BLOCK_SHAPE).map_err(damaged)?;
    let is_plain =
        shape.is_none_or(|shape| shape.is_empty()) && number(blockwise_quantization::ZERO_POINTS)? < 0;
    let scales = usize::try_from(number(blockwise_quantization::SCALES)?).ok();
    let size = usize::try_from(number(blockwise_quantization::BLOCK_SIZE)?).ok().filter(|size| *size > 0);
    match (kind, scales, size) {
        (BLOCKWISE, Some(scales), Some(size)) if is_plain => Ok(Some(Blocks { scales, size })),
        _ => Err(Error::unsupported(
            "parameters of blocks with zero points or of several axes, or custom ones",
        )
        .help("quantize the weights symmetrically in blocks along the summed axis, or for each channel")),
    }
}

impl Reader<'_> {
    /// Gives tensors with scales for each block their parameters, once all tensors are known.
    pub(super) fn resolve_blocks(&mut self) -> Result<()> {
        for index in 0..self.tensors.len() {
            if let Some(blocks) = self.tensors[index].blocks {
                let params = self.block_params(&self.tensors[index], blocks);
                let params = params.map_err(|error| error.value(&self.tensors[index].name))?;
                self.tensors[index].quant = Some(Arc::new(params));
            }
        }
        Ok(())
    }

    fn block_params(&self, tensor: &FileTensor, blocks: Blocks) -> Result<QuantParams> {
        let scales = self.tensors.get(blocks.scales).ok_or_else(|| no_tensor(blocks.scales))?;
        let scales = read_constant(scales, self.buffer(scales.buffer)?)?;
        let dims: Option<Vec<usize>> = tensor.dims.iter().map(Dim::known).collect();
        let (Some(storage), Some(dims)) = (tensor.dtype, dims) else {
            return Err(Error::malformed("blocks of a tensor of unknown type or size"));
        };
        let Some((quant_min, quant_max)) = storage.integer_range() else {
            return Err(Error::malformed(format!("blocks of {storage}")));
        };
        let params = QuantParams {
            storage,
            quant_min,
            quant_max,
            scale: scales.to_f32()?,
            zero_point: vec![0; scales.len()].into(),
            granularity: Granularity::PerBlock { axis: dims.len().saturating_sub(1), size: blocks.size },
        };
        params.check_shape(&dims).map_err(|error| Error::malformed(error.message()))?;
        Ok(params)
    }
}

/// The scales of blocks `[rows, blocks of a row]`, as the file stores them.
///
/// # Errors
/// Zero points; scales that f16 cannot hold.
pub(super) fn scales_of_blocks(params: &QuantParams, rows: usize) -> Result<Tensor> {
    if params.zero_point.iter().any(|zero| *zero != 0) {
        return Err(Error::unsupported("asymmetric weights in blocks")
            .help("quantize weights symmetrically, with zero point 0"));
    }
    let halves: Vec<f16> = params.scale.iter().map(|scale| f16::from_f32(*scale)).collect();
    if halves.iter().zip(&params.scale).any(|(half, scale)| half.to_f32().to_bits() != scale.to_bits()) {
        return Err(Error::unsupported(
            "scales of blocks that 16 bits cannot hold, which TFLite has for them",
        )
        .help("quantize the weights for each channel"));
    }
    Tensor::from_vec(vec![rows, params.scale.len() / rows.max(1)], halves)
}

/// The details that name a tensor of scales.
pub(super) fn write_blocks(parameters: Object, scales: i32, size: usize) -> Object {
    let details = Object::default()
        .set(blockwise_quantization::SCALES, scales)
        .set(blockwise_quantization::ZERO_POINTS, -1)
        .set(blockwise_quantization::BLOCK_SIZE, i32::try_from(size).unwrap_or(i32::MAX));
    parameters
        .set(quantization_parameters::DETAILS_TYPE, BLOCKWISE)
        .child(quantization_parameters::DETAILS, details)
}

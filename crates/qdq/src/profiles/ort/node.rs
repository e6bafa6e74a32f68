//! What a kernel reads from a node: parameters of whole tensors, weights, and integers of any 8-bit type.

use crate::error::{Error, Result};
use crate::exec::{IntegerInput, IntegerNode};
pub(super) use crate::profiles::integers::{bytes, constants};
use crate::tensor::{DType, Granularity, QuantParams, Tensor};

/// Parameters of a whole 8-bit tensor: `real = (integer - zero_point) * scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Affine {
    pub(super) storage: DType,
    pub(super) scale: f32,
    pub(super) zero_point: i32,
}

impl Affine {
    /// Smallest and largest integer.
    pub(super) fn range(self) -> (i32, i32) {
        if self.storage == DType::I8 { (-128, 127) } else { (0, 255) }
    }

    /// As kernel `DequantizeLinear`.
    pub(super) fn dequantize(self, q: i32) -> f32 {
        (q - self.zero_point) as f32 * self.scale
    }

    /// Parameters of this whole tensor.
    ///
    /// # Errors
    /// Another granularity; a storage type without kernels.
    pub(super) fn of(params: &QuantParams, what: &str) -> Result<Self> {
        if !matches!(params.storage, DType::I8 | DType::U8) {
            let message = format!("onnxruntime has no integer kernels for {what} of {}", params.storage);
            return Err(Error::unsupported(message).help("quantize to u8 or i8, or leave the node in float"));
        }
        if params.granularity != Granularity::PerTensor && params.scale.len() != 1 {
            return Err(Error::unsupported(format!("{what} has {} scales", params.scale.len()))
                .help("onnxruntime takes one scale for activations"));
        }
        Ok(Self { storage: params.storage, scale: params.scale[0], zero_point: params.zero_point[0] })
    }
}

/// The input at a position.
pub(super) fn operand<'n>(node: &'n IntegerNode<'_>, position: usize) -> Result<&'n IntegerInput> {
    let input = node.inputs.get(position).and_then(Option::as_ref);
    input.ok_or_else(|| Error::graph(format!("input {position} is missing")))
}

/// Parameters of an input.
pub(super) fn params<'n>(node: &'n IntegerNode<'_>, position: usize) -> Result<&'n QuantParams> {
    operand(node, position)?.quant.as_deref().ok_or_else(|| {
        Error::unsupported(format!("input {position} is of real numbers"))
            .help("onnxruntime fuses a node only if all of its tensors are quantized")
    })
}

/// Parameters of an input that has one scale.
pub(super) fn input(node: &IntegerNode<'_>, position: usize) -> Result<Affine> {
    Affine::of(params(node, position)?, &format!("input {position}"))
}

/// Parameters of the output, which is quantized to the whole range of its type.
pub(super) fn output(node: &IntegerNode<'_>) -> Result<Affine> {
    let Some(params) = node.outputs.first().and_then(Option::as_ref) else {
        return Err(Error::unsupported("the output is of real numbers")
            .help("onnxruntime fuses this op only with the quantization after it"));
    };
    let affine = Affine::of(params, "the output")?;
    check_whole_range(params)?;
    Ok(affine)
}

/// An error if the range is narrower than the storage type's.
pub(super) fn check_whole_range(params: &QuantParams) -> Result<()> {
    if params.storage.integer_range() == Some((params.quant_min, params.quant_max)) {
        return Ok(());
    }
    Err(Error::unsupported(format!("the output is limited to {}..={}", params.quant_min, params.quant_max))
        .help(format!("onnxruntime saturates to the whole range of {}", params.storage)))
}

/// An error unless all tensors have one storage type.
pub(super) fn check_one_storage(tensors: &[Affine]) -> Result<()> {
    match tensors.iter().find(|tensor| tensor.storage != tensors[0].storage) {
        None => Ok(()),
        Some(other) => {
            let message = format!("tensors of {} and {}", tensors[0].storage, other.storage);
            Err(Error::unsupported(message).help("onnxruntime fuses this op only if they have one type"))
        }
    }
}

/// An error unless there are kernels for these factors: u8 by u8 or i8, i8 by i8.
pub(super) fn check_types(left: DType, right: DType) -> Result<()> {
    match (left, right) {
        (DType::U8, DType::U8 | DType::I8) | (DType::I8, DType::I8) => Ok(()),
        _ => Err(Error::unsupported(format!("{left} by {right}"))
            .help("onnxruntime multiplies u8 by u8, u8 by i8, and i8 by i8")),
    }
}

/// The bits of an 8-bit tensor: indices into tables of 256.
pub(super) fn bits(tensor: &Tensor) -> Result<&[u8]> {
    Ok(bytes(tensor)?.bits())
}

/// An 8-bit tensor of these bits.
pub(super) fn from_bits(storage: DType, shape: Vec<usize>, bits: Vec<u8>) -> Result<Tensor> {
    if storage == DType::I8 {
        return Tensor::from_vec(shape, bytemuck::cast_vec::<u8, i8>(bits));
    }
    Tensor::from_vec(shape, bits)
}

/// The integer of these bits.
pub(super) fn from_byte(storage: DType, bits: u8) -> i32 {
    if storage == DType::I8 { i32::from(bits as i8) } else { i32::from(bits) }
}

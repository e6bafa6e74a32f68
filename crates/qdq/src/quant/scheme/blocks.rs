//! Parameters for blocks of an axis, as 4-bit weights of matrix products have them.

use crate::error::{Error, Result};
use crate::quant::observers::Range;
use crate::tensor::{Granularity, QuantParams, Tensor};

/// Parameters of `tensor` for each block of `size` indices along `axis` and each index of the other axes; the last block
/// may be smaller. `params` gives the scale and zero point of one range.
///
/// Source of the layout: ONNX `QuantizeLinear` of operator set 21, attribute `block_size`.
///
/// # Errors
/// A tensor that is not f32 or not finite, an axis it has not, a block of size 0.
pub fn block_params(
    tensor: &Tensor,
    axis: usize,
    size: usize,
    params: impl Fn(Range) -> QuantParams,
) -> Result<QuantParams> {
    let dims = tensor.shape();
    let Some(along) = dims.get(axis) else {
        return Err(Error::usage(format!("blocks along axis {axis} of a tensor of shape {dims:?}")));
    };
    if size == 0 {
        return Err(Error::usage("blocks of size 0").help("the usual sizes are 16, 32, 64 and 128"));
    }
    let n_groups = tensor.len() / along.max(&1) * along.div_ceil(size);
    let mut ranges = vec![Range { min: f32::INFINITY, max: f32::NEG_INFINITY }; n_groups];
    let mut whole = params(Range { min: 0.0, max: 0.0 });
    whole.granularity = Granularity::PerBlock { axis, size };
    for (index, &value) in tensor.as_slice::<f32>()?.iter().enumerate() {
        if !value.is_finite() {
            return Err(Error::data(format!("element {index} is {value}"))
                .help("look for NaN in the training or the export of the model"));
        }
        let range = &mut ranges[whole.group(index, dims)];
        *range = Range { min: range.min.min(value), max: range.max.max(value) };
    }
    let each: Vec<QuantParams> = ranges.into_iter().map(params).collect();
    whole.scale = each.iter().map(|params| params.scale[0]).collect();
    whole.zero_point = each.iter().map(|params| params.zero_point[0]).collect();
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::scheme::litert::int4_weights;
    use crate::quant::scheme::quantize_tensor;

    #[test]
    fn each_block_has_its_own_scale() {
        let tensor = Tensor::from_vec(vec![2, 3], vec![7.0f32, -3.5, 14.0, 0.0, 0.0, 21.0]).unwrap();
        let params = block_params(&tensor, 1, 2, |range| int4_weights(&[range], None)).unwrap();
        params.check_shape(&[2, 3]).unwrap();
        assert_eq!(params.scale[..], [1.0, 2.0, 1.0, 3.0]);
        let integers = quantize_tensor(&tensor, &params).unwrap().to_i64_vec().unwrap();
        assert_eq!(integers, [7, -4, 7, 0, 0, 7]);
        assert!(block_params(&tensor, 2, 2, |range| int4_weights(&[range], None)).is_err());
        assert!(block_params(&tensor, 1, 0, |range| int4_weights(&[range], None)).is_err());
    }
}

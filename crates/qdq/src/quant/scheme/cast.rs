//! Storage as 16-bit floats: a rounding, no scale.

use half::{bf16, f16};

use crate::error::{Error, Result};
use crate::tensor::{DType, Tensor};

/// `tensor` (f32) as f16 or bf16, rounded half to even; what f16 cannot hold is an error, not an infinity.
///
/// # Errors
/// A tensor that is not f32, another storage type, a finite number beyond the largest of f16 (65 504).
pub fn cast_to_float(tensor: &Tensor, storage: DType) -> Result<Tensor> {
    let values = tensor.as_slice::<f32>()?;
    let dims = tensor.shape().to_vec();
    match storage {
        DType::F16 => {
            let cast: Vec<f16> = values.iter().map(|&value| f16::from_f32(value)).collect();
            let too_large =
                cast.iter().zip(values).position(|(cast, value)| cast.is_infinite() && value.is_finite());
            if let Some(index) = too_large {
                return Err(Error::data(format!(
                    "element {index} is {}, beyond the largest f16",
                    values[index]
                ))
                .help("use bf16, or keep this tensor in f32"));
            }
            Tensor::from_vec(dims, cast)
        }
        DType::Bf16 => Tensor::from_vec(dims, values.iter().map(|&value| bf16::from_f32(value)).collect()),
        other => Err(Error::usage(format!("a cast to {other}")).help("use f16 or bf16")),
    }
}

/// `tensor` (f32) as it reads back after [`cast_to_float`].
///
/// # Errors
/// As there.
pub fn round_to_float(tensor: &Tensor, storage: DType) -> Result<Tensor> {
    let cast = cast_to_float(tensor, storage)?;
    Tensor::from_vec(tensor.shape().to_vec(), cast.to_f32_vec()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_to_even() {
        let tensor = Tensor::vector(vec![1.0f32 + 2f32.powi(-11), 1.0 + 3.0 * 2f32.powi(-11), -65_504.0]);
        let rounded = round_to_float(&tensor, DType::F16).unwrap();
        let expected = Tensor::vector(vec![1.0f32, 1.0 + 2f32.powi(-9), -65_504.0]);
        assert_eq!(rounded, expected);
        let tensor = Tensor::vector(vec![1.0f32 + 2f32.powi(-8), 1e38]);
        let rounded = round_to_float(&tensor, DType::Bf16).unwrap();
        assert_eq!(rounded.as_slice::<f32>().unwrap()[0], 1.0);
        assert!(cast_to_float(&tensor, DType::F16).is_err());
        assert!(cast_to_float(&tensor, DType::I8).is_err());
    }
}

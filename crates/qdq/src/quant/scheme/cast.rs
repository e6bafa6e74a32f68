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

/// Least signal to noise, as a ratio of powers, that f16 must leave of a tensor: 60 dB. Its 11 bits leave 73, fewer below
/// its smallest normal number, 2⁻¹⁴.
const LEAST_SIGNAL_TO_NOISE: f64 = 1e6;

/// Whether f16 holds `tensor` (f32), or why not.
pub(in crate::quant) fn check_f16(tensor: &Tensor) -> std::result::Result<(), &'static str> {
    let values = tensor.as_slice::<f32>().unwrap_or_default();
    let (mut signal, mut noise) = (0.0, 0.0);
    for &value in values {
        let rounded = f16::from_f32(value);
        if rounded.is_infinite() && value.is_finite() {
            return Err("one of its constants is beyond the largest f16, 65504");
        }
        signal += f64::from(value).powi(2);
        noise += (f64::from(value) - f64::from(rounded)).powi(2);
    }
    if noise * LEAST_SIGNAL_TO_NOISE > signal {
        return Err("most of its constants are so small that f16 would lose digits of them");
    }
    Ok(())
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

    #[test]
    fn f16_is_refused_where_it_loses_weights() {
        let weights = |factor: f32| Tensor::vector((1..100).map(|i| i as f32 * factor).collect());
        assert_eq!(check_f16(&weights(0.01)), Ok(()));
        assert_eq!(check_f16(&weights(0.0)), Ok(()));
        assert!(check_f16(&weights(1e-8)).is_err());
        assert!(check_f16(&weights(1000.0)).is_err());
    }
}

//! Scales that are powers of two, for hardware that shifts instead of multiplying.

use crate::error::{Error, Result};
use crate::tensor::QuantParams;

/// Which power of two takes the place of a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerOfTwo {
    /// The next larger one, so that nothing is cut off: ESP-PPQ (`ppq_round_to_power_of_2` with `ROUND_UP`).
    Up,
    /// The nearest by logarithm, half to even: XINT8 of AMD Quark and Vitis AI (`rint(-log2(scale))`), which keeps exponents
    /// from −127 to 127.
    Nearest,
}

impl PowerOfTwo {
    /// The power of two for `scale`, which is positive and finite.
    pub fn of(self, scale: f32) -> f32 {
        let exponent = f64::from(scale).log2();
        let exponent = match self {
            PowerOfTwo::Up => exponent.ceil(),
            PowerOfTwo::Nearest => exponent.round_ties_even().clamp(-127.0, 127.0),
        };
        2f64.powi(exponent as i32) as f32
    }

    /// Gives every scale of `params` its power of two, and moves affine zero points so that the low end of the range stays.
    ///
    /// # Errors
    /// A scale that is not positive and finite, or so large that its power of two is no f32.
    pub fn apply(self, params: &mut QuantParams) -> Result<()> {
        for (scale, zero_point) in params.scale.make_mut().iter_mut().zip(params.zero_point.make_mut()) {
            let power = if scale.is_finite() && *scale > 0.0 { self.of(*scale) } else { f32::NAN };
            if !(power.is_finite() && power > 0.0) {
                return Err(Error::data(format!("no power of two takes the place of the scale {scale}")));
            }
            let steps_below =
                f64::from(params.quant_min - *zero_point) * f64::from(*scale) / f64::from(power);
            if *zero_point != 0 {
                let moved = f64::from(params.quant_min) - steps_below.round_ties_even();
                *zero_point = moved.clamp(params.quant_min.into(), params.quant_max.into()) as i32;
            }
            *scale = power;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::DType;

    #[test]
    fn up_and_nearest() {
        let scales = [0.25f32, 0.26, 0.3, 0.37, 0.4, 1.0, 1.5];
        assert_eq!(scales.map(|scale| PowerOfTwo::Up.of(scale)), [0.25, 0.5, 0.5, 0.5, 0.5, 1.0, 2.0]);
        assert_eq!(scales.map(|scale| PowerOfTwo::Nearest.of(scale)), [0.25, 0.25, 0.25, 0.5, 0.5, 1.0, 2.0]);
    }

    #[test]
    fn the_low_end_of_an_affine_range_stays() {
        // −1.5..6.15 in steps of 0.03; with steps of 2⁻⁵ 48 of them lie below 0.
        let mut params = QuantParams::per_tensor(DType::U8, 0.03, 50);
        PowerOfTwo::Up.apply(&mut params).unwrap();
        assert_eq!((params.scale[0], params.zero_point[0]), (0.03125, 48));
        params.scale = vec![f32::INFINITY].into();
        assert!(PowerOfTwo::Up.apply(&mut params).is_err());
    }
}

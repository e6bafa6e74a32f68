//! Activation functions: elementwise, output of the shape of the input.

use super::elementwise::{FloatFn, NumberFn, elementwise_op};
use super::numeric::{Float, Number};
use super::{QuantRule, attr_enum, op};
use crate::kernels::math::Unary;

op! {
    /// `max(0, x)`
    pub struct Relu {}
}
impl NumberFn for Relu {
    fn call<T: Number>(&self, x: T) -> T {
        x.larger(T::default())
    }
}
elementwise_op!(Relu, infer_numbers, map_numbers, QuantRule::COMPUTE);

op! {
    /// `x` if positive, else `alpha * x`.
    pub struct LeakyRelu {
        /// Slope below 0.
        pub alpha: f32 = 0.01,
    }
}
impl FloatFn for LeakyRelu {
    fn call<T: Float>(&self, x: T) -> T {
        if x < T::default() { x.times(T::from_f64(self.alpha.into())) } else { x }
    }

    fn kernel(&self) -> Option<Unary> {
        Some(Unary::LeakyRelu(self.alpha))
    }
}
elementwise_op!(LeakyRelu, infer_floats, map_floats, QuantRule::COMPUTE);

op! {
    /// `x` if positive, else `alpha * (exp(x) - 1)`.
    pub struct Elu {
        /// Minus the limit at −∞.
        pub alpha: f32 = 1.0,
    }
}
impl FloatFn for Elu {
    fn call<T: Float>(&self, x: T) -> T {
        if x < T::default() { x.exp_m1().times(T::from_f64(self.alpha.into())) } else { x }
    }
}
elementwise_op!(Elu, infer_floats, map_floats, QuantRule::COMPUTE);

op! {
    /// `gamma * x` if positive, else `gamma * alpha * (exp(x) - 1)`.
    pub struct Selu {
        /// Minus the limit at −∞, before scaling.
        pub alpha: f32 = 1.673_263_2,
        /// Scale of the output.
        pub gamma: f32 = 1.050_701,
    }
}
impl FloatFn for Selu {
    fn call<T: Float>(&self, x: T) -> T {
        let scaled = if x > T::default() { x } else { x.exp_m1().times(T::from_f64(self.alpha.into())) };
        scaled.times(T::from_f64(self.gamma.into()))
    }
}
elementwise_op!(Selu, infer_floats, map_floats, QuantRule::COMPUTE);

op! {
    /// `max(0, x) + min(0, alpha * (exp(x / alpha) - 1))`
    pub struct Celu {
        /// Minus the limit at −∞; not 0.
        pub alpha: f32 = 1.0,
    }
}
impl FloatFn for Celu {
    fn call<T: Float>(&self, x: T) -> T {
        let alpha = T::from_f64(self.alpha.into());
        let below = x.over(alpha).exp_m1().times(alpha).smaller(T::default());
        x.larger(T::default()).plus(below)
    }
}
elementwise_op!(Celu, infer_floats, map_floats, QuantRule::COMPUTE);

op! {
    /// `x` if above `alpha`, else 0.
    pub struct ThresholdedRelu {
        /// The threshold.
        pub alpha: f32 = 1.0,
    }
}
impl FloatFn for ThresholdedRelu {
    fn call<T: Float>(&self, x: T) -> T {
        if x > T::from_f64(self.alpha.into()) { x } else { T::default() }
    }
}
elementwise_op!(ThresholdedRelu, infer_floats, map_floats, QuantRule::COMPUTE);

op! {
    /// `1 / (1 + exp(-x))`
    pub struct Sigmoid {}
}
impl FloatFn for Sigmoid {
    fn call<T: Float>(&self, x: T) -> T {
        T::ONE.over(T::ONE.plus(x.negated().exp()))
    }

    fn kernel(&self) -> Option<Unary> {
        Some(Unary::Sigmoid)
    }
}
elementwise_op!(Sigmoid, infer_floats, map_floats, QuantRule::Bounded { lo: 0.0, hi: 1.0 });

op! {
    /// `max(0, min(1, alpha * x + beta))`
    pub struct HardSigmoid {
        /// Slope.
        pub alpha: f32 = 0.2,
        /// Value at 0.
        pub beta: f32 = 0.5,
    }
}
impl FloatFn for HardSigmoid {
    fn call<T: Float>(&self, x: T) -> T {
        hard_sigmoid(x, self.alpha.into(), self.beta.into())
    }

    fn kernel(&self) -> Option<Unary> {
        Some(Unary::HardSigmoid { alpha: self.alpha, beta: self.beta })
    }
}
elementwise_op!(HardSigmoid, infer_floats, map_floats, QuantRule::Bounded { lo: 0.0, hi: 1.0 });

op! {
    /// `x * max(0, min(1, x / 6 + 1/2))`
    pub struct HardSwish {}
}
impl FloatFn for HardSwish {
    fn call<T: Float>(&self, x: T) -> T {
        x.times(hard_sigmoid(x, 1.0 / 6.0, 0.5))
    }

    fn kernel(&self) -> Option<Unary> {
        Some(Unary::HardSwish)
    }
}
elementwise_op!(HardSwish, infer_floats, map_floats, QuantRule::COMPUTE);

op! {
    /// Hyperbolic tangent.
    pub struct Tanh {}
}
impl FloatFn for Tanh {
    fn call<T: Float>(&self, x: T) -> T {
        x.tanh()
    }

    fn kernel(&self) -> Option<Unary> {
        Some(Unary::Tanh)
    }
}
elementwise_op!(Tanh, infer_floats, map_floats, QuantRule::Bounded { lo: -1.0, hi: 1.0 });

op! {
    /// `log(1 + exp(x))`
    pub struct Softplus {}
}
impl FloatFn for Softplus {
    fn call<T: Float>(&self, x: T) -> T {
        softplus(x)
    }

    fn kernel(&self) -> Option<Unary> {
        Some(Unary::Softplus)
    }
}
elementwise_op!(Softplus, infer_floats, map_floats, QuantRule::COMPUTE);

op! {
    /// `x / (1 + |x|)`
    pub struct Softsign {}
}
impl FloatFn for Softsign {
    fn call<T: Float>(&self, x: T) -> T {
        x.over(T::ONE.plus(x.magnitude()))
    }
}
elementwise_op!(Softsign, infer_floats, map_floats, QuantRule::COMPUTE);

attr_enum! {
    /// How [`Gelu`] computes the normal distribution.
    pub enum Approximate {
        /// Exactly, by the error function.
        None = "none",
        /// By a hyperbolic tangent.
        Tanh = "tanh",
    }
}
op! {
    /// Gaussian error linear unit: `x * Φ(x)`.
    pub struct Gelu {
        /// How Φ is computed.
        pub approximate: Approximate = Approximate::None,
    }
}
impl FloatFn for Gelu {
    fn call<T: Float>(&self, x: T) -> T {
        gelu(x, self.approximate)
    }

    fn kernel(&self) -> Option<Unary> {
        Some(match self.approximate {
            Approximate::None => Unary::GeluErf,
            Approximate::Tanh => Unary::GeluTanh,
        })
    }
}
elementwise_op!(Gelu, infer_floats, map_floats, QuantRule::COMPUTE);

op! {
    /// `x * sigmoid(alpha * x)`; `SiLU` for `alpha` 1.
    pub struct Swish {
        /// Factor inside the sigmoid.
        pub alpha: f32 = 1.0,
    }
}
impl FloatFn for Swish {
    fn call<T: Float>(&self, x: T) -> T {
        let exp = x.times(T::from_f64(self.alpha.into())).negated().exp();
        x.over(T::ONE.plus(exp))
    }

    fn kernel(&self) -> Option<Unary> {
        (self.alpha == 1.0).then_some(Unary::Silu)
    }
}
elementwise_op!(Swish, infer_floats, map_floats, QuantRule::COMPUTE);

op! {
    /// `x * tanh(softplus(x))`
    pub struct Mish {}
}
impl FloatFn for Mish {
    fn call<T: Float>(&self, x: T) -> T {
        x.times(softplus(x).tanh())
    }
}
elementwise_op!(Mish, infer_floats, map_floats, QuantRule::COMPUTE);

op! {
    /// `x + bias` below `-lambd`, `x - bias` above `lambd`, else 0.
    pub struct Shrink {
        /// What is taken off.
        pub bias: f32 = 0.0,
        /// The threshold.
        pub lambd: f32 = 0.5,
    }
}
impl NumberFn for Shrink {
    fn call<T: Number>(&self, x: T) -> T {
        let lambd = f64::from(self.lambd);
        if x.as_f64() < -lambd {
            T::from_f64(x.as_f64() + f64::from(self.bias))
        } else if x.as_f64() > lambd {
            T::from_f64(x.as_f64() - f64::from(self.bias))
        } else {
            T::default()
        }
    }
}
elementwise_op!(Shrink, infer_numbers, map_numbers, QuantRule::COMPUTE);

fn hard_sigmoid<T: Float>(x: T, alpha: f64, beta: f64) -> T {
    x.times(T::from_f64(alpha)).plus(T::from_f64(beta)).larger(T::default()).smaller(T::ONE)
}

/// `log(1 + exp(x))` without overflow.
fn softplus<T: Float>(x: T) -> T {
    x.larger(T::default()).plus(x.magnitude().negated().exp().ln_1p())
}

fn gelu<T: Float>(x: T, approximate: Approximate) -> T {
    let constant = T::from_f64;
    let centred = match approximate {
        Approximate::None => x.times(constant(std::f64::consts::FRAC_1_SQRT_2)).erf(),
        Approximate::Tanh => {
            let cubic = x.plus(constant(0.044_715).times(x.times(x).times(x)));
            cubic.times(constant(std::f64::consts::FRAC_2_PI.sqrt())).tanh()
        }
    };
    constant(0.5).times(x).times(T::ONE.plus(centred))
}

#[cfg(test)]
#[allow(clippy::excessive_precision, clippy::approx_constant, reason = "pasted from the reference")]
mod tests {
    use super::*;
    use crate::ops::Op;
    use crate::ops::testing::{assert_close, eval, eval_error, floats};
    use crate::tensor::{DType, Tensor};

    /// Values at −3, −0.5, 0, 0.7 and 4, by the ONNX reference evaluator.
    const CASES: &[(&str, [f32; 5])] = &[
        ("relu", [0.0, 0.0, 0.0, 0.699_999_98, 4.0]),
        ("leaky_relu", [-0.029_999_99, -0.004_999_99, 0.0, 0.699_999_98, 4.0]),
        ("elu", [-0.950_212_89, -0.393_469_33, 0.0, 0.699_999_98, 4.0]),
        ("selu", [-1.670_568_70, -0.691_758_21, 0.0, 0.735_490_67, 4.202_804_08]),
        ("celu", [-0.950_212_89, -0.393_469_33, 0.0, 0.699_999_98, 4.0]),
        ("thresholded_relu", [0.0, 0.0, 0.0, 0.0, 4.0]),
        ("sigmoid", [0.047_425_87, 0.377_540_67, 0.5, 0.668_187_79, 0.982_013_76]),
        ("hard_sigmoid", [0.0, 0.400_000_00, 0.5, 0.639_999_98, 1.0]),
        ("hard_swish", [-0.0, -0.208_333_32, 0.0, 0.431_666_67, 4.0]),
        ("tanh", [-0.995_054_78, -0.462_117_19, 0.0, 0.604_367_79, 0.999_329_32]),
        ("softplus", [0.048_587_35, 0.474_076_98, 0.693_147_18, 1.103_186_01, 4.018_149_85]),
        ("softsign", [-0.75, -0.333_333_34, 0.0, 0.411_764_68, 0.800_000_01]),
        ("gelu", [-0.004_049_68, -0.154_268_77, 0.0, 0.530_625_46, 3.999_873_16]),
        ("swish", [-0.142_277_62, -0.188_770_33, 0.0, 0.467_731_44, 3.928_055_04]),
        ("mish", [-0.145_647_46, -0.220_743_77, 0.0, 0.561_148_34, 3.997_412_91]),
        ("shrink", [-3.0, 0.0, 0.0, 0.699_999_98, 4.0]),
    ];

    #[test]
    fn match_the_reference() {
        let x = [-3.0, -0.5, 0.0, 0.7, 4.0];
        for (name, expected) in CASES {
            let op = Op::from_attrs(name, &[]).unwrap();
            assert_close(&eval(op.clone(), [floats([5], &x)]), expected);
            let doubles = eval(op.clone(), [Tensor::vector(x.map(f64::from).to_vec())]);
            assert_close(&Tensor::vector(doubles.to_f32_vec().unwrap()), expected);
            let halves = eval(op, [Tensor::vector(x.map(half::bf16::from_f32).to_vec())]);
            assert_eq!(halves.dtype(), DType::Bf16);
        }
    }

    #[test]
    fn attributes_matter() {
        let x = || [floats([3], &[-2.0, 0.6, 3.0])];
        assert_close(&eval(LeakyRelu { alpha: 0.5 }, x()), &[-1.0, 0.6, 3.0]);
        assert_close(&eval(Shrink { bias: 0.25, lambd: 1.0 }, x()), &[-1.75, 0.0, 2.75]);
        assert_close(
            &eval(Gelu { approximate: Approximate::Tanh }, x()),
            &[-0.045_402_3, 0.435_415_2, 2.996_362_7],
        );
        assert_close(&eval(Swish { alpha: 2.0 }, x()), &[-0.035_972_4, 0.461_114_9, 2.992_582_3]);
    }

    #[test]
    fn integers_only_where_allowed() {
        assert_eq!(eval(Relu {}, [Tensor::vector(vec![-3i8, 5])]), Tensor::vector(vec![0i8, 5]));
        eval_error(Sigmoid {}, [Tensor::vector(vec![1i32])]);
        eval_error(Sigmoid {}, []);
    }
}

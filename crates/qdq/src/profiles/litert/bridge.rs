//! Between real numbers and integers: kernels `QUANTIZE` of floats and `DEQUANTIZE`.
//!
//! The optimized kernels take eight elements at once, and round what is left over otherwise.
//!
//! Sources: `kernels/internal/reference/quantize.h`, `dequantize.h`, `kernels/internal/optimized/optimized_ops.h`
//! (`AffineQuantize`, `Dequantize`), XNNPACK `xnn_init_f32_qs8_cvt_scalar_params`; `conformance/one_op_litert.py`.

use super::Kernels;
use crate::error::Result;
use crate::ops::{Args, Dequantize, Prepared, Quantize};
use crate::profiles::integers::{Affine, integers};
use crate::tensor::{DType, Tensor};

/// Elements that the optimized kernels take at once.
const BLOCK: usize = 8;

/// Binds a quantize of a whole tensor; `None` where the kernels are not known.
pub(super) fn prepare_quantize(op: &Quantize, kernels: Kernels) -> Option<Box<dyn Prepared>> {
    Some(Box::new(ToIntegers { output: Affine::new(&op.params).ok()?, kernels }))
}

/// Binds a dequantize of a whole tensor; `None` where all kernels compute `(q - zero_point) · scale`.
pub(super) fn prepare_dequantize(op: &Dequantize, kernels: Kernels) -> Option<Box<dyn Prepared>> {
    let input = Affine::new(&op.params).ok()?;
    let in_vectors = kernels == Kernels::Builtin && input.storage != DType::I16 && op.dtype == DType::F32;
    in_vectors.then(|| Box::new(ToRealNumbers { input }) as Box<dyn Prepared>)
}

#[derive(Debug)]
struct ToIntegers {
    output: Affine,
    kernels: Kernels,
}

impl Prepared for ToIntegers {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let x = inputs.get(0)?;
        let (scale, inverse) = (self.output.scale, 1.0 / self.output.scale);
        let in_blocks = match self.kernels {
            Kernels::Reference => 0,
            Kernels::Xnnpack if self.output.storage != DType::I16 => x.len(),
            _ => x.len() / BLOCK * BLOCK,
        };
        let steps = |(index, &x): (usize, &f32)| match self.kernels {
            _ if index < in_blocks => (x * inverse).round_ties_even().into(),
            Kernels::Reference => (x / scale).round().into(),
            _ => (f64::from(x) / f64::from(scale)).round(),
        };
        let elements = x.as_slice::<f32>()?.iter().enumerate();
        let found: Vec<i32> = elements.map(|element| self.output.limit(steps(element) as i64)).collect();
        Ok(vec![self.output.tensor(x.shape().to_vec(), &found)?])
    }
}

#[derive(Debug)]
struct ToRealNumbers {
    input: Affine,
}

impl Prepared for ToRealNumbers {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let x = inputs.get(0)?;
        let Affine { scale, zero_point, .. } = self.input;
        let (in_blocks, offset) = (x.len() / BLOCK * BLOCK, -(zero_point as f32) * scale);
        let real = |(index, q): (usize, i32)| {
            if index < in_blocks { q as f32 * scale + offset } else { (q - zero_point) as f32 * scale }
        };
        let elements = integers(x)?.into_iter().enumerate().map(real).collect();
        Ok(vec![Tensor::from_vec(x.shape().to_vec(), elements)?])
    }
}

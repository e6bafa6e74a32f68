//! Gradients of the learned scale and zero point.
//!
//! Source: `fake_quantize_learnable_tensor_grad_kernel_cpu` and `…_channel_grad_kernel_cpu` of `ATen`, built for AVX2, where
//! the compiler fuses `zero_point + x · inverse` and `(steps − zero_point) · scale − x` into one rounding each; and
//! `_fake_quantize_learnable_per_*_affine_backward`.

use super::Gradients;
use super::grid::channels;
use crate::error::Result;
use crate::quant::observers::torch::{sum, sum_per_channel};
use crate::tensor::Tensor;

/// What the gradients are taken at.
pub(super) struct Learned<'a> {
    /// Size of one step.
    pub(super) scale: &'a [f32],
    /// What 0.0 becomes, before it is rounded.
    pub(super) zero_point: &'a [f32],
    /// Smallest and largest integer.
    pub(super) range: (i32, i32),
    /// Axis of the channels.
    pub(super) axis: Option<usize>,
    /// Whether gradients of the parameters are divided by `sqrt(elements · quant_max)`.
    pub(super) uses_grad_scaling: bool,
}

/// Gradients of `x`, scale and zero point, given the output's.
pub(super) fn gradients(learned: &Learned<'_>, x: &Tensor, grad: &Tensor) -> Result<Gradients> {
    let (values, grads) = (x.as_slice::<f32>()?, grad.as_slice::<f32>()?);
    let factor = if learned.uses_grad_scaling {
        (1.0 / (values.len() as f64 * f64::from(learned.range.1)).sqrt()) as f32
    } else {
        1.0
    };
    let (mut of_x, mut of_scale, mut of_zero_point) = (
        Vec::with_capacity(values.len()),
        Vec::with_capacity(values.len()),
        Vec::with_capacity(values.len()),
    );
    for (elements, channel) in channels(x.shape(), learned.axis, learned.scale.len())? {
        let parameters = Channel::new(learned, channel, factor);
        for (&value, &grad) in values[elements.clone()].iter().zip(&grads[elements]) {
            let gradients = parameters.gradients(value, grad);
            of_x.push(gradients[0]);
            of_scale.push(gradients[1]);
            of_zero_point.push(gradients[2]);
        }
    }
    let total = |gradients: &[f32]| match learned.axis {
        Some(axis) => sum_per_channel(gradients, x.shape(), axis),
        None => vec![sum(gradients)],
    };
    let (scale, zero_point) = (Some(total(&of_scale)), Some(total(&of_zero_point)));
    Ok(Gradients { x: Tensor::from_vec(x.shape().to_vec(), of_x)?, scale, zero_point })
}

/// Parameters of one channel.
struct Channel {
    scale: f32,
    inverse: f32,
    zero_point: f32,
    range: (f32, f32),
    factor: f32,
}

impl Channel {
    fn new(learned: &Learned<'_>, channel: usize, factor: f32) -> Self {
        let (scale, zero_point) = (learned.scale[channel], learned.zero_point[channel]);
        let range = (learned.range.0 as f32, learned.range.1 as f32);
        let zero_point = match learned.axis {
            Some(_) => zero_point.round_ties_even().clamp(range.0, range.1),
            None => (zero_point + 0.5).clamp(range.0, range.1).trunc(),
        };
        Self { scale, inverse: 1.0 / scale, zero_point, range, factor }
    }

    /// Gradients of the number, of the scale and of the zero point.
    fn gradients(&self, value: f32, grad: f32) -> [f32; 3] {
        let (least, most) = self.range;
        let steps = value.mul_add(self.inverse, self.zero_point).round_ties_even();
        if least <= steps && steps <= most {
            let error = (steps - self.zero_point).mul_add(self.scale, -value);
            return [grad, grad * error * self.inverse * self.factor, 0.0];
        }
        let end = if steps > most { most } else { least };
        let of_scale = grad * (end - self.zero_point) * self.factor;
        [grad * 0.0, of_scale, -grad * self.scale * self.factor]
    }
}

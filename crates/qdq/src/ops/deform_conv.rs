//! Convolution whose kernel elements lie where offsets say.

use super::elementwise::{require_float, require_same_dtype};
use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::ops::cast::cast;
use crate::ops::dispatch::{output_count, span};
use crate::tensor::{Dim, Tensor, TensorType};

op! {
    /// Convolution of images `[batch, channels, height, width]`, each of whose kernel elements is moved by an offset and
    /// weighed by a mask, by bilinear samples.
    ///
    /// Inputs: images, weights `[outputs, channels / group, height, width]`, offsets
    /// `[batch, offset_group × kernel × 2, height, width]`, optional: bias, mask `[batch, offset_group × kernel, height, width]`.
    pub struct DeformConv {
        /// Steps between kernel elements; empty: 1.
        pub dilations: Vec<usize> = Vec::new(),
        /// Number of groups of channels that are convolved by themselves.
        pub group: usize = 1,
        /// Size of the kernel, which is that of the weights; empty: not said.
        pub kernel_shape: Vec<usize> = Vec::new(),
        /// Number of groups of channels with offsets of their own.
        pub offset_group: usize = 1,
        /// Zeros before each spatial axis, then after each; empty: none.
        pub pads: Vec<usize> = Vec::new(),
        /// Steps of the window; empty: 1.
        pub strides: Vec<usize> = Vec::new(),
    }
}

/// Sizes along height and width.
type Pair = [usize; 2];

impl DeformConv {
    fn pair(numbers: &[usize], default: usize, name: &str) -> Result<Pair> {
        match *numbers {
            [] => Ok([default; 2]),
            [height, width] => Ok([height, width]),
            _ => Err(Error::graph(format!("{} numbers where 2 are needed", numbers.len())).attribute(name)),
        }
    }

    /// Number of windows along each axis.
    fn windows(&self, image: Pair, kernel: Pair) -> Result<Pair> {
        let (strides, dilations) =
            (Self::pair(&self.strides, 1, "strides")?, Self::pair(&self.dilations, 1, "dilations")?);
        let pads = match *self.pads {
            [] => [0; 4],
            [top, left, bottom, right] => [top, left, bottom, right],
            _ => return Err(Error::graph("4 numbers are needed").attribute("pads")),
        };
        let mut windows = [0; 2];
        for axis in 0..2 {
            let whole = image[axis].checked_add(pads[axis]).and_then(|size| size.checked_add(pads[axis + 2]));
            let reach = kernel[axis].checked_sub(1).and_then(|steps| steps.checked_mul(dilations[axis]));
            let room = whole.zip(reach).and_then(|(whole, reach)| whole.checked_sub(reach)?.checked_sub(1));
            let room = room.filter(|_| strides[axis] > 0);
            let room =
                room.ok_or_else(|| Error::data(format!("a kernel of {kernel:?} on an image of {image:?}")))?;
            windows[axis] = room / strides[axis] + 1;
        }
        Ok(windows)
    }
}

impl OpDef for DeformConv {
    fn arity(&self) -> Arity {
        Arity::range(3, 5)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        require_same_dtype(inputs, 0, 1)?;
        let shape = match (inputs.shape(0), inputs.shape(1), inputs.shape(2)) {
            (Some([batch, ..]), Some([outputs, ..]), Some([_, _, height, width])) => {
                Some(vec![batch.clone(), outputs.clone(), height.clone(), width.clone()])
            }
            (Some([batch, ..]), Some([outputs, ..]), _) => {
                Some(vec![batch.clone(), outputs.clone(), Dim::Any, Dim::Any])
            }
            _ => None,
        };
        Ok(vec![TensorType::new(inputs.dtype(0), shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (x, weights, offsets) = (inputs.get(0)?, inputs.get(1)?, inputs.get(2)?);
        let wrong = || {
            let shapes = (x.shape(), weights.shape(), offsets.shape());
            Error::data(format!("images, weights and offsets of {shapes:?} do not fit"))
        };
        let (&[batch, channels, ih, iw], &[outputs, per_group, kh, kw]) = (x.shape(), weights.shape()) else {
            return Err(wrong());
        };
        let [oh, ow] = self.windows([ih, iw], [kh, kw])?;
        let (group, groups) = (self.group, self.offset_group);
        let divides = group > 0 && groups > 0 && channels % groups == 0 && outputs % group == 0;
        if !divides || per_group.checked_mul(group) != Some(channels) || ih == 0 || iw == 0 {
            return Err(wrong());
        }
        if offsets.shape() != [batch, span(&[groups, kh, kw, 2]), oh, ow] {
            return Err(wrong());
        }
        let mask = inputs.optional(4);
        if mask.is_some_and(|mask| mask.shape() != [batch, span(&[groups, kh, kw]), oh, ow]) {
            return Err(wrong());
        }
        let bias = inputs.optional(3).map_or_else(|| Ok(vec![0.0; outputs]), Tensor::to_f64_vec)?;
        if bias.len() != outputs {
            return Err(Error::data(format!("{} biases for {outputs} outputs", bias.len())));
        }
        let run = Run {
            op: self,
            image: [ih, iw],
            kernel: [kh, kw],
            windows: [oh, ow],
            offsets: offsets.to_f64_vec()?,
            mask: mask.map(Tensor::to_f64_vec).transpose()?,
            strides: Self::pair(&self.strides, 1, "strides")?,
            dilations: Self::pair(&self.dilations, 1, "dilations")?,
        };
        let shape = vec![batch, outputs, oh, ow];
        let mut result = vec![0.0; output_count(&shape)?];
        let (elements, kernels) = (x.to_f64_vec()?, weights.to_f64_vec()?);
        for (at, sums) in result.chunks_mut((oh * ow).max(1)).enumerate() {
            let (batch, output) = (at / outputs, at % outputs);
            sums.fill(bias[output]);
            for channel in 0..per_group {
                let of_all = output / (outputs / group) * per_group + channel;
                let plane = &elements[(batch * channels + of_all) * ih * iw..][..ih * iw];
                let kernel = &kernels[(output * per_group + channel) * kh * kw..][..kh * kw];
                run.add(batch * groups + of_all / (channels / groups), plane, kernel, sums);
            }
        }
        Ok(vec![cast(Tensor::from_vec(shape, result)?, x.dtype())?])
    }
}

/// What all planes share.
struct Run<'a> {
    op: &'a DeformConv,
    image: Pair,
    kernel: Pair,
    windows: Pair,
    offsets: Vec<f64>,
    mask: Option<Vec<f64>>,
    strides: Pair,
    dilations: Pair,
}

impl Run<'_> {
    /// Adds one plane of an image under one kernel; `group` counts the groups of offsets of all batches.
    fn add(&self, group: usize, plane: &[f64], kernel: &[f64], sums: &mut [f64]) {
        let [oh, ow] = self.windows;
        for (tap, &weight) in kernel.iter().enumerate() {
            let place = group * kernel.len() + tap;
            for (at, sum) in sums.iter_mut().enumerate() {
                let moved = |axis: usize| {
                    let step = if axis == 0 { at / ow } else { at % ow };
                    let index = if axis == 0 { tap / self.kernel[1] } else { tap % self.kernel[1] };
                    let pad = self.op.pads.get(axis).copied().unwrap_or(0);
                    (step * self.strides[axis] + index * self.dilations[axis]) as f64 - pad as f64
                        + self.offsets[(place * 2 + axis) * oh * ow + at]
                };
                let factor = self.mask.as_ref().map_or(1.0, |mask| mask[place * oh * ow + at]);
                *sum += weight * factor * self.sample(plane, moved(0), moved(1));
            }
        }
    }

    /// Bilinear, with zeros outside.
    fn sample(&self, plane: &[f64], y: f64, x: f64) -> f64 {
        let [height, width] = self.image;
        let (top, left) = (y.floor(), x.floor());
        let (down, across) = (y - top, x - left);
        let at = |y: f64, x: f64| {
            let inside = y >= 0.0 && x >= 0.0 && y < height as f64 && x < width as f64;
            if inside { plane[y as usize * width + x as usize] } else { 0.0 }
        };
        (1.0 - down) * ((1.0 - across) * at(top, left) + across * at(top, left + 1.0))
            + down * ((1.0 - across) * at(top + 1.0, left) + across * at(top + 1.0, left + 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_error, floats};

    #[test]
    fn offsets_move_the_kernel() {
        let weights = || floats([1, 1, 1, 1], &[2.0]);
        let run = |dy: f32, dx: f32| {
            let offsets = floats([1, 2, 2, 2], &[dy, dy, dy, dy, dx, dx, dx, dx]);
            eval(DeformConv::default(), [counting([1, 1, 2, 2]), weights(), offsets])
        };
        assert_close(&run(0.0, 0.0), &[0.0, 2.0, 4.0, 6.0]);
        assert_close(&run(0.0, 0.5), &[1.0, 1.0, 5.0, 3.0]);
        assert_close(&run(1.0, 0.0), &[4.0, 6.0, 0.0, 0.0]);
        eval_error(DeformConv::default(), [counting([1, 1, 2, 2]), weights(), counting([1, 2, 1, 2])]);
    }
}

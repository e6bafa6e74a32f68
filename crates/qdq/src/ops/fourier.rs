//! Fourier transforms, and what goes with them: windows and mel weights.

use std::f64::consts::PI;

use super::elementwise::require_float;
use super::infer::resolve_axis;
use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::ops::cast::cast;
use crate::ops::dispatch::{MAX_ELEMENTS, around, only_int, output_count};
use crate::tensor::{DType, Dim, Tensor, TensorType};

op! {
    /// Discrete Fourier transform along an axis of a tensor whose last axis holds a real number or a real and an
    /// imaginary part. Optional inputs: the length, which pads with zeros or cuts, and the axis (−2).
    pub struct Dft {
        /// Whether back from frequencies, divided by the length.
        pub inverse: bool = false,
        /// Whether only the first half of the frequencies is given or, of an inverse, read.
        pub onesided: bool = false,
    }
}
op! {
    /// [`Dft`] of pieces of a signal `[batch, length, 1 or 2]`, `[batch, frames, frequencies, 2]`.
    ///
    /// Input 1 is the step between frames; optional: the window, the length of a frame.
    pub struct Stft {
        /// Whether only the first half of the frequencies is given.
        pub onesided: bool = true,
    }
}

/// Real and imaginary part.
type Complex = (f64, f64);

/// Frequencies of a signal; the sign of the exponent is −1, of an inverse 1.
///
/// By halves while the length is even, the definition then.
fn transform(signal: &[Complex], sign: f64) -> Vec<Complex> {
    let n = signal.len();
    if n > 1 && n.is_multiple_of(2) {
        let part = |odd: usize| signal.iter().skip(odd).step_by(2).copied().collect::<Vec<_>>();
        let (even, odd) = (transform(&part(0), sign), transform(&part(1), sign));
        let half = n / 2;
        return (0..n)
            .map(|k| {
                let turned = times(odd[k % half], root(k, n, sign));
                (even[k % half].0 + turned.0, even[k % half].1 + turned.1)
            })
            .collect();
    }
    let sum = |k: usize| {
        signal.iter().enumerate().fold((0.0, 0.0), |sum: Complex, (i, &x)| {
            let turned = times(x, root(i * k % n, n, sign));
            (sum.0 + turned.0, sum.1 + turned.1)
        })
    };
    (0..n).map(sum).collect()
}

/// The `k`-th power of the `n`-th root of 1.
fn root(k: usize, n: usize, sign: f64) -> Complex {
    let angle = sign * 2.0 * PI * k as f64 / n as f64;
    (angle.cos(), angle.sin())
}

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

impl OpDef for Dft {
    fn arity(&self) -> Arity {
        Arity::range(1, 3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        let axis = match inputs.get(2) {
            None => Some(-2),
            Some(_) => inputs.ints(2).and_then(|axis| axis.first().copied()),
        };
        let shape = match (inputs.shape(0), axis) {
            (Some(dims), Some(axis)) => {
                let mut dims = dims.to_vec();
                let axis = resolve_axis(axis, dims.len())?;
                let length = match inputs.get(1) {
                    None => dims[axis].known(),
                    Some(_) => inputs.ints(1).and_then(|length| usize::try_from(*length.first()?).ok()),
                };
                let given = inputs.get(1).is_some();
                dims[axis] = length.map_or(Dim::Any, |length| Dim::Known(self.n_out(length, given)));
                let last = dims.len() - 1;
                dims[last] = Dim::Known(if self.inverse && self.onesided { 1 } else { 2 });
                Some(dims)
            }
            (Some(dims), None) => Some(vec![Dim::Any; dims.len()]),
            (None, _) => None,
        };
        Ok(vec![TensorType::new(inputs.dtype(0), shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let rank = input.shape().len();
        let axis = resolve_axis(inputs.optional(2).map_or(Ok(-2), only_int)?, rank)?;
        let parts = parts(input)?;
        if axis + 1 == rank {
            return Err(Error::data("the last axis holds real and imaginary parts"));
        }
        let (outer, size, inner) = around(&input.shape()[..rank - 1], axis);
        let length = self.length(inputs.optional(1), size)?;
        let n_out = if self.onesided && !self.inverse { length / 2 + 1 } else { length };
        let n_parts = if self.inverse && self.onesided { 1 } else { 2 };
        let mut shape = input.shape().to_vec();
        (shape[axis], shape[rank - 1]) = (n_out, n_parts);
        let mut output = vec![0.0; output_count(&shape)?];
        let elements = input.to_f64_vec()?;
        for (outer, inside) in (0..outer).flat_map(|outer| (0..inner).map(move |inside| (outer, inside))) {
            let at = |i: usize| complex(&elements, ((outer * size + i) * inner + inside) * parts, parts);
            let frequencies = self.lane((0..size).map(at).collect(), length);
            for (k, (real, imaginary)) in frequencies.into_iter().take(n_out).enumerate() {
                let to = ((outer * n_out + k) * inner + inside) * n_parts;
                output[to] = real;
                if n_parts == 2 {
                    output[to + 1] = imaginary;
                }
            }
        }
        Ok(vec![cast(Tensor::from_vec(shape, output)?, input.dtype())?])
    }
}

impl Dft {
    /// Number of outputs along the axis, from its size or a length that is `given`.
    fn n_out(&self, length: usize, given: bool) -> usize {
        match (self.inverse, self.onesided) {
            (false, true) => length / 2 + 1,
            (true, true) if !given => length.saturating_sub(1).saturating_mul(2),
            _ => length,
        }
    }

    fn length(&self, given: Option<&Tensor>, size: usize) -> Result<usize> {
        let Some(given) = given else {
            return Ok(if self.inverse && self.onesided { 2 * size.saturating_sub(1) } else { size });
        };
        let length = only_int(given)?;
        let length = usize::try_from(length).ok().filter(|length| (1..=MAX_ELEMENTS).contains(length));
        length.ok_or_else(|| Error::data("a length that is not positive, or too large"))
    }

    fn lane(&self, mut signal: Vec<Complex>, length: usize) -> Vec<Complex> {
        if self.inverse && self.onesided {
            signal.resize(length / 2 + 1, (0.0, 0.0));
            // The other half mirrors this one.
            for k in signal.len()..length {
                let (real, imaginary) = signal[length - k];
                signal.push((real, -imaginary));
            }
        }
        signal.resize(length, (0.0, 0.0));
        if !self.inverse {
            return transform(&signal, -1.0);
        }
        let divide = |(real, imaginary): Complex| (real / length as f64, imaginary / length as f64);
        transform(&signal, 1.0).into_iter().map(divide).collect()
    }
}

/// Size of the last axis: 1 for real, 2 for complex numbers.
fn parts(tensor: &Tensor) -> Result<usize> {
    match tensor.shape() {
        [_, .., parts @ (1 | 2)] => Ok(*parts),
        shape => Err(Error::data(format!("the shape {shape:?} does not end with 1 or 2"))),
    }
}

fn complex(elements: &[f64], at: usize, parts: usize) -> Complex {
    (elements[at], if parts == 2 { elements[at + 1] } else { 0.0 })
}

impl OpDef for Stft {
    fn arity(&self) -> Arity {
        Arity::range(2, 4)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        let frame = inputs.ints(3).and_then(|frame| usize::try_from(*frame.first()?).ok());
        let frame = frame.or_else(|| inputs.shape(2)?.first()?.known());
        let n = frame.map_or(Dim::Any, |frame| Dim::Known(if self.onesided { frame / 2 + 1 } else { frame }));
        let shape = inputs.shape(0).and_then(|dims| {
            let [batch, ..] = dims else { return None };
            Some(vec![batch.clone(), Dim::Any, n, Dim::Known(2)])
        });
        Ok(vec![TensorType::new(inputs.dtype(0), shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (signal, step) = (inputs.get(0)?, only_int(inputs.get(1)?)?);
        let (&[batch, length, _], parts) = (signal.shape(), parts(signal)?) else {
            return Err(Error::data(format!("a signal of shape {:?}", signal.shape())));
        };
        let window = inputs.optional(2).map(Tensor::to_f64_vec).transpose()?;
        let frame = match (inputs.optional(3), &window) {
            (Some(frame), _) => only_int(frame)?,
            (None, Some(window)) => window.len() as i64,
            (None, None) => length as i64,
        };
        let (Ok(frame), Ok(step)) = (usize::try_from(frame), usize::try_from(step)) else {
            return Err(Error::data("a negative step or frame"));
        };
        let window = window.unwrap_or_else(|| vec![1.0; frame.min(length)]);
        if step == 0 || frame == 0 || frame > length || window.len() != frame {
            return Err(Error::data(format!(
                "frames of {frame} with a window of {} by {step} in {length}",
                window.len()
            )));
        }
        let n_frames = 1 + (length - frame) / step;
        let n_out = if self.onesided { frame / 2 + 1 } else { frame };
        let shape = vec![batch, n_frames, n_out, 2];
        let mut output = Vec::with_capacity(output_count(&shape)?);
        let elements = signal.to_f64_vec()?;
        for (batch, start) in (0..batch).flat_map(|batch| (0..n_frames).map(move |i| (batch, i * step))) {
            let piece = window.iter().enumerate().map(|(i, factor)| {
                let (real, imaginary) = complex(&elements, (batch * length + start + i) * parts, parts);
                (real * factor, imaginary * factor)
            });
            let frequencies = transform(&piece.collect::<Vec<_>>(), -1.0);
            output
                .extend(frequencies.into_iter().take(n_out).flat_map(|(real, imaginary)| [real, imaginary]));
        }
        Ok(vec![cast(Tensor::from_vec(shape, output)?, signal.dtype())?])
    }
}

macro_rules! window {
    ($(#[$meta:meta])* $name:ident, $x:ident => $weight:expr) => {
        op! {
            $(#[$meta])*
            pub struct $name {
                /// Element type of the output.
                pub output_datatype: DType = DType::F32,
                /// Whether the end, which equals the begin, is left out.
                pub periodic: bool = true,
            }
        }

        impl OpDef for $name {
            fn arity(&self) -> Arity {
                Arity::fixed(1)
            }

            fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
                let size = inputs.ints(0).and_then(|size| usize::try_from(*size.first()?).ok());
                Ok(vec![TensorType::new(self.output_datatype, Some(vec![size.map_or(Dim::Any, Dim::Known)]))])
            }

            fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
                let weights = window(only_int(inputs.get(0)?)?, self.periodic, |$x: f64| $weight)?;
                Ok(vec![cast(weights, self.output_datatype)?])
            }
        }
    };
}
window! {
    /// Hann window of as many weights as input 0 says: `sin²(x / 2)` for x from 0 to 2π.
    HannWindow, x => (x / 2.0).sin().powi(2)
}
window! {
    /// Hamming window of as many weights as input 0 says: `25/46 - 21/46 cos(x)` for x from 0 to 2π.
    HammingWindow, x => 25.0 / 46.0 - 21.0 / 46.0 * x.cos()
}
window! {
    /// Blackman window of as many weights as input 0 says: `0.42 - cos(x) / 2 + 0.08 cos(2x)` for x from 0 to 2π.
    BlackmanWindow, x => 0.42 - 0.5 * x.cos() + 0.08 * (2.0 * x).cos()
}

fn window(size: i64, periodic: bool, weight: impl Fn(f64) -> f64) -> Result<Tensor> {
    let Ok(size) = usize::try_from(size) else {
        return Err(Error::data(format!("a window of {size} weights")));
    };
    output_count(&[size])?;
    let steps = if periodic { size as f64 } else { size as f64 - 1.0 };
    Ok(Tensor::vector((0..size).map(|i| weight(2.0 * PI * i as f64 / steps)).collect::<Vec<f64>>()))
}

op! {
    /// Matrix `[dft_length / 2 + 1, bins]` that sums up frequencies in triangles of the mel scale.
    ///
    /// Inputs: number of bins, length of the transform, sample rate, lowest and highest frequency in hertz.
    pub struct MelWeightMatrix {
        /// Element type of the output.
        pub output_datatype: DType = DType::F32,
    }
}

impl OpDef for MelWeightMatrix {
    fn arity(&self) -> Arity {
        Arity::fixed(5)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let size = |position| inputs.ints(position).and_then(|size| usize::try_from(*size.first()?).ok());
        let rows = size(1).map_or(Dim::Any, |length| Dim::Known(length / 2 + 1));
        let shape = vec![rows, size(0).map_or(Dim::Any, Dim::Known)];
        Ok(vec![TensorType::new(self.output_datatype, Some(shape))])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let int = |position| only_int(inputs.get(position)?);
        let number = |position| {
            let numbers = inputs.get(position)?.to_f64_vec()?;
            numbers.first().copied().ok_or_else(|| Error::data("a frequency is missing"))
        };
        let (Ok(bins), Ok(length)) = (usize::try_from(int(0)?), usize::try_from(int(1)?)) else {
            return Err(Error::data("negative sizes"));
        };
        let shape = vec![length / 2 + 1, bins];
        let mut weights = vec![0.0; output_count(&shape)?];
        let mel = |hertz: f64| 2595.0 * (hertz / 700.0).ln_1p() / 10f64.ln();
        let (low, high) = (mel(number(3)?), mel(number(4)?));
        let step = (high - low) / (bins as f64 + 2.0);
        let rate = int(2)? as f64;
        if !(rate > 0.0 && step >= 0.0) {
            return Err(Error::data(
                "the sample rate is not positive, or the highest frequency below the lowest",
            ));
        }
        let frequency = |bin: usize| {
            let hertz = 700.0 * ((bin as f64 * step + low) / 2595.0 * 10f64.ln()).exp_m1();
            ((length as f64 + 1.0) * hertz / rate).floor() as usize
        };
        for bin in 0..bins {
            let (left, center, right) = (frequency(bin), frequency(bin + 1), frequency(bin + 2));
            for row in left..=center.min(length / 2) {
                let rise = (center - left) as f64;
                weights[row * bins + bin] = if rise == 0.0 { 1.0 } else { (row - left) as f64 / rise };
            }
            for row in center..right.min(length / 2 + 1) {
                weights[row * bins + bin] = (right - row) as f64 / (right - center) as f64;
            }
        }
        Ok(vec![cast(Tensor::from_vec(shape, weights)?, self.output_datatype)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_error, floats};

    #[test]
    fn there_and_back() {
        for length in [1, 4, 6, 7] {
            let x = counting([1, 7, 1]);
            let given = || Tensor::scalar(length);
            let there = eval(Dft::default(), [x.clone(), given()]);
            let back = eval(Dft { inverse: true, ..Dft::default() }, [there, given()]);
            let real: Vec<f32> = back.to_f32_vec().unwrap().into_iter().step_by(2).collect();
            assert_close(&Tensor::vector(real), &x.to_f32_vec().unwrap()[..length as usize]);
            let half = eval(Dft { onesided: true, ..Dft::default() }, [x.clone(), given()]);
            let back = eval(Dft { onesided: true, inverse: true }, [half, given()]);
            assert_close(&back, &x.to_f32_vec().unwrap()[..length as usize]);
        }
        eval_error(Dft::default(), [counting([3, 3])]);
        eval_error(Dft::default(), [counting([3, 1]), Tensor::scalar(0i64)]);
    }

    #[test]
    fn frames_of_a_signal() {
        let stft = eval(
            Stft::default(),
            [floats([1, 4, 1], &[1.0, 2.0, 3.0, 4.0]), Tensor::scalar(2i64), floats([2], &[1.0, 1.0])],
        );
        assert_eq!(stft.shape(), [1, 2, 2, 2]);
        assert_close(&stft, &[3.0, 0.0, -1.0, 0.0, 7.0, 0.0, -1.0, 0.0]);
        eval_error(Stft::default(), [counting([1, 4, 1]), Tensor::scalar(0i64)]);
    }

    #[test]
    fn windows() {
        assert_close(
            &eval(HannWindow { periodic: false, ..HannWindow::default() }, [Tensor::scalar(3i64)]),
            &[0.0, 1.0, 0.0],
        );
        assert_close(&eval(HannWindow::default(), [Tensor::scalar(2i64)]), &[0.0, 1.0]);
        eval_error(BlackmanWindow::default(), [Tensor::scalar(-1i64)]);
    }
}

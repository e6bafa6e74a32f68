//! Convolution.

use super::elementwise::{require_float, require_same_dtype};
use super::numeric::{Float, by_float, filled, unwritten};
use super::packed_once::PackedOnce;
use super::window::{AutoPad, Sliding, Windows};
use super::{Args, Arity, EvalContext, Inputs, OpDef, Prepared, QuantRule, Weight, op, with_constants};
use crate::error::{Error, Result};
use crate::kernels::Activation;
use crate::kernels::conv::{ConvShape, PackedConv};
use crate::tensor::{DType, Dim, Element, Shape, Tensor, TensorType};

op! {
    /// Convolution of `[batch, channels, spatial…]` with weights `[outputs, channels / group, kernel…]` and an
    /// optional bias `[outputs]`; any number of spatial axes from 1.
    pub struct Conv {
        /// How padding is chosen.
        pub auto_pad: AutoPad = AutoPad::NotSet,
        /// Steps of the window along each spatial axis; empty: 1.
        pub strides: Vec<usize> = Vec::new(),
        /// Zeros before each spatial axis, then zeros after each; empty: none.
        pub pads: Vec<usize> = Vec::new(),
        /// Distance of kernel elements along each spatial axis; empty: 1.
        pub dilations: Vec<usize> = Vec::new(),
        /// Number of groups that channels and outputs are split into.
        pub group: usize = 1,
    }
}

impl OpDef for Conv {
    fn arity(&self) -> Arity {
        Arity::range(2, 3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        require_same_dtype(inputs, 0, 1)?;
        if inputs.ty(0).is_none() {
            return Ok(Vec::new());
        }
        Ok(vec![TensorType::new(inputs.dtype(0), self.infer_shape(inputs)?)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        by_float(
            inputs,
            |inputs| {
                let windows = self.windows(inputs.get(0)?.shape(), inputs.get(1)?.shape())?;
                if windows.kernel.len() > 3 {
                    return self.direct::<f32>(&inputs, &windows);
                }
                let packed = self.pack(&inputs, &windows, Activation::None)?;
                Ok(vec![Self::run_packed(&packed, inputs.get(0)?, &windows)?])
            },
            |inputs| {
                let windows = self.windows(inputs.get(0)?.shape(), inputs.get(1)?.shape())?;
                self.direct::<f64>(&inputs, &windows)
            },
        )
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::Compute { weight: Some(Weight { input: 1, axis: 0 }), bias: Some(2) }
    }

    fn prepare(
        &self,
        constants: &[Option<Tensor>],
        activation: Activation,
    ) -> Result<Option<Box<dyn Prepared>>> {
        let Some(Some(weights)) = constants.get(1) else { return Ok(None) };
        if weights.dtype() != DType::F32 || !(3..=5).contains(&weights.shape().len()) {
            return Ok(None);
        }
        let constants = constants.to_vec();
        Ok(Some(Box::new(PreparedConv {
            conv: self.clone(),
            constants,
            activation,
            packed: PackedOnce::default(),
        })))
    }
}

impl Conv {
    /// How the windows of a kernel slide.
    fn sliding<'a>(&'a self, kernel: &'a [usize]) -> Sliding<'a> {
        Sliding {
            kernel,
            auto_pad: self.auto_pad,
            strides: &self.strides,
            dilations: &self.dilations,
            pads: &self.pads,
            ceil_mode: false,
        }
    }

    /// Windows for an input and weights of these shapes, which are checked against each other.
    pub(crate) fn windows(&self, input: &[usize], weights: &[usize]) -> Result<Windows> {
        let (&[_, in_channels, ref spatial @ ..], &[outputs, channels, ref kernel @ ..]) = (input, weights)
        else {
            return Err(Error::data(format!("a convolution of {input:?} with weights {weights:?}")));
        };
        if spatial.is_empty() || spatial.len() != kernel.len() {
            return Err(Error::data(format!("a convolution of {input:?} with weights {weights:?}")));
        }
        if self.group == 0
            || !outputs.is_multiple_of(self.group)
            || channels.checked_mul(self.group) != Some(in_channels)
        {
            let message = format!("{in_channels} channels for weights {weights:?} in {} groups", self.group);
            return Err(Error::data(message));
        }
        self.sliding(kernel).resolve(spatial)
    }

    fn infer_shape(&self, inputs: &Inputs<'_>) -> Result<Shape> {
        let (input, weights) = (inputs.shape(0), inputs.shape(1));
        let Some(rank) = input.or(weights).map(<[Dim]>::len) else { return Ok(None) };
        if rank < 3 || weights.is_some_and(|weights| weights.len() != rank) {
            let other = weights.map_or(0, <[Dim]>::len);
            return Err(Error::graph(format!("an input of rank {rank} and weights of rank {other}")));
        }
        let (Some(input), Some(weights)) = (input, weights) else { return Ok(Some(vec![Dim::Any; rank])) };
        if let (Some(channels), Some(per_group)) = (input[1].known(), weights[1].known())
            && per_group.checked_mul(self.group) != Some(channels)
        {
            let message = format!("{channels} channels for weights of {per_group} in {} groups", self.group);
            return Err(Error::graph(message));
        }
        let mut shape = vec![input[0].clone(), weights[0].clone()];
        match weights[2..].iter().map(Dim::known).collect::<Option<Vec<_>>>() {
            Some(kernel) => shape.extend(self.sliding(&kernel).infer(&input[2..])?),
            None => shape.resize(rank, Dim::Any),
        }
        Ok(Some(shape))
    }

    /// What kernels want to know of weights of this shape, sliding so.
    pub(crate) fn kernel_shape(&self, weights: &[usize], windows: &Windows) -> ConvShape {
        ConvShape {
            in_channels: weights[1] * self.group,
            out_channels: weights[0],
            groups: self.group,
            kernel: windows.kernel.clone(),
            strides: windows.strides.clone(),
            dilations: windows.dilations.clone(),
            pads_begin: windows.pads_begin.clone(),
            pads_end: windows.pads_end.clone(),
        }
    }

    /// Weights and bias in the order the kernel reads them.
    fn pack(&self, inputs: &Args, windows: &Windows, activation: Activation) -> Result<PackedConv> {
        let weights = inputs.get(1)?;
        let shape = self.kernel_shape(weights.shape(), windows);
        let bias = bias_of::<f32>(inputs, shape.out_channels)?;
        Ok(PackedConv::new(weights.as_slice()?, bias, shape, activation))
    }

    fn run_packed(packed: &PackedConv, input: &Tensor, windows: &Windows) -> Result<Tensor> {
        let elements = input.as_slice::<f32>()?;
        let shape = output_shape(input.shape(), packed.shape().out_channels, &windows.output);
        let mut output = unwritten(&shape)?;
        packed.run(elements, input.shape(), &mut output);
        Tensor::from_vec(shape, output)
    }

    /// The definition as loops, for types and ranks without a kernel.
    fn direct<T: Float>(&self, inputs: &Args, windows: &Windows) -> Result<Vec<Tensor>> {
        let (input, weights) = (inputs.get(0)?, inputs.get(1)?);
        let &[outputs, channels, ..] = weights.shape() else {
            return Err(Error::internal("unchecked weights"));
        };
        let shape = output_shape(input.shape(), outputs, &windows.output);
        let (x, w) = (input.as_slice::<T>()?, weights.as_slice::<T>()?);
        let mut output = filled(&shape, T::default())?;
        let bias = bias_of::<T>(inputs, outputs)?;
        let (in_len, out_len) = (windows.input.iter().product::<usize>(), windows.output.iter().product());
        let n_taps = windows.n_taps();
        for (plane_idx, plane) in output.chunks_mut(usize::max(out_len, 1)).enumerate() {
            let (image, out_channel) = (plane_idx / outputs, plane_idx % outputs);
            plane.fill(bias.map_or(T::default(), |bias| bias[out_channel]));
            let group = out_channel / (outputs / self.group);
            for channel in 0..channels {
                let in_plane = &x[((image * self.group + group) * channels + channel) * in_len..][..in_len];
                let taps = &w[(out_channel * channels + channel) * n_taps..][..n_taps];
                windows.for_each_row(|row| {
                    let from = in_plane[row.input..].iter().step_by(row.stride);
                    for (y, &x) in plane[row.output..row.output + row.len].iter_mut().zip(from) {
                        *y = y.plus(x.times(taps[row.tap]));
                    }
                });
            }
        }
        Ok(vec![Tensor::from_vec(shape, output)?])
    }
}

fn output_shape(input: &[usize], out_channels: usize, spatial: &[usize]) -> Vec<usize> {
    [&input[..1], &[out_channels], spatial].concat()
}

/// The bias, input 2, if present; an error if it has not one number for each output.
pub(super) fn bias_of<T: Element>(inputs: &Args, outputs: usize) -> Result<Option<&[T]>> {
    let Some(bias) = inputs.optional(2) else { return Ok(None) };
    if bias.len() != outputs {
        return Err(Error::data(format!("a bias of shape {:?} for {outputs} outputs", bias.shape())));
    }
    bias.as_slice().map(Some)
}

/// A convolution with constant weights, packed when the padding is known: at the first run.
#[derive(Debug)]
struct PreparedConv {
    conv: Conv,
    constants: Vec<Option<Tensor>>,
    activation: Activation,
    packed: PackedOnce<PackedConv>,
}

impl Prepared for PreparedConv {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        let input = inputs.get(0)?;
        let windows = self.conv.windows(input.shape(), inputs.get(1)?.shape())?;
        let own_bias = inputs.optional(2).is_some() && !matches!(self.constants.get(2), Some(Some(_)));
        let pack = || self.conv.pack(&inputs, &windows, self.activation);
        let run = |packed: &PackedConv| Conv::run_packed(packed, input, &windows);
        let output = if own_bias {
            run(&pack()?)?
        } else {
            self.packed.with(|packed| windows.fit(packed.shape()), pack, run)?
        };
        Ok(vec![output])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_error, floats};

    #[test]
    fn specification_examples() {
        // Source: ONNX operators, Conv, examples `conv` and `conv_with_strides`.
        let (x, w) = (counting([1, 1, 5, 5]), floats([1, 1, 3, 3], &[1.0; 9]));
        let padded = eval(Conv { pads: vec![1; 4], ..Conv::default() }, [x.clone(), w.clone()]);
        let expected = [
            12.0, 21.0, 27.0, 33.0, 24.0, 33.0, 54.0, 63.0, 72.0, 51.0, 63.0, 99.0, 108.0, 117.0, 81.0, 93.0,
            144.0, 153.0, 162.0, 111.0, 72.0, 111.0, 117.0, 123.0, 84.0,
        ];
        assert_eq!(padded, floats([1, 1, 5, 5], &expected));
        let same = Conv { auto_pad: AutoPad::SameLower, strides: vec![2, 2], ..Conv::default() };
        let expected = [12.0, 27.0, 24.0, 63.0, 108.0, 81.0, 72.0, 117.0, 84.0];
        assert_eq!(eval(same, [x, w]), floats([1, 1, 3, 3], &expected));
    }

    #[test]
    fn groups_bias_dilations_in_every_path() {
        // Expected: onnxruntime 1.32.
        let x: Vec<f32> = (0..24).map(|i| (i % 7) as f32 - 2.0).collect();
        let w: Vec<f32> = (0..16).map(|i| (i % 5) as f32 - 1.5).collect();
        let conv =
            Conv { group: 2, dilations: vec![2], pads: vec![1, 2], strides: vec![2], ..Conv::default() };
        let (bias, expected) = (
            [0.5, -1.0, 0.0, 2.0],
            [-2.0, 0.5, 0.5, -3.0, -0.5, -4.0, -2.0, 5.5, 8.5, 0.0, 4.0, 1.5, 3.5, 13.0, -2.0, 2.5],
        );
        let inputs = [floats([1, 4, 6], &x), floats([4, 2, 2], &w), floats([4], &bias)];
        let y = eval(conv.clone(), inputs.clone());
        assert_close(&y, &expected);
        let doubles =
            inputs.each_ref().map(|t| Tensor::from_vec(t.shape().to_vec(), t.to_f64_vec().unwrap()).unwrap());
        assert_close(&Tensor::vector(eval(conv.clone(), doubles).to_f32_vec().unwrap()), &expected);
        let [x, w, b] = inputs;
        let prepared =
            conv.prepare(&[None, Some(w.clone()), Some(b.clone())], Activation::Relu).unwrap().unwrap();
        let outputs = prepared.run(Args(vec![Some(x.clone()), None, None])).unwrap();
        assert_close(&outputs[0], &expected.map(|y: f32| y.max(0.0)));
        let prepared = conv.prepare(&[None, Some(w), None], Activation::None).unwrap().unwrap();
        let outputs = prepared.run(Args(vec![Some(x), None, Some(b)])).unwrap();
        assert_close(&outputs[0], &expected);
    }

    #[test]
    fn empty_tensors() {
        let conv = Conv::default;
        assert_eq!(eval(conv(), [counting([0, 2, 4]), counting([3, 2, 2])]).shape(), [0, 3, 3]);
        assert_eq!(eval(conv(), [counting([1, 2, 4]), counting([0, 2, 2])]).shape(), [1, 0, 3]);
        let nothing = [counting([1, 0, 4]), counting([2, 0, 3]), floats([2], &[1.0, -2.0])];
        assert_eq!(eval(conv(), nothing), floats([1, 2, 2], &[1.0, 1.0, -2.0, -2.0]));
    }

    #[test]
    fn four_spatial_axes() {
        let y = eval(Conv::default(), [counting([1, 1, 1, 2, 1, 2]), floats([1, 1, 1, 2, 1, 2], &[1.0; 4])]);
        assert_eq!(y, floats([1, 1, 1, 1, 1, 1], &[6.0]));
    }

    #[test]
    fn bad_input_is_an_error() {
        let x = || counting([1, 2, 4]);
        eval_error(Conv::default(), [x(), counting([3, 1, 2])]);
        eval_error(Conv::default(), [x(), counting([3, 2, 5])]);
        eval_error(Conv::default(), [x(), counting([3, 2])]);
        eval_error(Conv { group: 0, ..Conv::default() }, [x(), counting([3, 2, 2])]);
        eval_error(Conv { group: 2, ..Conv::default() }, [x(), counting([3, 1, 2])]);
        eval_error(Conv { strides: vec![0], ..Conv::default() }, [x(), counting([3, 2, 2])]);
        eval_error(Conv { pads: vec![1 << 30, 1 << 40], ..Conv::default() }, [x(), counting([3, 2, 2])]);
        eval_error(Conv::default(), [x(), counting([3, 2, 2]), counting([2])]);
        eval_error(Conv::default(), [x(), Tensor::from_vec(vec![3, 2, 2], vec![1i8; 12]).unwrap()]);
    }
}

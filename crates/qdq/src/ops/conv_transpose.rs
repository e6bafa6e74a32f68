//! Transposed convolution.

use super::conv::bias_of;
use super::elementwise::{require_float, require_same_dtype};
use super::numeric::{Float, by_float, filled};
use super::packed_once::PackedOnce;
use super::window::{AutoPad, Sliding, Windows};
use super::{Args, Arity, EvalContext, Inputs, OpDef, Prepared, QuantRule, Weight, op, with_constants};
use crate::error::{Error, Result};
use crate::kernels::Activation;
use crate::kernels::conv_transpose::{ConvTransposeShape, PackedConvTranspose};
use crate::tensor::{DType, Dim, Shape, Tensor, TensorType};

op! {
    /// Transposed convolution of `[batch, channels, spatial…]` with weights
    /// `[channels, outputs / group, kernel…]` and an optional bias `[outputs]`.
    pub struct ConvTranspose {
        /// How padding is chosen.
        pub auto_pad: AutoPad = AutoPad::NotSet,
        /// Steps of the window in the output along each spatial axis; empty: 1.
        pub strides: Vec<usize> = Vec::new(),
        /// Output elements dropped before each spatial axis, then after each; empty: none.
        pub pads: Vec<usize> = Vec::new(),
        /// Distance of kernel elements along each spatial axis; empty: 1.
        pub dilations: Vec<usize> = Vec::new(),
        /// Number of groups that channels and outputs are split into.
        pub group: usize = 1,
        /// Output elements added after each spatial axis; empty: none.
        pub output_padding: Vec<usize> = Vec::new(),
        /// Spatial output sizes, from which `pads` follow; empty: not given.
        pub output_shape: Vec<usize> = Vec::new(),
    }
}

impl OpDef for ConvTranspose {
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
                let geometry = self.geometry(inputs.get(0)?.shape(), inputs.get(1)?.shape())?;
                if geometry.kernel.len() > 3 {
                    return self.direct::<f32>(&inputs, &geometry);
                }
                let packed = self.pack(&inputs, geometry, Activation::None)?;
                Ok(vec![run_packed(&packed, inputs.get(0)?)?])
            },
            |inputs| {
                let geometry = self.geometry(inputs.get(0)?.shape(), inputs.get(1)?.shape())?;
                self.direct::<f64>(&inputs, &geometry)
            },
        )
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::Compute { weight: Some(Weight { input: 1, axis: 1 }), bias: Some(2) }
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
        let (op, constants) = (self.clone(), constants.to_vec());
        Ok(Some(Box::new(PreparedConvTranspose { op, constants, activation, packed: PackedOnce::default() })))
    }
}

/// What follows from the spatial sizes of the input: one number for each spatial axis.
#[derive(Clone, Debug, Default)]
struct Geometry {
    kernel: Vec<usize>,
    pads_begin: Vec<usize>,
    pads_end: Vec<usize>,
    /// Elements added to what the windows reach.
    extra: Vec<usize>,
    output: Vec<usize>,
}

impl ConvTranspose {
    fn sliding<'a>(&'a self, kernel: &'a [usize]) -> Sliding<'a> {
        Sliding {
            kernel,
            auto_pad: AutoPad::NotSet,
            strides: &self.strides,
            dilations: &self.dilations,
            pads: &self.pads,
            ceil_mode: false,
        }
    }

    /// Checks the lists of attributes.
    fn check(&self, kernel: &[usize]) -> Result<()> {
        self.sliding(kernel).check()?;
        for (name, list) in [("output_padding", &self.output_padding), ("output_shape", &self.output_shape)] {
            if !list.is_empty() && list.len() != kernel.len() {
                let message = format!("{} numbers for {} spatial axes", list.len(), kernel.len());
                return Err(Error::graph(message).attribute(name));
            }
            if let Some(bad) = list.iter().find(|&&size| size > 1 << 31) {
                return Err(Error::graph(format!("{bad} is out of range")).attribute(name));
            }
        }
        Ok(())
    }

    /// Checks the shapes against each other and finds the output's.
    fn geometry(&self, input: &[usize], weights: &[usize]) -> Result<Geometry> {
        let bad = || Error::data(format!("a transposed convolution of {input:?} with weights {weights:?}"));
        let (&[_, channels, ref spatial @ ..], &[rows, _, ref kernel @ ..]) = (input, weights) else {
            return Err(bad());
        };
        if spatial.is_empty() || spatial.len() != kernel.len() || channels != rows {
            return Err(bad());
        }
        if self.group == 0 || channels % self.group != 0 {
            return Err(Error::data(format!("{channels} channels in {} groups", self.group)));
        }
        self.check(kernel)?;
        let mut geometry = Geometry { kernel: kernel.to_vec(), ..Geometry::default() };
        for (axis, &size) in spatial.iter().enumerate() {
            self.resolve_axis(axis, size, &mut geometry)?;
        }
        Ok(geometry)
    }

    fn resolve_axis(&self, axis: usize, size: usize, geometry: &mut Geometry) -> Result<()> {
        let attrs = self.sliding(&geometry.kernel).axis(axis);
        let mut extra = self.output_padding.get(axis).copied().unwrap_or(0);
        let pad = |position: usize| self.pads.get(position).copied().unwrap_or(0);
        let overflow = || Error::data(format!("{size} elements with stride {}", attrs.stride));
        let full = size.saturating_sub(1).checked_mul(attrs.stride).ok_or_else(overflow)?;
        let full = full.checked_add(attrs.span + extra).ok_or_else(overflow)?;
        let wanted = match (self.output_shape.get(axis), self.auto_pad) {
            (Some(&wanted), _) => Some(wanted),
            (None, AutoPad::SameUpper | AutoPad::SameLower) => {
                Some(size.checked_mul(attrs.stride).ok_or_else(overflow)?)
            }
            (None, AutoPad::NotSet | AutoPad::Valid) => None,
        };
        let (begin, end) = match wanted {
            Some(wanted) => {
                let total = full.saturating_sub(wanted);
                extra += wanted.saturating_sub(full);
                match self.auto_pad {
                    AutoPad::SameUpper => (total / 2, total - total / 2),
                    _ => (total - total / 2, total / 2),
                }
            }
            None if self.auto_pad == AutoPad::Valid => (0, 0),
            None => (pad(axis), pad(axis + geometry.kernel.len())),
        };
        let output = match (wanted, size) {
            (_, 0) => 0,
            (Some(wanted), _) => wanted,
            (None, _) => full.checked_sub(begin + end).ok_or_else(|| {
                Error::data(format!("padding of {} in {full} elements", begin + end)).attribute("pads")
            })?,
        };
        geometry.pads_begin.push(begin);
        geometry.pads_end.push(end);
        geometry.extra.push(extra);
        geometry.output.push(output);
        Ok(())
    }

    fn infer_shape(&self, inputs: &Inputs<'_>) -> Result<Shape> {
        let (input, weights) = (inputs.shape(0), inputs.shape(1));
        let Some(rank) = input.or(weights).map(<[Dim]>::len) else { return Ok(None) };
        if rank < 3 || weights.is_some_and(|weights| weights.len() != rank) {
            let other = weights.map_or(0, <[Dim]>::len);
            return Err(Error::graph(format!("an input of rank {rank} and weights of rank {other}")));
        }
        let mut shape = vec![Dim::Any; rank];
        let (Some(input), Some(weights)) = (input, weights) else { return Ok(Some(shape)) };
        shape[0] = input[0].clone();
        if !input[1].may_equal(&weights[0]) {
            return Err(Error::graph(format!("{} channels for weights of {}", input[1], weights[0])));
        }
        shape[1] = weights[1]
            .known()
            .and_then(|outputs| outputs.checked_mul(self.group))
            .map_or(Dim::Any, Dim::Known);
        let Some(kernel) = weights[2..].iter().map(Dim::known).collect::<Option<Vec<_>>>() else {
            return Ok(Some(shape));
        };
        self.check(&kernel)?;
        let mut geometry = Geometry { kernel, ..Geometry::default() };
        for (axis, dim) in input[2..].iter().enumerate() {
            self.resolve_axis(axis, dim.known().unwrap_or(1 << 20), &mut geometry)?;
            if dim.known().is_some() || !self.output_shape.is_empty() {
                shape[2 + axis] = Dim::Known(geometry.output[axis]);
            }
        }
        Ok(Some(shape))
    }

    fn pack(&self, inputs: &Args, geometry: Geometry, activation: Activation) -> Result<PackedConvTranspose> {
        let weights = inputs.get(1)?;
        let out_channels = weights.shape()[1] * self.group;
        let shape = ConvTransposeShape {
            in_channels: weights.shape()[0],
            out_channels,
            groups: self.group,
            kernel: geometry.kernel,
            strides: self.strides.clone(),
            dilations: self.dilations.clone(),
            pads_begin: geometry.pads_begin,
            pads_end: geometry.pads_end,
            output_padding: geometry.extra,
        };
        let bias = bias_of::<f32>(inputs, out_channels)?;
        Ok(PackedConvTranspose::new(weights.as_slice()?, bias, shape, activation))
    }

    /// The definition as loops, for types and ranks without a kernel.
    fn direct<T: Float>(&self, inputs: &Args, geometry: &Geometry) -> Result<Vec<Tensor>> {
        let (input, weights) = (inputs.get(0)?, inputs.get(1)?);
        let (channels, per_group) = (weights.shape()[0], weights.shape()[1]);
        let out_channels = per_group * self.group;
        let shape = [&input.shape()[..1], &[out_channels], &geometry.output].concat();
        let (x, w) = (input.as_slice::<T>()?, weights.as_slice::<T>()?);
        let mut output = filled(&shape, T::default())?;
        let bias = bias_of::<T>(inputs, out_channels)?;
        // The windows of the convolution that this one transposes: they slide over our output.
        let spatial = &input.shape()[2..];
        let ones = vec![1; spatial.len()];
        let or_ones = |list: &Vec<usize>| if list.is_empty() { ones.clone() } else { list.clone() };
        let windows = Windows {
            kernel: geometry.kernel.clone(),
            strides: or_ones(&self.strides),
            dilations: or_ones(&self.dilations),
            pads_begin: geometry.pads_begin.clone(),
            pads_end: geometry.pads_end.clone(),
            input: geometry.output.clone(),
            output: spatial.to_vec(),
        };
        let (in_len, out_len) =
            (spatial.iter().product::<usize>(), geometry.output.iter().product::<usize>());
        let n_taps = windows.n_taps();
        for (plane_idx, plane) in output.chunks_mut(out_len.max(1)).enumerate() {
            let (image, out_channel) = (plane_idx / out_channels, plane_idx % out_channels);
            plane.fill(bias.map_or(T::default(), |bias| bias[out_channel]));
            let first = out_channel / per_group * (channels / self.group);
            for channel in first..first + channels / self.group {
                let in_plane = &x[(image * channels + channel) * in_len..][..in_len];
                let taps = &w[(channel * per_group + out_channel % per_group) * n_taps..][..n_taps];
                windows.for_each_row(|row| {
                    let to = plane[row.input..].iter_mut().step_by(row.stride);
                    for (y, &x) in to.zip(&in_plane[row.output..row.output + row.len]) {
                        *y = y.plus(x.times(taps[row.tap]));
                    }
                });
            }
        }
        Ok(vec![Tensor::from_vec(shape, output)?])
    }
}

fn run_packed(packed: &PackedConvTranspose, input: &Tensor) -> Result<Tensor> {
    let elements = input.as_slice::<f32>()?;
    let shape = packed.shape().output_dims(input.shape());
    let mut output = filled(&shape, 0.0)?;
    packed.run(elements, input.shape(), &mut output);
    Tensor::from_vec(shape, output)
}

/// A transposed convolution with constant weights, packed when the padding is known: at the first run.
#[derive(Debug)]
struct PreparedConvTranspose {
    op: ConvTranspose,
    constants: Vec<Option<Tensor>>,
    activation: Activation,
    packed: PackedOnce<PackedConvTranspose>,
}

impl Prepared for PreparedConvTranspose {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        let input = inputs.get(0)?;
        let geometry = self.op.geometry(input.shape(), inputs.get(1)?.shape())?;
        let own_bias = inputs.optional(2).is_some() && !matches!(self.constants.get(2), Some(Some(_)));
        let pack = || self.op.pack(&inputs, geometry.clone(), self.activation);
        let run = |packed: &PackedConvTranspose| run_packed(packed, input);
        let fits = |packed: &PackedConvTranspose| {
            let shape = packed.shape();
            shape.pads_begin == geometry.pads_begin
                && shape.pads_end == geometry.pads_end
                && shape.output_padding == geometry.extra
        };
        let output = if own_bias { run(&pack()?)? } else { self.packed.with(fits, pack, run)? };
        Ok(vec![output])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_error, floats};

    fn inputs() -> [Tensor; 3] {
        let x: Vec<f32> = (0..24).map(|i| (i % 7) as f32 - 2.0).collect();
        let w: Vec<f32> = (0..4)
            .flat_map(|c| (0..6).map(move |k| ((c * 8 + k / 3 * 4 + k % 3) % 5) as f32 - 1.5))
            .collect();
        [floats([1, 4, 6], &x), floats([4, 2, 3], &w), floats([4], &[0.5, -1.0, 0.0, 2.0])]
    }

    fn doubles(tensor: &Tensor) -> Tensor {
        Tensor::from_vec(tensor.shape().to_vec(), tensor.to_f64_vec().unwrap()).unwrap()
    }

    #[test]
    fn groups_bias_and_paddings_in_every_path() {
        let op = ConvTranspose {
            group: 2,
            dilations: vec![2],
            pads: vec![1, 2],
            strides: vec![2],
            output_padding: vec![1],
            ..ConvTranspose::default()
        };
        // Expected: onnxruntime 1.32.
        let expected = [
            0.5, 10.0, 0.5, -12.5, 0.5, -1.0, 0.5, 0.0, 0.5, 1.0, 0.5, 3.5, 0.5, -1.0, 4.5, -1.0, 8.0, -1.0,
            -4.5, -1.0, 0.5, -1.0, 5.5, -1.0, -1.0, -1.0, 0.0, 4.0, 0.0, 12.0, 0.0, -7.0, 0.0, -5.0, 0.0,
            0.5, 0.0, 1.0, 0.0, 2.0, 4.0, 2.0, 15.0, 2.0, 9.0, 2.0, -11.0, 2.0, 0.5, 2.0, 3.0, 2.0,
        ];
        assert_close(&eval(op.clone(), inputs()), &expected);
        let y = eval(op.clone(), inputs().each_ref().map(doubles));
        assert_close(&Tensor::vector(y.to_f32_vec().unwrap()), &expected);
        let [x, w, b] = inputs();
        let prepared = op.prepare(&[None, Some(w), Some(b)], Activation::Relu).unwrap().unwrap();
        let outputs = prepared.run(Args(vec![Some(x)])).unwrap();
        assert_close(&outputs[0], &expected.map(|y: f32| y.max(0.0)));
    }

    #[test]
    fn output_sizes_that_are_given() {
        let x = floats([1, 4, 3], &[-2.0, -1.0, 0.0, 4.0, -2.0, -1.0, 1.0, 2.0, 3.0, 0.0, 1.0, 2.0]);
        let [_, w, _] = inputs();
        let op = |auto_pad, output_shape: &[usize]| ConvTranspose {
            strides: vec![3],
            auto_pad,
            output_shape: output_shape.to_vec(),
            ..ConvTranspose::default()
        };
        let same = eval(op(AutoPad::SameUpper, &[]), [x.clone(), w.clone()]);
        let expected = same.as_slice::<f32>().unwrap().to_vec();
        assert_eq!(same.shape(), [1, 2, 9]);
        for (auto_pad, size, begin) in
            [(AutoPad::NotSet, 10, 0), (AutoPad::SameLower, 8, 1), (AutoPad::SameUpper, 8, 0)]
        {
            for input in [x.clone(), doubles(&x)] {
                let weights = if input.dtype() == DType::F64 { doubles(&w) } else { w.clone() };
                let y = eval(op(auto_pad, &[size]), [input, weights]).to_f32_vec().unwrap();
                for channel in 0..2 {
                    let row: Vec<f32> = (0..size)
                        .map(|i| if i + begin < 9 { expected[channel * 9 + i + begin] } else { 0.0 })
                        .collect();
                    assert_eq!(y[channel * size..][..size], row);
                }
            }
        }
    }

    #[test]
    fn empty_tensors() {
        let op = ConvTranspose::default;
        assert_eq!(eval(op(), [counting([0, 2, 4]), counting([2, 3, 2])]).shape(), [0, 3, 5]);
        assert_eq!(eval(op(), [counting([1, 2, 4]), counting([2, 0, 2])]).shape(), [1, 0, 5]);
        assert_eq!(eval(op(), [counting([1, 2, 0]), counting([2, 3, 2])]).shape(), [1, 3, 0]);
        assert_eq!(eval(op(), [counting([1, 0, 2]), counting([0, 1, 2])]), floats([1, 1, 3], &[0.0; 3]));
    }

    #[test]
    fn bad_input_is_an_error() {
        let x = || counting([1, 2, 4]);
        let op = ConvTranspose::default;
        eval_error(op(), [x(), counting([3, 1, 2])]);
        eval_error(op(), [x(), counting([2, 2])]);
        eval_error(ConvTranspose { group: 3, ..op() }, [x(), counting([2, 1, 2])]);
        eval_error(ConvTranspose { output_padding: vec![1, 1], ..op() }, [x(), counting([2, 1, 2])]);
        eval_error(ConvTranspose { pads: vec![3, 3], ..op() }, [x(), counting([2, 1, 2])]);
        eval_error(ConvTranspose { output_shape: vec![usize::MAX], ..op() }, [x(), counting([2, 1, 2])]);
        eval_error(op(), [x(), counting([2, 1, 2]), counting([2])]);
    }
}

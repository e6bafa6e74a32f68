//! Pooling over windows of the spatial axes of `[batch, channels, spatial…]`.

use super::elementwise::{require_float, require_number};
use super::numeric::{Float, Number, by_float, by_number, filled};
use super::window::{AutoPad, Sliding, Windows};
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, op};
use crate::error::{Error, Result};
use crate::kernels::pool::{PoolShape, average_pool, max_pool};
use crate::tensor::{DType, Dim, Tensor, TensorType};

op! {
    /// Largest element of each window; the optional second output holds its flat index in the input.
    pub struct MaxPool {
        /// Size of the window along each spatial axis.
        pub kernel_shape: Vec<usize> = Vec::new(),
        /// How padding is chosen.
        pub auto_pad: AutoPad = AutoPad::NotSet,
        /// Steps of the window along each spatial axis; empty: 1.
        pub strides: Vec<usize> = Vec::new(),
        /// Elements added before each spatial axis, then after each; empty: none.
        pub pads: Vec<usize> = Vec::new(),
        /// Distance of window elements along each spatial axis; empty: 1.
        pub dilations: Vec<usize> = Vec::new(),
        /// Round the output size up.
        pub ceil_mode: bool = false,
        /// How indices count: 0 row-major, 1 column-major.
        pub storage_order: usize = 0,
    }
}
op! {
    /// Mean of each window.
    pub struct AveragePool {
        /// Size of the window along each spatial axis.
        pub kernel_shape: Vec<usize> = Vec::new(),
        /// How padding is chosen.
        pub auto_pad: AutoPad = AutoPad::NotSet,
        /// Steps of the window along each spatial axis; empty: 1.
        pub strides: Vec<usize> = Vec::new(),
        /// Zeros before each spatial axis, then zeros after each; empty: none.
        pub pads: Vec<usize> = Vec::new(),
        /// Distance of window elements along each spatial axis; empty: 1.
        pub dilations: Vec<usize> = Vec::new(),
        /// Round the output size up.
        pub ceil_mode: bool = false,
        /// Count padding as elements.
        pub count_include_pad: bool = false,
    }
}
op! {
    /// Lp norm of each window.
    pub struct LpPool {
        /// Size of the window along each spatial axis.
        pub kernel_shape: Vec<usize> = Vec::new(),
        /// How padding is chosen.
        pub auto_pad: AutoPad = AutoPad::NotSet,
        /// Steps of the window along each spatial axis; empty: 1.
        pub strides: Vec<usize> = Vec::new(),
        /// Zeros before each spatial axis, then zeros after each; empty: none.
        pub pads: Vec<usize> = Vec::new(),
        /// Distance of window elements along each spatial axis; empty: 1.
        pub dilations: Vec<usize> = Vec::new(),
        /// Round the output size up.
        pub ceil_mode: bool = false,
        /// Which norm.
        pub p: i64 = 2,
    }
}

macro_rules! windowed {
    ($name:ident, $arity:expr, $rule:expr) => {
        impl $name {
            fn sliding(&self) -> Sliding<'_> {
                Sliding {
                    kernel: &self.kernel_shape,
                    auto_pad: self.auto_pad,
                    strides: &self.strides,
                    dilations: &self.dilations,
                    pads: &self.pads,
                    ceil_mode: self.ceil_mode,
                }
            }

            /// Windows over a tensor of this shape.
            ///
            /// # Errors
            /// Another rank than the window's; windows that do not fit.
            pub(crate) fn windows(&self, shape: &[usize]) -> Result<Windows> {
                resolve(&self.sliding(), shape)
            }
        }

        impl OpDef for $name {
            fn arity(&self) -> Arity {
                $arity
            }

            fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
                self.check_dtype(inputs)?;
                infer_pool(inputs, &self.sliding(), &self.arity())
            }

            fn eval(&self, context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
                let windows = self.windows(inputs.get(0)?.shape())?;
                self.compute(context, inputs, &windows)
            }

            fn quant_rule(&self) -> QuantRule {
                $rule
            }
        }
    };
}
windowed!(MaxPool, Arity::fixed(1).outputs(1, 2), QuantRule::SameAsInput(0));
windowed!(AveragePool, Arity::fixed(1), QuantRule::COMPUTE);
windowed!(LpPool, Arity::fixed(1), QuantRule::Float);

/// Types of a pooling's outputs: the pooled tensor, then indices if the op has them.
fn infer_pool(inputs: &Inputs<'_>, sliding: &Sliding<'_>, arity: &Arity) -> Result<Vec<TensorType>> {
    let n_axes = sliding.kernel.len();
    if n_axes == 0 {
        return Err(Error::graph("no size of the window").attribute("kernel_shape"));
    }
    sliding.check()?;
    if inputs.ty(0).is_none() {
        return Ok(Vec::new());
    }
    let mut shape = vec![Dim::Any; n_axes + 2];
    if let Some(input) = inputs.shape(0) {
        if input.len() != n_axes + 2 {
            return Err(Error::graph(format!("rank {} for windows of {n_axes} axes", input.len())));
        }
        shape = [&input[..2], &sliding.infer(&input[2..])?].concat();
    }
    let mut types = vec![TensorType::new(inputs.dtype(0), Some(shape.clone()))];
    if *arity.outputs.end() > 1 {
        types.push(TensorType::new(DType::I64, Some(shape)));
    }
    Ok(types)
}

fn resolve(sliding: &Sliding<'_>, shape: &[usize]) -> Result<Windows> {
    if sliding.kernel.is_empty() || shape.len() != sliding.kernel.len() + 2 {
        let message = format!("the shape {shape:?} for windows of {} axes", sliding.kernel.len());
        return Err(Error::data(message));
    }
    sliding.resolve(&shape[2..])
}

/// The same windows for the fast kernels, which know up to three axes.
fn pool_shape(windows: &Windows, ceil_mode: bool) -> Option<PoolShape> {
    (windows.kernel.len() <= 3).then(|| PoolShape {
        kernel: windows.kernel.clone(),
        strides: windows.strides.clone(),
        dilations: windows.dilations.clone(),
        pads_begin: windows.pads_begin.clone(),
        pads_end: windows.pads_end.clone(),
        ceil_mode,
    })
}

fn pooled_shape(input: &Tensor, windows: &Windows) -> Vec<usize> {
    [&input.shape()[..2], &windows.output].concat()
}

/// Calls `pool` on the input and the output of each channel.
fn for_each_plane<T: Float>(
    input: &Tensor,
    windows: &Windows,
    start: T,
    mut pool: impl FnMut(usize, &[T], &mut [T]),
) -> Result<Vec<T>> {
    let elements = input.as_slice::<T>()?;
    let mut output = filled(&pooled_shape(input, windows), start)?;
    let in_len = windows.input.iter().product::<usize>();
    let out_len = windows.output.iter().product::<usize>().max(1);
    for (plane_idx, plane) in output.chunks_mut(out_len).enumerate() {
        pool(plane_idx, &elements[plane_idx * in_len..][..in_len], plane);
    }
    Ok(output)
}

/// Adds `of` each tap's element to its outputs.
fn add_taps<T: Float>(windows: &Windows, from: &[T], to: &mut [T], of: impl Fn(T) -> T) {
    windows.for_each_row(|row| {
        let inputs = from[row.input..].iter().step_by(row.stride);
        for (y, &x) in to[row.output..row.output + row.len].iter_mut().zip(inputs) {
            *y = y.plus(of(x));
        }
    });
}

impl MaxPool {
    fn check_dtype(&self, inputs: &Inputs<'_>) -> Result<()> {
        if self.storage_order > 1 {
            return Err(Error::graph("neither 0 nor 1").attribute("storage_order"));
        }
        require_number(inputs, 0)
    }

    fn compute(&self, context: EvalContext, inputs: Args, windows: &Windows) -> Result<Vec<Tensor>> {
        let with_indices = context.n_outputs > 1;
        let dtype = inputs.get(0)?.dtype();
        if !matches!(dtype, DType::I8 | DType::U8 | DType::I16 | DType::U16) {
            return by_float(
                inputs,
                |inputs| self.max_f32(inputs.get(0)?, windows, with_indices),
                |inputs| self.max::<f64>(inputs.get(0)?, windows, with_indices),
            );
        }
        // Small integers are exact as f32. A window that lies in the padding alone is −∞, and saturates.
        let input = inputs.get(0)?;
        let floats = Tensor::from_vec(input.shape().to_vec(), input.to_f32_vec()?)?;
        let mut outputs = self.max_f32(&floats, windows, with_indices)?;
        outputs[0] = by_number!(dtype, T => {
            let elements = outputs[0].as_slice::<f32>()?.iter().map(|&x| T::from_f64(x.into())).collect();
            Tensor::from_vec::<T>(outputs[0].shape().to_vec(), elements)
        })?;
        Ok(outputs)
    }

    fn max_f32(&self, input: &Tensor, windows: &Windows, with_indices: bool) -> Result<Vec<Tensor>> {
        let Some(shape) = pool_shape(windows, self.ceil_mode) else {
            return self.max::<f32>(input, windows, with_indices);
        };
        let elements = input.as_slice::<f32>()?;
        let dims = pooled_shape(input, windows);
        let mut output = filled(&dims, 0.0)?;
        if !with_indices {
            max_pool(elements, input.shape(), &shape, &mut output, None);
            return Ok(vec![Tensor::from_vec(dims, output)?]);
        }
        let mut indices = filled(&dims, 0i64)?;
        let column_major = self.storage_order == 1;
        max_pool(elements, input.shape(), &shape, &mut output, Some((&mut indices, column_major)));
        Ok(vec![Tensor::from_vec(dims.clone(), output)?, Tensor::from_vec(dims, indices)?])
    }

    fn max<T: Float>(&self, input: &Tensor, windows: &Windows, with_indices: bool) -> Result<Vec<Tensor>> {
        let dims = pooled_shape(input, windows);
        let mut indices = filled(&dims, -1i64)?;
        let in_len = windows.input.iter().product::<usize>();
        let output = for_each_plane::<T>(input, windows, T::NEG_INFINITY, |plane_idx, from, to| {
            let indices = &mut indices[plane_idx * to.len()..][..to.len()];
            windows.for_each_row(|row| {
                for i in 0..row.len {
                    let (at, x) = (row.output + i, from[row.input + i * row.stride]);
                    if indices[at] < 0 || x > to[at] || (x.is_nan() && !to[at].is_nan()) {
                        to[at] = x;
                        let spatial = self.index(row.input + i * row.stride, &windows.input);
                        indices[at] = (plane_idx * in_len + spatial) as i64;
                    }
                }
            });
        })?;
        let output = Tensor::from_vec(dims.clone(), output)?;
        let indices = with_indices.then(|| Tensor::from_vec(dims, indices)).transpose()?;
        Ok(std::iter::once(output).chain(indices).collect())
    }

    /// A flat position as indices count.
    fn index(&self, position: usize, sizes: &[usize]) -> usize {
        if self.storage_order == 0 {
            return position;
        }
        let mut rest = position;
        sizes.iter().enumerate().rev().fold(0, |index, (axis, size)| {
            let along = rest % size;
            rest /= size;
            index + along * sizes[..axis].iter().product::<usize>()
        })
    }
}

impl AveragePool {
    #[allow(clippy::unused_self, reason = "as the other poolings")]
    fn check_dtype(&self, inputs: &Inputs<'_>) -> Result<()> {
        require_float(inputs, 0)
    }

    fn compute(&self, _context: EvalContext, inputs: Args, windows: &Windows) -> Result<Vec<Tensor>> {
        by_float(
            inputs,
            |inputs| {
                let input = inputs.get(0)?;
                let Some(shape) = pool_shape(windows, self.ceil_mode) else {
                    return self.average::<f32>(input, windows);
                };
                let (elements, dims) = (input.as_slice::<f32>()?, pooled_shape(input, windows));
                let mut output = filled(&dims, 0.0)?;
                average_pool(elements, input.shape(), &shape, self.count_include_pad, &mut output);
                Ok(vec![Tensor::from_vec(dims, output)?])
            },
            |inputs| self.average::<f64>(inputs.get(0)?, windows),
        )
    }

    fn average<T: Float>(&self, input: &Tensor, windows: &Windows) -> Result<Vec<Tensor>> {
        let mut counts = filled(&windows.output, T::default())?;
        if self.count_include_pad {
            // The same windows over an input that has the padding as elements.
            let padded = windows.input.iter().zip(&windows.pads_begin).zip(&windows.pads_end);
            let padded = Windows {
                input: padded.map(|((size, begin), end)| size + begin + end).collect(),
                pads_begin: vec![0; windows.kernel.len()],
                ..windows.clone()
            };
            count_taps(&padded, &mut counts);
        } else {
            count_taps(windows, &mut counts);
        }
        let output = for_each_plane::<T>(input, windows, T::default(), |_, from, to| {
            add_taps(windows, from, to, |x| x);
            to.iter_mut().zip(&counts).for_each(|(y, &count)| *y = y.over(count));
        })?;
        Ok(vec![Tensor::from_vec(pooled_shape(input, windows), output)?])
    }
}

fn count_taps<T: Float>(windows: &Windows, counts: &mut [T]) {
    windows.for_each_row(|row| {
        counts[row.output..row.output + row.len].iter_mut().for_each(|count| *count = count.plus(T::ONE));
    });
}

impl LpPool {
    fn check_dtype(&self, inputs: &Inputs<'_>) -> Result<()> {
        require_float(inputs, 0)?;
        check_p(self.p)
    }

    fn compute(&self, _context: EvalContext, inputs: Args, windows: &Windows) -> Result<Vec<Tensor>> {
        check_p(self.p)?;
        by_float(
            inputs,
            |inputs| self.norm::<f32>(inputs.get(0)?, windows),
            |inputs| self.norm::<f64>(inputs.get(0)?, windows),
        )
    }

    fn norm<T: Float>(&self, input: &Tensor, windows: &Windows) -> Result<Vec<Tensor>> {
        let output = for_each_plane::<T>(input, windows, T::default(), |_, from, to| {
            add_taps(windows, from, to, |x| power_of_magnitude(x, self.p));
            for y in &mut *to {
                *y = root(*y, self.p);
            }
        })?;
        Ok(vec![Tensor::from_vec(pooled_shape(input, windows), output)?])
    }
}

fn check_p(p: i64) -> Result<()> {
    if p < 1 {
        return Err(Error::graph(format!("the norm {p}, which must be at least 1")).attribute("p"));
    }
    Ok(())
}

fn power_of_magnitude<T: Float>(x: T, p: i64) -> T {
    match p {
        1 => x.magnitude(),
        2 => x.times(x),
        _ => x.magnitude().power(T::from_f64(p as f64)),
    }
}

fn root<T: Float>(sum: T, p: i64) -> T {
    match p {
        1 => sum,
        2 => sum.sqrt(),
        _ => sum.power(T::from_f64(1.0 / p as f64)),
    }
}

#[cfg(test)]
#[allow(clippy::excessive_precision, reason = "pasted from the reference")]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_all, eval_error, floats};

    fn input() -> Tensor {
        floats([1, 2, 5, 5], &(0..50).map(|i| (i * 37 % 23) as f32).collect::<Vec<_>>())
    }

    fn doubles(tensor: &Tensor) -> Tensor {
        Tensor::from_vec(tensor.shape().to_vec(), tensor.to_f64_vec().unwrap()).unwrap()
    }

    fn assert_both_close(op: impl Into<crate::ops::Op>, expected: &[f32]) {
        let op = op.into();
        assert_close(&eval(op.clone(), [input()]), expected);
        let y = eval(op, [doubles(&input())]).to_f32_vec().unwrap();
        assert_close(&Tensor::vector(y), expected);
    }

    // Expected numbers: onnxruntime 1.32.

    #[test]
    fn maximum_with_indices() {
        let op = MaxPool {
            kernel_shape: vec![3, 2],
            strides: vec![2, 2],
            pads: vec![1, 0, 1, 1],
            dilations: vec![1, 2],
            ceil_mode: true,
            storage_order: 1,
            ..MaxPool::default()
        };
        let expected = [
            6.0, 11.0, 11.0, 8.0, 13.0, 13.0, 9.0, 14.0, 14.0, 11.0, 16.0, 16.0, 13.0, 18.0, 18.0, 14.0,
            19.0, 19.0,
        ];
        let indices = vec![11i64, 21, 21, 13, 23, 23, 14, 24, 24, 36, 46, 46, 38, 48, 48, 39, 49, 49];
        let input = input();
        for input in [input.clone(), doubles(&input)] {
            let outputs = eval_all(op.clone(), [Some(input)], 2).unwrap();
            assert_eq!(outputs[0].to_f32_vec().unwrap(), expected);
            assert_eq!(outputs[1], Tensor::from_vec(vec![1, 2, 3, 3], indices.clone()).unwrap());
        }
        let bytes = Tensor::from_vec(vec![1, 1, 3], vec![-3i8, -128, -5]).unwrap();
        let op = MaxPool { kernel_shape: vec![2], pads: vec![2, 0], ..MaxPool::default() };
        assert_eq!(eval(op, [bytes]), Tensor::from_vec(vec![1, 1, 4], vec![-128i8, -3, -3, -5]).unwrap());
    }

    #[test]
    fn mean_with_and_without_padding() {
        let op = |count_include_pad| AveragePool {
            kernel_shape: vec![3, 2],
            strides: vec![2, 2],
            pads: vec![1, 0, 1, 1],
            dilations: vec![1, 2],
            ceil_mode: true,
            count_include_pad,
            ..AveragePool::default()
        };
        assert_both_close(
            op(false),
            &[
                3.0, 8.0, 10.5, 4.5, 9.5, 12.0, 6.0, 11.0, 13.5, 8.0, 13.0, 15.5, 9.5, 14.5, 17.0, 11.0,
                16.0, 18.5,
            ],
        );
        assert_both_close(
            op(true),
            &[
                2.0, 5.333_333, 7.0, 4.5, 9.5, 12.0, 4.0, 7.333_333, 9.0, 5.333_333, 8.666_667, 10.333_333,
                9.5, 14.5, 17.0, 7.333_333, 10.666_667, 12.333_333,
            ],
        );
    }

    #[test]
    fn norm() {
        let op = LpPool {
            kernel_shape: vec![3, 2],
            strides: vec![2, 2],
            pads: vec![1, 0, 1, 1],
            p: 3,
            ..LpPool::default()
        };
        assert_both_close(
            op,
            &[
                18.291_55, 24.771_25, 13.259_103, 23.158_331, 30.716_106, 17.386_753, 22.128_723, 22.823_477,
                17.032_236, 24.771_25, 13.276_145, 19.549_078, 30.716_106, 17.495_237, 24.574_675,
                22.823_477, 17.246_693, 23.325_556,
            ],
        );
    }

    #[test]
    fn four_axes() {
        let op = MaxPool { kernel_shape: vec![1, 2, 1, 1], ..MaxPool::default() };
        assert_eq!(eval(op, [counting([1, 1, 1, 2, 1, 1])]), floats([1, 1, 1, 1, 1, 1], &[1.0]));
    }

    #[test]
    fn bad_input_is_an_error() {
        eval_error(MaxPool::default(), [input()]);
        eval_error(MaxPool { kernel_shape: vec![2], ..MaxPool::default() }, [input()]);
        eval_error(MaxPool { kernel_shape: vec![7, 7], ..MaxPool::default() }, [input()]);
        eval_error(AveragePool { kernel_shape: vec![0, 1], ..AveragePool::default() }, [input()]);
        eval_error(LpPool { kernel_shape: vec![1, 1], p: 0, ..LpPool::default() }, [input()]);
        let integers = Tensor::from_vec(vec![1, 1, 2], vec![1i32, 2]).unwrap();
        eval_error(AveragePool { kernel_shape: vec![1], ..AveragePool::default() }, [integers]);
    }
}

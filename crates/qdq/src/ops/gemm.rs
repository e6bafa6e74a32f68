//! Matrix product with a scaled addend.

use super::elementwise::{combine_into, require_number, require_same_dtype, stretched};
use super::infer::{broadcast, broadcast_sizes};
use super::matmul::multiply;
use super::numeric::{Number, by_number, filled, with_halves_widened};
use super::{Args, Arity, EvalContext, Inputs, OpDef, Prepared, QuantRule, Weight, op, with_constants};
use crate::error::{Error, Result};
use crate::kernels::Activation;
use crate::kernels::gemm::{Bias, GemmOptions, MatRef, PackedB, RightOperand, gemm};
use crate::tensor::{DType, Dim, Tensor, TensorType};

op! {
    /// `alpha * a' * b' + beta * c` of matrices; c is optional and broadcasts to the product.
    pub struct Gemm {
        /// Factor of the product.
        pub alpha: f32 = 1.0,
        /// Factor of c.
        pub beta: f32 = 1.0,
        /// Whether a' is a transposed.
        pub trans_a: bool = false,
        /// Whether b' is b transposed.
        pub trans_b: bool = false,
    }
}

impl OpDef for Gemm {
    fn arity(&self) -> Arity {
        Arity::range(2, 3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_number(inputs, 0)?;
        require_same_dtype(inputs, 0, 1)?;
        require_same_dtype(inputs, 0, 2)?;
        if inputs.ty(0).is_none() {
            return Ok(Vec::new());
        }
        let [m, k] = infer_matrix(inputs, 0, self.trans_a)?;
        let [rows, n] = infer_matrix(inputs, 1, self.trans_b)?;
        if !k.may_equal(&rows) {
            return Err(Error::graph(format!("inner sizes {k} and {rows} differ")));
        }
        let shape = [m, n];
        if let Some(c) = inputs.shape(2) {
            let sum = broadcast(&[Some(&shape), Some(c)])?;
            let fits = |sum: &Vec<Dim>| sum.len() == 2 && sum.iter().zip(&shape).all(|(a, b)| a.may_equal(b));
            if !sum.as_ref().is_some_and(fits) {
                return Err(Error::graph("input 2 does not broadcast to the product"));
            }
        }
        Ok(vec![TensorType::new(inputs.dtype(0), Some(shape.to_vec()))])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        with_halves_widened(inputs, |inputs| match inputs.get(0)?.dtype() {
            DType::F32 => Ok(vec![self.in_f32(&inputs, None, Activation::None)?]),
            dtype => Ok(vec![by_number!(dtype, T => self.direct::<T>(&inputs))?]),
        })
    }

    fn quant_rule(&self) -> QuantRule {
        let axis = isize::from(!self.trans_b);
        QuantRule::Compute { weight: Some(Weight { input: 1, axis }), bias: Some(2) }
    }

    fn prepare(
        &self,
        constants: &[Option<Tensor>],
        activation: Activation,
    ) -> Result<Option<Box<dyn Prepared>>> {
        let Some(Some(b)) = constants.get(1) else { return Ok(None) };
        if b.dtype() != DType::F32 || b.shape().len() != 2 {
            return Ok(None);
        }
        let packed = PackedB::new(matrix(b, self.trans_b)?);
        Ok(Some(Box::new(PreparedGemm {
            gemm: self.clone(),
            packed,
            constants: constants.to_vec(),
            activation,
        })))
    }
}

/// A product whose right operand is constant.
#[derive(Debug)]
struct PreparedGemm {
    gemm: Gemm,
    packed: PackedB,
    constants: Vec<Option<Tensor>>,
    activation: Activation,
}

impl Prepared for PreparedGemm {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        Ok(vec![self.gemm.in_f32(&inputs, Some(&self.packed), self.activation)?])
    }
}

fn infer_matrix(inputs: &Inputs<'_>, position: usize, transposed: bool) -> Result<[Dim; 2]> {
    match inputs.shape(position) {
        None => Ok([Dim::Any, Dim::Any]),
        Some([rows, columns]) if transposed => Ok([columns.clone(), rows.clone()]),
        Some([rows, columns]) => Ok([rows.clone(), columns.clone()]),
        Some(shape) => Err(Error::graph(format!("input {position} has rank {}, not 2", shape.len()))),
    }
}

/// Sizes of a matrix, transposed if asked for.
fn sizes(tensor: &Tensor, transposed: bool) -> Result<(usize, usize)> {
    match *tensor.shape() {
        [rows, columns] if transposed => Ok((columns, rows)),
        [rows, columns] => Ok((rows, columns)),
        ref shape => Err(Error::data(format!("the shape {shape:?} where a matrix is needed"))),
    }
}

fn matrix(tensor: &Tensor, transposed: bool) -> Result<MatRef<'_>> {
    let (rows, columns) = sizes(tensor, false)?;
    let matrix = MatRef::row_major(tensor.as_slice()?, rows, columns);
    Ok(if transposed { matrix.transposed() } else { matrix })
}

impl Gemm {
    /// The shape of the product, checked against c.
    fn output_shape(&self, inputs: &Args) -> Result<Vec<usize>> {
        let (m, k) = sizes(inputs.get(0)?, self.trans_a)?;
        let (rows, n) = sizes(inputs.get(1)?, self.trans_b)?;
        if k != rows {
            return Err(Error::data(format!("inner sizes {k} and {rows} differ")));
        }
        if let Some(c) = inputs.optional(2)
            && broadcast_sizes(&[&[m, n], c.shape()])? != [m, n]
        {
            return Err(Error::data(format!(
                "an addend of shape {:?} for a product of {m} by {n}",
                c.shape()
            )));
        }
        Ok(vec![m, n])
    }

    fn in_f32(&self, inputs: &Args, packed: Option<&PackedB>, activation: Activation) -> Result<Tensor> {
        let shape = self.output_shape(inputs)?;
        let columns = shape[1];
        let right = match packed {
            Some(packed) => RightOperand::Packed(packed),
            None => RightOperand::Matrix(matrix(inputs.get(1)?, self.trans_b)?),
        };
        let mut options = GemmOptions { alpha: self.alpha, activation, ..GemmOptions::default() };
        let scaled; // lives as long as the options that borrow it
        let mut output = match inputs.optional(2) {
            Some(c) if c.len() == columns && c.shape().last() == Some(&columns) => {
                scaled = c.as_slice::<f32>()?.iter().map(|x| x * self.beta).collect::<Vec<_>>();
                options.bias = Bias::PerColumn(&scaled);
                filled(&shape, 0.0)?
            }
            Some(c) => {
                options.beta = self.beta;
                stretched::<f32>(c.clone(), &shape)?
            }
            None => filled(&shape, 0.0)?,
        };
        gemm(matrix(inputs.get(0)?, self.trans_a)?.into(), right, &options, &mut output);
        Tensor::from_vec(shape, output)
    }

    /// The definition as loops, for types without a kernel.
    fn direct<T: Number>(&self, inputs: &Args) -> Result<Tensor> {
        let shape = self.output_shape(inputs)?;
        let (_, k) = sizes(inputs.get(0)?, self.trans_a)?;
        let mut output = filled(&shape, T::default())?;
        if !output.is_empty() && k > 0 {
            let a = untransposed::<T>(inputs.get(0)?, self.trans_a)?;
            let b = untransposed::<T>(inputs.get(1)?, self.trans_b)?;
            multiply(&a, &b, &mut output, k, shape[1]);
        }
        let scale =
            |x: T, factor: f32| if factor == 1.0 { x } else { T::from_f64(x.as_f64() * f64::from(factor)) };
        for x in &mut *output {
            *x = scale(*x, self.alpha);
        }
        if let Some(c) = inputs.optional(2) {
            combine_into(&mut output, &shape, c.as_slice::<T>()?, c.shape(), |x: T, c| {
                x.plus(scale(c, self.beta))
            });
        }
        Tensor::from_vec(shape, output)
    }
}

/// Elements of a matrix, or of its transpose, in row-major order.
fn untransposed<T: Number>(tensor: &Tensor, transposed: bool) -> Result<Vec<T>> {
    let elements = tensor.as_slice::<T>()?;
    if !transposed {
        return Ok(elements.to_vec());
    }
    let (rows, columns) = sizes(tensor, true)?;
    Ok((0..rows * columns).map(|i| elements[i % columns * rows + i / columns]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_error, floats};

    fn cases() -> Vec<(Gemm, [Tensor; 3])> {
        let gemm = |trans_a, trans_b| Gemm { alpha: 0.5, beta: 2.0, trans_a, trans_b };
        vec![
            (gemm(false, false), [counting([2, 3]), counting([3, 2]), floats([2], &[1.0, -1.0])]),
            (gemm(true, false), [counting([3, 2]), counting([3, 2]), floats([1, 2], &[1.0, -1.0])]),
            (gemm(false, true), [counting([2, 3]), counting([2, 3]), floats([2, 1], &[1.0, -1.0])]),
            (gemm(true, true), [counting([3, 2]), counting([2, 3]), floats([], &[1.0])]),
        ]
    }

    #[test]
    fn transposed_and_scaled_in_every_path() {
        let expected =
            [[7.0, 4.5, 16.0, 18.0], [12.0, 11.0, 15.0, 15.5], [4.5, 9.0, 5.0, 23.0], [7.0, 16.0, 8.5, 22.0]];
        for ((gemm, inputs), expected) in cases().into_iter().zip(expected) {
            assert_close(&eval(gemm.clone(), inputs.clone()), &expected);
            let doubles = inputs
                .each_ref()
                .map(|t| Tensor::from_vec(t.shape().to_vec(), t.to_f64_vec().unwrap()).unwrap());
            assert_close(&Tensor::vector(eval(gemm.clone(), doubles).to_f32_vec().unwrap()), &expected);
            let [a, b, c] = inputs;
            let constants = [None, Some(b), Some(c)];
            let prepared =
                gemm.prepare(&constants, Activation::Clip { min: 5.0, max: 15.0 }).unwrap().unwrap();
            let outputs = prepared.run(Args(vec![Some(a), None, None])).unwrap();
            assert_close(&outputs[0], &expected.map(|x: f32| x.clamp(5.0, 15.0)));
        }
    }

    #[test]
    fn without_addend() {
        let integers = || Tensor::from_vec(vec![1, 2], vec![2i32, 3]).unwrap();
        let gemm = Gemm { trans_b: true, ..Gemm::default() };
        assert_eq!(eval(gemm, [integers(), integers()]), Tensor::from_vec(vec![1, 1], vec![13i32]).unwrap());
    }

    #[test]
    fn empty_tensors() {
        let bias = floats([2], &[1.0, 2.0]);
        let y = eval(Gemm::default(), [counting([2, 0]), counting([0, 2]), bias]);
        assert_eq!(y, floats([2, 2], &[1.0, 2.0, 1.0, 2.0]));
        assert!(eval(Gemm::default(), [counting([0, 3]), counting([3, 2])]).is_empty());
    }

    #[test]
    fn bad_input_is_an_error() {
        eval_error(Gemm::default(), [counting([2, 3]), counting([2, 3])]);
        eval_error(Gemm::default(), [counting([2]), counting([2, 3])]);
        eval_error(Gemm::default(), [counting([2, 3]), counting([3, 2]), counting([3])]);
        eval_error(Gemm::default(), [counting([2, 3]), counting([3, 2]), counting([1, 2, 2])]);
        eval_error(Gemm::default(), [counting([2, 3]), counting([3, 2]), Tensor::scalar(1.0f64)]);
    }
}

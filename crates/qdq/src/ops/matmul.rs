//! Matrix products.

use super::elementwise::{require_number, require_same_dtype, stretched};
use super::infer::{broadcast, broadcast_sizes};
use super::numeric::{Number, by_number, filled, unwritten, with_halves_widened};
use super::{Args, Arity, EvalContext, Inputs, OpDef, Prepared, QuantRule, Weight, op, with_constants};
use crate::error::{Error, Result};
use crate::kernels::Activation;
use crate::kernels::gemm::{GemmOptions, MatRef, PackedB, gemm, gemm_batched};
use crate::tensor::{DType, Dim, Tensor, TensorType};

op! {
    /// Matrix product as in numpy: batches broadcast, vectors stand for one row (left) or column (right).
    pub struct MatMul {}
}

impl OpDef for MatMul {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_number(inputs, 0)?;
        require_same_dtype(inputs, 0, 1)?;
        if inputs.ty(0).is_none() {
            return Ok(Vec::new());
        }
        let shape = match (inputs.shape(0), inputs.shape(1)) {
            (Some(a), Some(b)) => Some(infer_product(a, b)?),
            _ => None,
        };
        Ok(vec![TensorType::new(inputs.dtype(0), shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        with_halves_widened(inputs, |inputs| {
            let (a, b) = (inputs.get(0)?, inputs.get(1)?);
            if a.dtype() == DType::F32 {
                return Ok(vec![mat_mul_f32(a, b, None, Activation::None)?]);
            }
            Ok(vec![by_number!(a.dtype(), T => mat_mul::<T>(a, b))?])
        })
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::Compute { weight: Some(Weight { input: 1, axis: -1 }), bias: None }
    }

    fn prepare(
        &self,
        constants: &[Option<Tensor>],
        activation: Activation,
    ) -> Result<Option<Box<dyn Prepared>>> {
        let Some(Some(b)) = constants.get(1) else { return Ok(None) };
        let &[rows, columns] = b.shape() else { return Ok(None) };
        let Ok(elements) = b.as_slice::<f32>() else { return Ok(None) };
        let packed = PackedB::new(MatRef::row_major(elements, rows, columns));
        Ok(Some(Box::new(PreparedMatMul { packed, constants: constants.to_vec(), activation })))
    }
}

/// A product whose right operand is a constant matrix.
#[derive(Debug)]
struct PreparedMatMul {
    packed: PackedB,
    constants: Vec<Option<Tensor>>,
    activation: Activation,
}

impl Prepared for PreparedMatMul {
    fn run(&self, inputs: Args) -> Result<Vec<Tensor>> {
        let inputs = with_constants(inputs, &self.constants);
        Ok(vec![mat_mul_f32(inputs.get(0)?, inputs.get(1)?, Some(&self.packed), self.activation)?])
    }
}

fn infer_product(a: &[Dim], b: &[Dim]) -> Result<Vec<Dim>> {
    let bad = || Error::graph(format!("the product of ranks {} and {}", a.len(), b.len()));
    let (a_batch, a_matrix) = a.split_at(a.len().saturating_sub(2));
    let (b_batch, b_matrix) = b.split_at(b.len().saturating_sub(2));
    let inner = (a.last().ok_or_else(bad)?, b_matrix.first().ok_or_else(bad)?);
    if !inner.0.may_equal(inner.1) {
        return Err(Error::graph(format!("inner sizes {} and {} differ", inner.0, inner.1)));
    }
    let mut shape = broadcast(&[Some(a_batch), Some(b_batch)])?.unwrap_or_default();
    if let [rows, _] = a_matrix {
        shape.push(rows.clone());
    }
    if let [_, columns] = b_matrix {
        shape.push(columns.clone());
    }
    Ok(shape)
}

/// Sizes of a product: `batches` times `[m, k] · [k, n]`.
#[derive(Debug)]
pub(crate) struct MatMulSizes {
    pub(crate) m: usize,
    pub(crate) k: usize,
    pub(crate) n: usize,
    /// Which matrix of a and of b each batch takes.
    pub(crate) batches: Vec<(usize, usize)>,
    /// Shape of the result.
    pub(crate) shape: Vec<usize>,
}

impl MatMulSizes {
    /// Of the product of tensors of these shapes.
    ///
    /// # Errors
    /// Shapes that do not fit each other.
    pub(crate) fn new(a: &[usize], b: &[usize]) -> Result<Self> {
        let bad = || Error::data(format!("the product of {a:?} and {b:?}"));
        let (a_batch, a_matrix) = a.split_at(a.len().saturating_sub(2));
        let (b_batch, b_matrix) = b.split_at(b.len().saturating_sub(2));
        let (m, k) = match *a_matrix {
            [m, k] => (m, k),
            [k] => (1, k),
            _ => return Err(bad()),
        };
        let (rows, n) = match *b_matrix {
            [rows, n] => (rows, n),
            [rows] => (rows, 1),
            _ => return Err(bad()),
        };
        if k != rows {
            return Err(bad());
        }
        let mut shape = broadcast_sizes(&[a_batch, b_batch])?;
        let mut product = Self { m, k, n, batches: Vec::new(), shape: Vec::new() };
        if b_batch.is_empty() {
            // One matrix for all batches: they are rows of one product.
            product.m = a_batch.iter().product::<usize>() * m;
            product.batches = vec![(0, 0)];
        } else if !shape.contains(&0) {
            product.batches = pair_batches(a_batch, b_batch, &shape)?;
        }
        shape.extend_from_slice(&a_matrix[..a_matrix.len() - 1]);
        shape.extend_from_slice(&b_matrix[1..]);
        product.shape = shape;
        Ok(product)
    }
}

/// Which matrix of a and of b each batch of the broadcast shape takes.
fn pair_batches(a: &[usize], b: &[usize], shape: &[usize]) -> Result<Vec<(usize, usize)>> {
    let number = |dims: &[usize]| -> Result<Vec<usize>> {
        let indices: Vec<i64> = (0..dims.iter().product::<usize>() as i64).collect();
        let stretched = stretched::<i64>(Tensor::from_vec(dims.to_vec(), indices)?, shape)?;
        Ok(stretched.into_iter().map(|index| index as usize).collect())
    };
    Ok(number(a)?.into_iter().zip(number(b)?).collect())
}

fn mat_mul_f32(a: &Tensor, b: &Tensor, packed: Option<&PackedB>, activation: Activation) -> Result<Tensor> {
    let product = MatMulSizes::new(a.shape(), b.shape())?;
    let (m, k, n) = (product.m, product.k, product.n);
    let (x, y) = (a.as_slice::<f32>()?, b.as_slice::<f32>()?);
    // Sums of nothing are 0, and no kernel writes them.
    let mut output = if k == 0 { filled(&product.shape, 0.0)? } else { unwritten(&product.shape)? };
    let options = GemmOptions { activation, ..GemmOptions::default() };
    if let (Some(packed), [_]) = (packed, product.batches.as_slice()) {
        gemm(MatRef::row_major(x, m, k).into(), packed.into(), &options, &mut output);
    } else {
        let left = |i: usize| MatRef::row_major(&x[product.batches[i].0 * m * k..], m, k).into();
        let right = |i: usize| MatRef::row_major(&y[product.batches[i].1 * k * n..], k, n).into();
        gemm_batched(product.batches.len(), left, right, &options, &mut output);
    }
    Tensor::from_vec(product.shape, output)
}

/// The definition as loops, for types without a kernel.
fn mat_mul<T: Number>(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let product = MatMulSizes::new(a.shape(), b.shape())?;
    let (m, k, n) = (product.m, product.k, product.n);
    let (x, y) = (a.as_slice::<T>()?, b.as_slice::<T>()?);
    let mut output = filled(&product.shape, T::default())?;
    if !output.is_empty() && k > 0 {
        for (&(left, right), part) in product.batches.iter().zip(output.chunks_mut(m * n)) {
            multiply(&x[left * m * k..][..m * k], &y[right * k * n..][..k * n], part, k, n);
        }
    }
    Tensor::from_vec(product.shape, output)
}

/// Adds the product of row-major matrices to `c`; `k` and `n` are not 0.
pub(super) fn multiply<T: Number>(a: &[T], b: &[T], c: &mut [T], k: usize, n: usize) {
    for (row, to) in a.chunks(k).zip(c.chunks_mut(n)) {
        for (&x, from) in row.iter().zip(b.chunks(n)) {
            for (sum, &y) in to.iter_mut().zip(from) {
                *sum = sum.plus(x.times(y));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_error, floats};

    #[test]
    fn shapes_are_those_of_numpy() {
        let cases: [(&[usize], &[usize], &[usize]); 9] = [
            (&[2, 3], &[3, 4], &[2, 4]),
            (&[3], &[3, 4], &[4]),
            (&[2, 3], &[3], &[2]),
            (&[3], &[3], &[]),
            (&[5, 2, 3], &[3, 4], &[5, 2, 4]),
            (&[2, 3], &[5, 3, 4], &[5, 2, 4]),
            (&[5, 1, 2, 3], &[6, 3, 4], &[5, 6, 2, 4]),
            (&[3], &[5, 3, 4], &[5, 4]),
            (&[5, 2, 0], &[0, 4], &[5, 2, 4]),
        ];
        for (a, b, expected) in cases {
            let tensor = |shape: &[usize]| {
                let n = shape.iter().product::<usize>();
                Tensor::from_vec(shape.to_vec(), (0..n).map(|i| (i % 7) as f32).collect()).unwrap()
            };
            let integers = |t: &Tensor| {
                Tensor::from_vec(
                    t.shape().to_vec(),
                    t.to_f32_vec().unwrap().iter().map(|&x| x as i32).collect(),
                )
                .unwrap()
            };
            let (a, b) = (tensor(a), tensor(b));
            let c = eval(MatMul {}, [a.clone(), b.clone()]);
            assert_eq!(c.shape(), expected);
            assert_eq!(eval(MatMul {}, [integers(&a), integers(&b)]), integers(&c));
            let prepared = MatMul {}.prepare(&[None, Some(b)], Activation::None).unwrap();
            if let Some(prepared) = prepared {
                assert_eq!(prepared.run(Args(vec![Some(a), None])).unwrap(), [c]);
            }
        }
    }

    #[test]
    fn batches_pair_up() {
        let c = eval(MatMul {}, [floats([2, 1, 1], &[1.0, 10.0]), floats([2, 1, 2], &[1.0, 2.0, 3.0, 4.0])]);
        assert_eq!(c, floats([2, 1, 2], &[1.0, 2.0, 30.0, 40.0]));
        let halves = |x: &[f32]| {
            Tensor::from_vec(vec![1, 2], x.iter().map(|&x| half::f16::from_f32(x)).collect()).unwrap()
        };
        assert_eq!(
            eval(MatMul {}, [halves(&[1.0, 2.0]), halves(&[3.0, 4.0]).reshaped(vec![2, 1]).unwrap()])
                .to_f32_vec()
                .unwrap(),
            [11.0]
        );
    }

    #[test]
    fn bad_input_is_an_error() {
        eval_error(MatMul {}, [counting([2, 3]), counting([2, 3])]);
        eval_error(MatMul {}, [counting([2, 3, 2]), counting([3, 2, 2])]);
        eval_error(MatMul {}, [Tensor::scalar(1.0f32), counting([1])]);
        eval_error(MatMul {}, [counting([1]), Tensor::vector(vec![1i32])]);
        eval_error(MatMul {}, [counting([1])]);
    }
}

//! Determinants.

use super::elementwise::require_float;
use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::ops::cast::cast;
use crate::tensor::{Tensor, TensorType};

op! {
    /// Determinant of each matrix `[…, n, n]`.
    pub struct Det {}
}

impl OpDef for Det {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        let shape = match inputs.shape(0) {
            Some([batch @ .., rows, columns]) if rows.may_equal(columns) => Some(batch.to_vec()),
            Some(shape) => return Err(Error::graph(format!("{} axes of no square matrices", shape.len()))),
            None => None,
        };
        Ok(vec![TensorType::new(inputs.dtype(0), shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let &[ref batch @ .., rows, columns] = input.shape() else {
            return Err(Error::data(format!("the shape {:?} is of no matrices", input.shape())));
        };
        if rows != columns {
            return Err(Error::data(format!("matrices of {rows} × {columns}")));
        }
        let elements = input.to_f64_vec()?;
        let determinants = match rows {
            0 => vec![1.0; batch.iter().product()],
            n => elements
                .chunks(n.saturating_mul(n))
                .map(|matrix| determinant(matrix.to_vec(), n))
                .collect::<Vec<f64>>(),
        };
        Ok(vec![cast(Tensor::from_vec(batch.to_vec(), determinants)?, input.dtype())?])
    }
}

/// By elimination with the largest pivots.
fn determinant(mut matrix: Vec<f64>, n: usize) -> f64 {
    let mut product = 1.0;
    for step in 0..n {
        let column = (step..n).map(|row| (row, matrix[row * n + step].abs()));
        let (pivot, largest) = column.fold((step, 0.0), |best, at| if at.1 > best.1 { at } else { best });
        if largest == 0.0 {
            return 0.0;
        }
        if pivot != step {
            (0..n).for_each(|column| matrix.swap(pivot * n + column, step * n + column));
            product = -product;
        }
        product *= matrix[step * n + step];
        for row in step + 1..n {
            let factor = matrix[row * n + step] / matrix[step * n + step];
            for column in step..n {
                matrix[row * n + column] -= factor * matrix[step * n + column];
            }
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_error, floats};

    #[test]
    fn of_small_matrices() {
        let matrices = floats([2, 2, 2], &[0.0, 2.0, 3.0, 4.0, 1.0, 2.0, 2.0, 4.0]);
        assert_close(&eval(Det {}, [matrices]), &[-6.0, 0.0]);
        eval_error(Det {}, [counting([2, 3])]);
    }
}

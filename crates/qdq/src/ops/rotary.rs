//! Rotary position embedding.

use super::elementwise::{infer_same, require_float};
use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::ops::cast::cast;
use crate::ops::dispatch::resolve_index;
use crate::tensor::{Tensor, TensorType};

op! {
    /// Turns pairs of elements by angles that depend on their position.
    ///
    /// Inputs: `[batch, heads, length, size]` or `[batch, length, heads × size]`; cosines and sines, by position
    /// `[positions, pairs]`, or without positions `[batch, length, pairs]`; optional positions `[batch, length]`.
    pub struct RotaryEmbedding {
        /// Whether pairs are neighbours, not halves apart.
        pub interleaved: bool = false,
        /// Number of heads; needed for an input of three dimensions.
        pub num_heads: Option<usize> = None,
        /// How many elements of a head are turned; 0: all.
        pub rotary_embedding_dim: usize = 0,
    }
}

impl OpDef for RotaryEmbedding {
    fn arity(&self) -> Arity {
        Arity::range(3, 4)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        infer_same(inputs)
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let wrong = || Error::data(format!("the shape {:?} does not split into heads", input.shape()));
        // Length of a step along heads and along positions.
        let (batch, heads, length, size, by_position) = match (input.shape(), self.num_heads) {
            (&[batch, heads, length, size], _) => (batch, heads, length, size, false),
            (&[batch, length, all], Some(heads)) if heads > 0 && all % heads == 0 => {
                (batch, heads, length, all / heads, true)
            }
            _ => return Err(wrong()),
        };
        let turned = if self.rotary_embedding_dim == 0 { size } else { self.rotary_embedding_dim };
        if turned > size || turned % 2 != 0 {
            return Err(Error::data(format!("{turned} of {size} elements cannot be turned")));
        }
        let angles = Angles::new(&inputs, batch, length, turned / 2)?;
        let mut elements = input.to_f64_vec()?;
        for (row, head) in elements.chunks_mut(size.max(1)).enumerate() {
            let (batch, position) = if by_position {
                (row / heads / length, row / heads % length)
            } else {
                (row / length / heads, row % length)
            };
            let start = angles.rows[batch * length + position] * (turned / 2);
            for pair in 0..turned / 2 {
                let (a, b) =
                    if self.interleaved { (2 * pair, 2 * pair + 1) } else { (pair, pair + turned / 2) };
                let (cos, sin) = (angles.cos[start + pair], angles.sin[start + pair]);
                let (x, y) = (head[a], head[b]);
                (head[a], head[b]) = (cos * x - sin * y, sin * x + cos * y);
            }
        }
        Ok(vec![cast(Tensor::from_vec(input.shape().to_vec(), elements)?, input.dtype())?])
    }
}

/// Cosines and sines, and the row of them for each position of each batch.
struct Angles {
    cos: Vec<f64>,
    sin: Vec<f64>,
    rows: Vec<usize>,
}

impl Angles {
    fn new(inputs: &Args, batch: usize, length: usize, pairs: usize) -> Result<Self> {
        let (cos, sin) = (inputs.get(1)?, inputs.get(2)?);
        let wrong = || Error::data(format!("angles of {:?} and {:?} do not fit", cos.shape(), sin.shape()));
        if cos.shape() != sin.shape() || cos.shape().last() != Some(&pairs) {
            return Err(wrong());
        }
        let rows = match (inputs.optional(3), cos.shape()) {
            (Some(positions), &[n_positions, _]) => {
                let positions = positions.to_i64_vec()?.into_iter();
                positions.map(|position| resolve_index(position, n_positions)).collect::<Result<Vec<_>>>()?
            }
            (None, &[batches, positions, _]) if (batches, positions) == (batch, length) => {
                (0..batch * length).collect()
            }
            _ => return Err(wrong()),
        };
        if rows.len() != batch * length {
            return Err(Error::data(format!("{} positions for {batch} × {length}", rows.len())));
        }
        Ok(Self { cos: cos.to_f64_vec()?, sin: sin.to_f64_vec()?, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, eval, eval_error, floats};

    #[test]
    fn a_quarter_turn() {
        let x = || floats([1, 1, 1, 4], &[1.0, 2.0, 3.0, 4.0]);
        let (cos, sin) = (|| floats([1, 2], &[0.0, 1.0]), || floats([1, 2], &[1.0, 0.0]));
        let positions = || Tensor::from_vec(vec![1, 1], vec![0i64]).unwrap();
        let halves = eval(RotaryEmbedding::default(), [x(), cos(), sin(), positions()]);
        assert_close(&halves, &[-3.0, 2.0, 1.0, 4.0]);
        let op = RotaryEmbedding { interleaved: true, ..RotaryEmbedding::default() };
        assert_close(&eval(op.clone(), [x(), cos(), sin(), positions()]), &[-2.0, 1.0, 3.0, 4.0]);
        eval_error(op, [x(), cos(), sin()]);
    }
}

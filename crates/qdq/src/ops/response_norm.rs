//! Normalization by norms of neighbours, and over chosen axes.

use super::elementwise::{infer_same, require_float};
use super::infer::resolve_axis;
use super::numeric::{Float, by_float, sum_of};
use super::softmax::{each_lane, planes};
use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::tensor::{Tensor, TensorType};

op! {
    /// `x / norm(x)` along an axis; 0 where the norm is 0.
    pub struct LpNormalization {
        /// The axis; negative counts from the end.
        pub axis: i64 = -1,
        /// Which norm: 1 or 2.
        pub p: i64 = 2,
    }
}

impl OpDef for LpNormalization {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        self.check()?;
        if let Some(shape) = inputs.shape(0) {
            resolve_axis(self.axis, shape.len())?;
        }
        infer_same(inputs)
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        self.check()?;
        by_float(
            inputs,
            |inputs| planes::<f32>(inputs, self.axis, each_lane(|lane| self.lane(lane))),
            |inputs| planes::<f64>(inputs, self.axis, each_lane(|lane| self.lane(lane))),
        )
    }
}

impl LpNormalization {
    fn check(&self) -> Result<()> {
        if matches!(self.p, 1 | 2) {
            return Ok(());
        }
        Err(Error::graph(format!("the norm {}, neither 1 nor 2", self.p)).attribute("p"))
    }

    fn lane<T: Float>(&self, lane: &mut [T]) {
        let norm = if self.p == 1 { sum_of(lane, T::magnitude) } else { sum_of(lane, |x| x.times(x)).sqrt() };
        if norm != T::default() {
            for x in &mut *lane {
                *x = x.over(norm);
            }
        }
    }
}

op! {
    /// Local response normalization: `x / (bias + alpha / size * sum(x²))^beta`, the sum over `size`
    /// neighbouring channels.
    pub struct Lrn {
        /// Factor of the sum.
        pub alpha: f32 = 1e-4,
        /// Exponent.
        pub beta: f32 = 0.75,
        /// Added to the sum.
        pub bias: f32 = 1.0,
        /// Number of channels summed over.
        pub size: usize = 1,
    }
}

impl OpDef for Lrn {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        if self.size == 0 {
            return Err(Error::graph("no channels to sum over").attribute("size"));
        }
        infer_same(inputs)
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        by_float(inputs, |inputs| self.compute::<f32>(&inputs), |inputs| self.compute::<f64>(&inputs))
    }
}

impl Lrn {
    fn compute<T: Float>(&self, inputs: &Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let &[_, channels, ref spatial @ ..] = input.shape() else {
            return Err(Error::data(format!("the shape {:?} has no channels", input.shape())));
        };
        if self.size == 0 {
            return Err(Error::graph("no channels to sum over").attribute("size"));
        }
        let elements = input.as_slice::<T>()?;
        let inner = spatial.iter().product::<usize>();
        let (before, after) = ((self.size - 1) / 2, self.size / 2);
        let factor = T::from_f64(f64::from(self.alpha) / self.size as f64);
        let mut output = elements.to_vec();
        let mut sums = vec![T::default(); inner];
        for (plane_idx, plane) in output.chunks_mut(inner.max(1)).enumerate() {
            let (first, channel) = (plane_idx - plane_idx % channels, plane_idx % channels);
            sums.fill(T::default());
            for neighbour in
                channel.saturating_sub(before)..channel.saturating_add(after).saturating_add(1).min(channels)
            {
                let squares = elements[(first + neighbour) * inner..][..inner].iter().map(|&x| x.times(x));
                sums.iter_mut().zip(squares).for_each(|(sum, square)| *sum = sum.plus(square));
            }
            for (x, &sum) in plane.iter_mut().zip(&sums) {
                let base = T::from_f64(self.bias.into()).plus(factor.times(sum));
                *x = x.over(base.power(T::from_f64(self.beta.into())));
            }
        }
        Ok(vec![Tensor::from_vec(input.shape().to_vec(), output)?])
    }
}

op! {
    /// `(x - mean) / (standard deviation + 1e-9)`
    pub struct MeanVarianceNormalization {
        /// Axes the statistics run over.
        pub axes: Vec<i64> = vec![0, 2, 3],
    }
}

impl OpDef for MeanVarianceNormalization {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        if let Some(shape) = inputs.shape(0) {
            self.axes.iter().try_for_each(|&axis| resolve_axis(axis, shape.len()).map(drop))?;
        }
        infer_same(inputs)
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        by_float(inputs, |inputs| self.compute::<f32>(&inputs), |inputs| self.compute::<f64>(&inputs))
    }
}

impl MeanVarianceNormalization {
    fn compute<T: Float>(&self, inputs: &Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        let groups = self.groups(input.shape())?;
        let elements = input.as_slice::<T>()?;
        let n_groups = groups.iter().max().map_or(0, |largest| largest + 1);
        let count = elements.len() as f64 / n_groups.max(1) as f64;
        let (mut means, mut variances) = (vec![0.0; n_groups], vec![0.0; n_groups]);
        for (x, &group) in elements.iter().zip(&groups) {
            means[group] += x.as_f64() / count;
        }
        for (x, &group) in elements.iter().zip(&groups) {
            variances[group] += (x.as_f64() - means[group]).powi(2) / count;
        }
        let normalized = |(x, &group): (&T, &usize)| {
            T::from_f64((x.as_f64() - means[group]) / (variances[group].sqrt() + 1e-9))
        };
        let output = elements.iter().zip(&groups).map(normalized).collect();
        Ok(vec![Tensor::from_vec(input.shape().to_vec(), output)?])
    }

    /// For each element, which others it is normalized with.
    fn groups(&self, shape: &[usize]) -> Result<Vec<usize>> {
        let mut kept = vec![true; shape.len()];
        for &axis in &self.axes {
            kept[resolve_axis(axis, shape.len())?] = false;
        }
        let mut groups = vec![0];
        for (&size, &kept) in shape.iter().zip(&kept) {
            let along = |group: usize| (0..size).map(move |i| if kept { group * size + i } else { group });
            groups = groups.into_iter().flat_map(along).collect();
        }
        Ok(groups)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, counting, eval, eval_error, floats};

    fn input() -> Tensor {
        floats(
            [2, 4, 3, 1],
            &[
                -3.0, 4.0, 0.0, 7.0, 3.0, -1.0, 6.0, 2.0, -2.0, 5.0, 1.0, -3.0, 4.0, 0.0, 7.0, 3.0, -1.0,
                6.0, 2.0, -2.0, 5.0, 1.0, -3.0, 4.0,
            ],
        )
    }

    fn assert_both_close(op: impl Into<crate::ops::Op>, expected: &[f32]) {
        let op = op.into();
        assert_close(&eval(op.clone(), [input()]), expected);
        let doubles = Tensor::from_vec(vec![2, 4, 3, 1], input().to_f64_vec().unwrap()).unwrap();
        assert_close(&Tensor::vector(eval(op, [doubles]).to_f32_vec().unwrap()), expected);
    }

    // Expected numbers: onnxruntime 1.32; mean and variance: the ONNX reference evaluator.

    #[test]
    fn norms_along_an_axis() {
        assert_both_close(
            LpNormalization { axis: 1, p: 1 },
            &[
                -0.142_857, 0.4, 0.0, 0.333_333, 0.3, -0.166_667, 0.285_714, 0.2, -0.333_333, 0.238_095, 0.1,
                -0.5, 0.4, 0.0, 0.318_182, 0.3, -0.166_667, 0.272_727, 0.2, -0.333_333, 0.227_273, 0.1, -0.5,
                0.181_818,
            ],
        );
        assert_both_close(
            LpNormalization { axis: 1, p: 2 },
            &[
                -0.275_01, 0.730_297, 0.0, 0.641_689, 0.547_723, -0.267_261, 0.550_019, 0.365_148,
                -0.534_522, 0.458_349, 0.182_574, -0.801_784, 0.730_297, 0.0, 0.623_61, 0.547_723,
                -0.267_261, 0.534_522, 0.365_148, -0.534_522, 0.445_435, 0.182_574, -0.801_784, 0.356_348,
            ],
        );
        assert_close(&eval(LpNormalization::default(), [floats([2], &[0.0, 0.0])]), &[0.0, 0.0]);
    }

    #[test]
    fn neighbouring_channels() {
        let op = Lrn { size: 3, alpha: 0.5, beta: 0.6, bias: 2.0 };
        assert_both_close(
            op,
            &[
                -0.686_994, 1.342_857, 0.0, 1.249_698, 0.946_982, -0.535_33, 0.984_523, 0.829_73, -0.829_73,
                1.116_521, 0.535_33, -1.274_23, 1.342_857, 0.0, 1.318_031, 0.946_982, -0.535_33, 0.984_523,
                0.829_73, -0.829_73, 0.991_349, 0.535_33, -1.274_23, 1.082_393,
            ],
        );
    }

    #[test]
    fn mean_and_variance() {
        assert_both_close(
            MeanVarianceNormalization::default(),
            &[
                -1.507_557, 0.603_023, -0.603_023, 1.353_826, 0.054_153, -1.245_52, 1.353_826, 0.054_153,
                -1.245_52, 1.353_826, 0.054_153, -1.245_52, 0.603_023, -0.603_023, 1.507_557, 0.054_153,
                -1.245_52, 1.028_908, 0.054_153, -1.245_52, 1.028_908, 0.054_153, -1.245_52, 1.028_908,
            ],
        );
    }

    #[test]
    fn bad_input_is_an_error() {
        eval_error(LpNormalization { p: 3, ..LpNormalization::default() }, [input()]);
        eval_error(LpNormalization { axis: 4, ..LpNormalization::default() }, [input()]);
        eval_error(Lrn { size: 0, ..Lrn::default() }, [input()]);
        eval_error(Lrn { size: 3, ..Lrn::default() }, [counting([3])]);
        eval_error(MeanVarianceNormalization::default(), [counting([3])]);
        let size = usize::MAX;
        assert_eq!(eval(Lrn { size, ..Lrn::default() }, [input()]).shape(), [2, 4, 3, 1]);
    }
}

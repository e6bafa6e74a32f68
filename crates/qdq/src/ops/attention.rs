//! Attention: a softmax of the products of queries and keys weighs the values.

use super::elementwise::{require_float, require_same_dtype};
use super::numeric::{Float, by_float, filled};
use super::{Args, Arity, EvalContext, Inputs, OpDef, QuantRule, op};
use crate::error::{Error, Result};
use crate::kernels::parallel::for_each_chunk;
use crate::tensor::{DType, Data, Dim, Tensor, TensorType};

op! {
    /// Scaled dot-product attention with masks, a cache of keys and values, and groups of queries that share keys.
    ///
    /// Inputs: queries, keys and values, `[batch, heads, length, size]` or `[batch, length, heads × size]`; then,
    /// optional, a mask (added, or of bools) that broadcasts to `[batch, heads, queries, keys]`, keys and values
    /// that come before, and the number of keys of each batch that count. Outputs: the result in the form of the
    /// queries, all keys, all values, and the scores that `qk_matmul_output_mode` names.
    ///
    /// A query without any key gives zeros. Source: ONNX `Attention`, version 25.
    pub struct Attention {
        /// Whether a query sees no keys after its own position, which is counted after the keys that come before.
        pub is_causal: bool = false,
        /// Number of heads of keys and values; needed for inputs of three dimensions.
        pub kv_num_heads: Option<usize> = None,
        /// How many positions a query sees before its own; -1: all.
        pub left_window_size: i64 = -1,
        /// Number of heads of queries; needed for inputs of three dimensions.
        pub q_num_heads: Option<usize> = None,
        /// Which scores output 3 holds: 0 products, 1 limited, 2 masked, 3 after the softmax.
        pub qk_matmul_output_mode: i64 = 0,
        /// How many positions a query sees after its own; -1: all.
        pub right_window_size: i64 = -1,
        /// Factor of the products; without it one over the root of the size.
        pub scale: Option<f32> = None,
        /// Limits scores to ± this, by tanh; 0: no limit.
        pub softcap: f32 = 0.0,
        /// Least precision of the softmax, which is computed in f32 or f64 anyway.
        pub softmax_precision: Option<DType> = None,
    }
}

impl OpDef for Attention {
    fn arity(&self) -> Arity {
        Arity::range(3, 7).outputs(1, 4)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        require_same_dtype(inputs, 0, 1)?;
        if !(0..=3).contains(&self.qk_matmul_output_mode) {
            let message = format!("there is no mode {}", self.qk_matmul_output_mode);
            return Err(Error::graph(message).attribute("qk_matmul_output_mode"));
        }
        let of = |position, shape| TensorType::new(inputs.dtype(position), shape);
        let mut types = vec![of(0, None), of(1, None), of(2, None), of(0, None)];
        if let (Some(q), Some(k), Some(v)) = (inputs.shape(0), inputs.shape(1), inputs.shape(2)) {
            let past = match inputs.get(4) {
                None => Dim::Known(0),
                Some(_) => inputs.shape(4).and_then(|past| past.get(2).cloned()).unwrap_or(Dim::Any),
            };
            let shapes = self.infer_shapes([q, k, v], &past)?;
            for (ty, shape) in types.iter_mut().zip(shapes) {
                ty.shape = Some(shape);
            }
        }
        Ok(types)
    }

    fn eval(&self, context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let wants_scores = context.n_outputs > 3;
        let mut outputs = by_float(
            inputs,
            |inputs| self.run::<f32>(&inputs, wants_scores),
            |inputs| self.run::<f64>(&inputs, wants_scores),
        )?;
        outputs.truncate(context.n_outputs.max(1));
        Ok(outputs)
    }

    fn quant_rule(&self) -> QuantRule {
        QuantRule::Float
    }
}

impl Attention {
    /// Heads and size of a head, from dimensions `[batch, heads, length, size]` or `[batch, length, heads × size]`.
    fn split(shape: &[Dim], heads: Option<usize>) -> Result<[Dim; 4]> {
        match (shape, heads) {
            ([batch, heads, length, size], _) => {
                Ok([batch.clone(), heads.clone(), length.clone(), size.clone()])
            }
            ([batch, length, all], Some(heads)) if heads > 0 => {
                let size = all.known().map_or(Dim::Any, |all| Dim::Known(all / heads));
                Ok([batch.clone(), Dim::Known(heads), length.clone(), size])
            }
            ([_, _, _], _) => {
                Err(Error::graph("inputs of three dimensions need q_num_heads and kv_num_heads"))
            }
            _ => Err(Error::graph(format!("{} dimensions where 3 or 4 are needed", shape.len()))),
        }
    }

    /// Shapes of the outputs; `past` is the number of keys that come before.
    fn infer_shapes(&self, [q, k, v]: [&[Dim]; 3], past: &Dim) -> Result<[Vec<Dim>; 4]> {
        let [batch, q_heads, q_length, _] = Self::split(q, self.q_num_heads)?;
        let [_, kv_heads, kv_length, k_size] = Self::split(k, self.kv_num_heads)?;
        let [_, _, _, v_size] = Self::split(v, self.kv_num_heads)?;
        let length = match (past, kv_length) {
            (Dim::Known(0), length) => length,
            (Dim::Known(past), Dim::Known(length)) => Dim::Known(past.saturating_add(length)),
            _ => Dim::Any,
        };
        let y = if q.len() == 3 {
            let all = q_heads
                .known()
                .zip(v_size.known())
                .map_or(Dim::Any, |(heads, size)| Dim::Known(heads.saturating_mul(size)));
            vec![batch.clone(), q_length.clone(), all]
        } else {
            vec![batch.clone(), q_heads.clone(), q_length.clone(), v_size.clone()]
        };
        Ok([
            y,
            vec![batch.clone(), kv_heads.clone(), length.clone(), k_size],
            vec![batch.clone(), kv_heads, length.clone(), v_size],
            vec![batch, q_heads, q_length, length],
        ])
    }

    fn run<T: Float>(&self, inputs: &Args, wants_scores: bool) -> Result<Vec<Tensor>> {
        let q = Heads::<T>::new(inputs.get(0)?, self.q_num_heads)?;
        let k = Heads::new(inputs.get(1)?, self.kv_num_heads)?.after(inputs.optional(4))?;
        let v = Heads::new(inputs.get(2)?, self.kv_num_heads)?.after(inputs.optional(5))?;
        check(&q, &k, &v)?;
        let dims = [q.batch, q.count, q.length, k.length];
        let counts = inputs.optional(6).map(Tensor::to_i64_vec).transpose()?;
        if counts.as_ref().is_some_and(|counts| counts.len() != q.batch) {
            return Err(Error::data("one number of keys that count is needed for each batch"));
        }
        let mask = inputs.optional(3).map(|mask| Mask::new(mask, dims)).transpose()?;
        let n_past = inputs.optional(4).map_or(0, |past| past.shape().get(2).copied().unwrap_or(0));
        let sight = Sight { op: self, n_past, counts, mask, n_queries: q.length };
        let weights = self.scores(3, &q, &k, &sight)?;
        let y = weigh(&weights, &q, &k, &v)?;
        let y = if inputs.get(0)?.shape().len() == 3 { y.merged()? } else { y.tensor()? };
        let mut scores = Vec::new();
        if wants_scores {
            let stage = self.scores(self.qk_matmul_output_mode, &q, &k, &sight)?;
            scores.push(Tensor::from_vec(dims.to_vec(), stage)?);
        }
        let outputs = [y, k.tensor()?, v.tensor()?].into_iter();
        Ok(outputs.chain(scores).collect())
    }

    /// Scores `[batch, heads, queries, keys]` up to a stage, numbered as `qk_matmul_output_mode`.
    fn scores<T: Float>(
        &self,
        stage: i64,
        q: &Heads<T>,
        k: &Heads<T>,
        sight: &Sight<'_, T>,
    ) -> Result<Vec<T>> {
        let mut scores = filled(&[q.batch, q.count, q.length, k.length], T::default())?;
        let scale = self.scale.map_or_else(|| 1.0 / (q.size as f64).sqrt(), f64::from);
        // Both factors take the root of the scale, as ONNX's function does.
        let root = T::from_f64(scale.sqrt());
        let limit = T::from_f64(self.softcap.into());
        if scores.is_empty() {
            return Ok(scores);
        }
        for_each_chunk(&mut scores, q.length * k.length, |plane, scores| {
            let keys = k.plane(k.shared_by(plane, q.count));
            for (query, row) in q.plane(plane).chunks(q.size.max(1)).zip(scores.chunks_mut(k.length)) {
                let query: Vec<T> = query.iter().map(|&x| x.times(root)).collect();
                for (score, key) in row.iter_mut().zip(keys.chunks(k.size.max(1))) {
                    *score = dot(&query, key).times(root);
                }
            }
            if stage >= 1 && self.softcap > 0.0 {
                for score in scores.iter_mut() {
                    *score = score.over(limit).tanh().times(limit);
                }
            }
            if stage >= 2 {
                for (query, row) in scores.chunks_mut(k.length).enumerate() {
                    sight.limit(plane / q.count, plane % q.count, query, row, stage >= 3);
                }
            }
        });
        Ok(scores)
    }
}

/// `[batch, heads, length, size]`.
struct Heads<T> {
    batch: usize,
    count: usize,
    length: usize,
    size: usize,
    elements: Vec<T>,
}

impl<T: Float> Heads<T> {
    /// A tensor of four dimensions, or one `[batch, length, heads × size]`.
    fn new(tensor: &Tensor, heads: Option<usize>) -> Result<Self> {
        let elements = tensor.as_slice::<T>()?;
        match (tensor.shape(), heads) {
            (&[batch, heads, length, size], _) => {
                Ok(Self { batch, count: heads, length, size, elements: elements.to_vec() })
            }
            (&[batch, length, all], Some(heads)) if heads > 0 && all % heads == 0 => {
                let size = all / heads;
                let elements = swapped(elements, [batch, length, heads, size]);
                Ok(Self { batch, count: heads, length, size, elements })
            }
            (shape, _) => Err(Error::data(format!("the shape {shape:?} does not split into heads"))),
        }
    }

    /// The same with what comes before, `[batch, heads, length, size]`.
    fn after(self, past: Option<&Tensor>) -> Result<Self> {
        let Some(past) = past else { return Ok(self) };
        let &[batch, heads, length, size] = past.shape() else {
            return Err(Error::data(format!("a cache of shape {:?}", past.shape())));
        };
        if (batch, heads, size) != (self.batch, self.count, self.size) {
            return Err(Error::data(format!("a cache of shape {:?} does not fit", past.shape())));
        }
        let mut elements = Vec::with_capacity(self.elements.len() + past.len());
        let old = past.as_slice::<T>()?;
        for plane in 0..batch * heads {
            elements.extend_from_slice(&old[plane * length * size..][..length * size]);
            elements.extend_from_slice(self.plane(plane));
        }
        Ok(Self { length: self.length + length, elements, ..self })
    }

    fn plane(&self, plane: usize) -> &[T] {
        &self.elements[plane * self.length * self.size..][..self.length * self.size]
    }

    /// The plane that a plane of queries with `q_heads` heads looks at.
    fn shared_by(&self, plane: usize, q_heads: usize) -> usize {
        plane / q_heads * self.count + plane % q_heads / (q_heads / self.count)
    }

    fn tensor(self) -> Result<Tensor> {
        Tensor::from_vec(vec![self.batch, self.count, self.length, self.size], self.elements)
    }

    /// As `[batch, length, heads × size]`.
    fn merged(self) -> Result<Tensor> {
        let Self { batch, count: heads, length, size, .. } = self;
        let elements = swapped(&self.elements, [batch, heads, length, size]);
        Tensor::from_vec(vec![batch, length, heads * size], elements)
    }
}

/// Elements of `[a, b, c, d]` in the order of `[a, c, b, d]`.
fn swapped<T: Copy>(elements: &[T], [a, b, c, d]: [usize; 4]) -> Vec<T> {
    let mut out = Vec::with_capacity(elements.len());
    for (i, k, j) in (0..a).flat_map(|i| (0..c).flat_map(move |k| (0..b).map(move |j| (i, k, j)))) {
        out.extend_from_slice(&elements[((i * b + j) * c + k) * d..][..d]);
    }
    out
}

fn check<T>(q: &Heads<T>, k: &Heads<T>, v: &Heads<T>) -> Result<()> {
    let fits = q.batch == k.batch && k.batch == v.batch && k.count == v.count && k.length == v.length;
    if fits && q.size == k.size && k.count > 0 && q.count.is_multiple_of(k.count) {
        return Ok(());
    }
    let dims = |x: &Heads<T>| [x.batch, x.count, x.length, x.size];
    Err(Error::data(format!(
        "queries, keys and values of {:?}, {:?}, {:?} ([batch, heads, length, size]) do not fit",
        dims(q),
        dims(k),
        dims(v)
    )))
}

/// The values, weighed by `[batch, heads, queries, keys]`.
fn weigh<T: Float>(weights: &[T], q: &Heads<T>, k: &Heads<T>, v: &Heads<T>) -> Result<Heads<T>> {
    let mut elements = filled(&[q.batch, q.count, q.length, v.size], T::default())?;
    if !elements.is_empty() && k.length > 0 {
        let plane_size = q.length * k.length;
        for_each_chunk(&mut elements, q.length * v.size, |plane, out| {
            let (values, weights) = (v.plane(v.shared_by(plane, q.count)), &weights[plane * plane_size..]);
            super::matmul::multiply(&weights[..plane_size], values, out, k.length, v.size);
        });
    }
    Ok(Heads { batch: q.batch, count: q.count, length: q.length, size: v.size, elements })
}

/// Which keys a query sees.
struct Sight<'a, T> {
    op: &'a Attention,
    /// Number of keys that come before.
    n_past: usize,
    /// For each batch, how many keys count.
    counts: Option<Vec<i64>>,
    mask: Option<Mask<T>>,
    n_queries: usize,
}

impl<T: Float> Sight<'_, T> {
    /// Takes away from a row of scores what its query does not see; then, with `distribute`, the softmax.
    fn limit(&self, batch: usize, head: usize, query: usize, row: &mut [T], distribute: bool) {
        let count = self.counts.as_ref().map(|counts| counts[batch]);
        let offset = match count {
            Some(count) if self.n_past == 0 => count - self.n_queries as i64,
            _ => self.n_past as i64,
        };
        let position = query as i64 + offset;
        let mut sees_any = false;
        for (key, score) in row.iter_mut().enumerate() {
            let at = key as i64;
            let hidden = (self.op.is_causal && at > position)
                || (self.op.left_window_size >= 0 && position - at > self.op.left_window_size)
                || (self.op.right_window_size >= 0 && at - position > self.op.right_window_size)
                || count.is_some_and(|count| at >= count);
            let masked = self.mask.as_ref().map_or(T::default(), |mask| mask.at([batch, head, query, key]));
            let bias = if hidden { T::NEG_INFINITY } else { masked };
            sees_any |= bias != T::NEG_INFINITY;
            *score = score.plus(bias);
        }
        if distribute {
            if sees_any { softmax(row) } else { row.fill(T::default()) }
        }
    }
}

fn softmax<T: Float>(row: &mut [T]) {
    let largest = row.iter().fold(T::NEG_INFINITY, |largest, &x| largest.larger(x));
    if largest == T::NEG_INFINITY {
        return row.fill(T::default());
    }
    let mut sum = T::default();
    for x in row.iter_mut() {
        *x = x.minus(largest).exp();
        sum = sum.plus(*x);
    }
    for x in row {
        *x = x.over(sum);
    }
}

fn dot<T: Float>(a: &[T], b: &[T]) -> T {
    let mut sums = [T::default(); 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest = a_chunks.remainder().iter().zip(b_chunks.remainder());
    let rest = rest.fold(T::default(), |sum, (&x, &y)| sum.plus(x.times(y)));
    for (x, y) in a_chunks.zip(b_chunks) {
        for ((sum, &x), &y) in sums.iter_mut().zip(x).zip(y) {
            *sum = sum.plus(x.times(y));
        }
    }
    sums.into_iter().fold(rest, T::plus)
}

/// What is added to the scores, with strides of 0 where it is stretched.
struct Mask<T> {
    elements: Vec<T>,
    strides: [usize; 4],
    n_keys: usize,
}

impl<T: Float> Mask<T> {
    /// A mask for scores `[batch, heads, queries, keys]`; keys beyond its end are hidden.
    fn new(mask: &Tensor, dims: [usize; 4]) -> Result<Self> {
        let wrong = || Error::data(format!("a mask of shape {:?} for scores {dims:?}", mask.shape()));
        let elements = match mask.data() {
            Data::Bool(seen) => {
                seen.iter().map(|&seen| if seen { T::default() } else { T::NEG_INFINITY }).collect()
            }
            _ => mask.to_f64_vec()?.into_iter().map(T::from_f64).collect(),
        };
        let shape = mask.shape();
        let Some((&n_keys, outer)) = shape.split_last() else { return Err(wrong()) };
        if shape.len() > 4 || n_keys > dims[3] {
            return Err(wrong());
        }
        let mut strides = [0; 4];
        strides[3] = 1;
        let mut stride = n_keys;
        for (axis, &size) in (0..3).rev().zip(outer.iter().rev()) {
            match size {
                1 => {}
                size if size == dims[axis] => strides[axis] = stride,
                _ => return Err(wrong()),
            }
            stride *= size;
        }
        Ok(Self { elements, strides, n_keys })
    }

    fn at(&self, place: [usize; 4]) -> T {
        if place[3] >= self.n_keys {
            return T::NEG_INFINITY;
        }
        self.elements[place.iter().zip(self.strides).map(|(place, stride)| place * stride).sum::<usize>()]
    }
}

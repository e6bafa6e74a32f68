//! Ops of sequence models that carry a state from one call to the next.

use super::elementwise::require_float;
use super::{Args, Arity, EvalContext, Inputs, OpDef, attr_enum, op};
use crate::error::{Error, Result};
use crate::ops::cast::cast;
use crate::ops::dispatch::output_count;
use crate::tensor::{DType, Dim, Tensor, TensorType};

attr_enum! {
    /// How a linear attention changes its state at each step.
    pub enum UpdateRule {
        /// The product of key and value is added.
        Linear = "linear",
        /// The state decays, then the product is added.
        Gated = "gated",
        /// The value is corrected by what the state holds for the key.
        Delta = "delta",
        /// Both.
        GatedDelta = "gated_delta",
    }
}
op! {
    /// Attention whose keys and values are summed up in a state `[batch, heads, key size, value size]`.
    ///
    /// Inputs: queries, keys, values `[batch, length, heads × size]`; optional: the state before, decay, correction.
    /// Outputs: the result in the form of the queries, the state after. Source: ONNX `LinearAttention`, version 27.
    pub struct LinearAttention {
        /// A hint for implementations that work in pieces.
        pub chunk_size: i64 = 64,
        /// Number of heads of keys and values.
        pub kv_num_heads: usize = 1,
        /// Number of heads of queries.
        pub q_num_heads: usize = 1,
        /// Factor of the result; 0: one over the root of the key size.
        pub scale: f32 = 0.0,
        /// How the state changes.
        pub update_rule: UpdateRule = UpdateRule::GatedDelta,
    }
}
attr_enum! {
    /// What is done with the result of a causal convolution.
    pub enum CausalActivation {
        /// Nothing.
        None = "none",
        /// x sigmoid(x)
        Silu = "silu",
        /// The same.
        Swish = "swish",
    }
}
op! {
    /// Convolution of each channel of `[batch, channels, length]` with a kernel `[channels, 1, size]` that looks back.
    ///
    /// Optional inputs: a bias, and the `size - 1` elements before. Outputs: the result, the last elements.
    pub struct CausalConvWithState {
        /// What is done with the result.
        pub activation: CausalActivation = CausalActivation::None,
    }
}

impl OpDef for LinearAttention {
    fn arity(&self) -> Arity {
        Arity::range(3, 6).outputs(1, 2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        let per_head =
            |dim: &Dim, heads: usize| dim.known().map_or(Dim::Any, |all| Dim::Known(all / heads.max(1)));
        let (mut output, mut state) = (None, None);
        if let (Some([batch, length, queries]), Some([_, _, values])) = (inputs.shape(0), inputs.shape(2)) {
            let (key_size, size) = (per_head(queries, self.q_num_heads), per_head(values, self.kv_num_heads));
            let all = size.known().map_or(Dim::Any, |size| Dim::Known(size.saturating_mul(self.q_num_heads)));
            output = Some(vec![batch.clone(), length.clone(), all]);
            state = Some(vec![batch.clone(), Dim::Known(self.kv_num_heads), key_size, size]);
        }
        let state_dtype = if inputs.get(3).is_some() { inputs.dtype(3) } else { inputs.dtype(0) };
        Ok(vec![TensorType::new(inputs.dtype(0), output), TensorType::new(state_dtype, state)])
    }

    fn eval(&self, context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (query, key, value) = (inputs.get(0)?, inputs.get(1)?, inputs.get(2)?);
        let sizes = self.sizes(query.shape(), key.shape(), value.shape())?;
        output_count(&[sizes.batch, sizes.heads, sizes.key, sizes.value])?;
        let mut run = Recurrence {
            rule: self.update_rule,
            scale: if self.scale == 0.0 { 1.0 / (sizes.key as f32).sqrt() } else { self.scale },
            query: query.to_f32_vec()?,
            key: key.to_f32_vec()?,
            value: value.to_f32_vec()?,
            decay: gate(inputs.optional(4), &sizes, &[sizes.heads, sizes.heads * sizes.key])?,
            beta: gate(inputs.optional(5), &sizes, &[1, sizes.heads])?,
            state: vec![0.0; sizes.batch * sizes.heads * sizes.key * sizes.value],
            sizes,
        };
        let dims = vec![run.sizes.batch, run.sizes.heads, run.sizes.key, run.sizes.value];
        if let Some(past) = inputs.optional(3) {
            if past.shape() != dims {
                return Err(Error::data(format!("a state of {:?}, not {dims:?}", past.shape())));
            }
            run.state = past.to_f32_vec()?;
        }
        self.check_gates(&run)?;
        let output = run.run();
        let shape = vec![run.sizes.batch, run.sizes.length, run.sizes.q_heads * run.sizes.value];
        let state_dtype = inputs.optional(3).map_or(query.dtype(), Tensor::dtype);
        let mut outputs = vec![
            cast(Tensor::from_vec(shape, output)?, query.dtype())?,
            cast(Tensor::from_vec(dims, run.state)?, state_dtype)?,
        ];
        outputs.truncate(context.n_outputs.max(1));
        Ok(outputs)
    }
}

/// Sizes of a linear attention.
struct Sizes {
    batch: usize,
    length: usize,
    heads: usize,
    q_heads: usize,
    key: usize,
    value: usize,
}

impl LinearAttention {
    fn sizes(&self, query: &[usize], key: &[usize], value: &[usize]) -> Result<Sizes> {
        let (heads, q_heads) = (self.kv_num_heads, self.q_num_heads);
        let ([batch, length, queries], [b1, l1, keys], [b2, l2, values]) = (query, key, value) else {
            return Err(Error::data("queries, keys and values must have three dimensions"));
        };
        let same = (batch, length) == (b1, l1) && (b1, l1) == (b2, l2);
        let divides = heads > 0 && q_heads > 0 && q_heads % heads == 0 && queries % q_heads == 0;
        if !same || !divides || keys % heads != 0 || values % heads != 0 || queries / q_heads != keys / heads
        {
            return Err(Error::data(format!(
                "{query:?}, {key:?} and {value:?} do not split into {q_heads} heads of queries and {heads} of keys"
            )));
        }
        let (key, value) = (keys / heads, values / heads);
        Ok(Sizes { batch: *batch, length: *length, heads, q_heads, key, value })
    }

    fn check_gates(&self, run: &Recurrence) -> Result<()> {
        let gated = matches!(self.update_rule, UpdateRule::Gated | UpdateRule::GatedDelta);
        let corrected = matches!(self.update_rule, UpdateRule::Delta | UpdateRule::GatedDelta);
        if gated != run.decay.is_some() || corrected != run.beta.is_some() {
            let rule = self.update_rule.name();
            return Err(Error::data(format!("the rule `{rule}` and the inputs decay and beta do not fit"))
                .attribute("update_rule"));
        }
        Ok(())
    }
}

/// Numbers `[batch, length, width]`, and their width, which must be one of several.
fn gate(tensor: Option<&Tensor>, sizes: &Sizes, widths: &[usize]) -> Result<Option<(Vec<f32>, usize)>> {
    let Some(tensor) = tensor else { return Ok(None) };
    match *tensor.shape() {
        [batch, length, width]
            if (batch, length) == (sizes.batch, sizes.length) && widths.contains(&width) =>
        {
            Ok(Some((tensor.to_f32_vec()?, width)))
        }
        _ => Err(Error::data(format!("a gate of shape {:?}", tensor.shape()))),
    }
}

/// A linear attention at work.
struct Recurrence {
    sizes: Sizes,
    rule: UpdateRule,
    scale: f32,
    query: Vec<f32>,
    key: Vec<f32>,
    value: Vec<f32>,
    decay: Option<(Vec<f32>, usize)>,
    beta: Option<(Vec<f32>, usize)>,
    state: Vec<f32>,
}

impl Recurrence {
    fn run(&mut self) -> Vec<f32> {
        let Sizes { batch, length, heads, q_heads, value, .. } = self.sizes;
        let mut output = vec![0.0; batch * length * q_heads * value];
        for step in 0..batch * length {
            for head in 0..heads {
                self.update(step, head);
            }
            for head in 0..q_heads {
                let out = &mut output[(step * q_heads + head) * value..][..value];
                self.read(step, head, out);
            }
        }
        output
    }

    fn state_start(&self, step: usize, head: usize) -> usize {
        (step / self.sizes.length * self.sizes.heads + head) * self.sizes.key * self.sizes.value
    }

    fn update(&mut self, step: usize, head: usize) {
        let Sizes { heads, key: n_keys, value: n_values, .. } = self.sizes;
        let start = self.state_start(step, head);
        let state = &mut self.state[start..][..n_keys * n_values];
        let key = &self.key[(step * heads + head) * n_keys..][..n_keys];
        let mut value = self.value[(step * heads + head) * n_values..][..n_values].to_vec();
        if let Some((decay, width)) = &self.decay {
            for (i, row) in state.chunks_mut(n_values.max(1)).enumerate() {
                let at = if *width == heads { head } else { head * n_keys + i };
                let factor = decay[step * width + at].exp();
                for x in row {
                    *x *= factor;
                }
            }
        }
        if let (Some((beta, width)), UpdateRule::Delta | UpdateRule::GatedDelta) = (&self.beta, self.rule) {
            let factor = beta[step * width + head.min(width - 1)];
            let mut held = vec![0.0; n_values];
            add_rows(&mut held, state, key, 1.0);
            value.iter_mut().zip(held).for_each(|(value, held)| *value = factor * (*value - held));
        }
        for (row, &k) in state.chunks_mut(n_values.max(1)).zip(key) {
            row.iter_mut().zip(&value).for_each(|(x, &v)| *x += k * v);
        }
    }

    fn read(&self, step: usize, q_head: usize, out: &mut [f32]) {
        let Sizes { heads, q_heads, key: n_keys, value: n_values, .. } = self.sizes;
        let state = &self.state[self.state_start(step, q_head / (q_heads / heads))..][..n_keys * n_values];
        let query = &self.query[(step * q_heads + q_head) * n_keys..][..n_keys];
        add_rows(out, state, query, self.scale);
    }
}

/// Adds the rows of a matrix, each times its factor and `scale`.
fn add_rows(out: &mut [f32], matrix: &[f32], factors: &[f32], scale: f32) {
    for (row, &factor) in matrix.chunks(out.len().max(1)).zip(factors) {
        out.iter_mut().zip(row).for_each(|(sum, &x)| *sum += scale * factor * x);
    }
}

impl OpDef for CausalConvWithState {
    fn arity(&self) -> Arity {
        Arity::range(2, 4).outputs(1, 2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        require_float(inputs, 0)?;
        let state = match (inputs.shape(0), inputs.shape(1)) {
            (Some([batch, channels, _]), Some([_, _, size])) => {
                let kept = size.known().map_or(Dim::Any, |size| Dim::Known(size.saturating_sub(1)));
                Some(vec![batch.clone(), channels.clone(), kept])
            }
            _ => None,
        };
        Ok(vec![inputs.same(0), TensorType::new(inputs.dtype(0), state)])
    }

    fn eval(&self, context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (input, weight) = (inputs.get(0)?, inputs.get(1)?);
        let (&[batch, channels, length], &[filters, 1, size]) = (input.shape(), weight.shape()) else {
            return Err(Error::data(format!(
                "an input of {:?} and a kernel of {:?}",
                input.shape(),
                weight.shape()
            )));
        };
        let Some(kept) = size.checked_sub(1) else { return Err(Error::data("a kernel without elements")) };
        let past = match inputs.optional(3) {
            Some(past) if past.shape() == [batch, channels, kept] => past.to_f32_vec()?,
            Some(past) => return Err(Error::data(format!("a state of {:?}", past.shape()))),
            None => vec![0.0; batch * channels * kept],
        };
        let bias = inputs.optional(2).map_or_else(|| Ok(vec![0.0; channels]), Tensor::to_f32_vec)?;
        if filters != channels || bias.len() != channels {
            return Err(Error::data(format!(
                "{filters} kernels and {} biases for {channels} channels",
                bias.len()
            )));
        }
        let (x, kernel) = (input.to_f32_vec()?, weight.to_f32_vec()?);
        let (mut output, mut state) = (Vec::with_capacity(x.len()), Vec::with_capacity(past.len()));
        for row in 0..batch * channels {
            let channel = row % channels;
            let padded = [&past[row * kept..][..kept], &x[row * length..][..length]].concat();
            let taps = &kernel[channel * size..][..size];
            let sums = padded.windows(size).map(|part| dot(part, taps) + bias[channel]);
            output.extend(sums.map(|sum| self.activate(rounded(sum, input.dtype()))));
            state.extend_from_slice(&padded[length..]);
        }
        let of = |shape, elements| cast(Tensor::from_vec(shape, elements)?, input.dtype());
        let mut outputs =
            vec![of(vec![batch, channels, length], output)?, of(vec![batch, channels, kept], state)?];
        outputs.truncate(context.n_outputs.max(1));
        Ok(outputs)
    }
}

impl CausalConvWithState {
    fn activate(&self, x: f32) -> f32 {
        match self.activation {
            CausalActivation::None => x,
            CausalActivation::Silu | CausalActivation::Swish => x * (1.0 / (1.0 + (-x).exp())),
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// A number as its type holds it.
fn rounded(x: f32, dtype: DType) -> f32 {
    match dtype {
        DType::F16 => half::f16::from_f32(x).to_f32(),
        DType::Bf16 => half::bf16::from_f32(x).to_f32(),
        _ => x,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, eval_all, floats};

    #[test]
    fn a_state_carries_on() {
        let op =
            LinearAttention { update_rule: UpdateRule::Linear, scale: 1.0, ..LinearAttention::default() };
        let x = |values: &[f32]| Some(Tensor::from_vec(vec![1, values.len(), 1], values.to_vec()).unwrap());
        let whole = eval_all(op.clone(), [x(&[1.0, 2.0]), x(&[3.0, 4.0]), x(&[5.0, 6.0])], 2).unwrap();
        // After one step the state is 15, after two 15 + 24.
        assert_close(&whole[0], &[15.0, 78.0]);
        let first = eval_all(op.clone(), [x(&[1.0]), x(&[3.0]), x(&[5.0])], 2).unwrap();
        let second = eval_all(op, [x(&[2.0]), x(&[4.0]), x(&[6.0]), Some(first[1].clone())], 2).unwrap();
        assert_close(&second[0], &[78.0]);
    }

    #[test]
    fn a_convolution_looks_back() {
        let inputs = [Some(floats([1, 1, 3], &[1.0, 2.0, 3.0])), Some(floats([1, 1, 2], &[10.0, 1.0]))];
        let outputs = eval_all(CausalConvWithState::default(), inputs, 2).unwrap();
        assert_close(&outputs[0], &[1.0, 12.0, 23.0]);
        assert_close(&outputs[1], &[3.0]);
    }
}

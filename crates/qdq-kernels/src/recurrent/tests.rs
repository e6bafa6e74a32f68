use super::*;
use crate::testing::{Random, assert_close};

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

struct Case {
    steps: usize,
    batches: usize,
    inputs: usize,
    hidden: usize,
    lengths: Option<Vec<usize>>,
    reverse: bool,
}

impl Case {
    fn random(random: &mut Random) -> Self {
        let (steps, batches) = (1 + random.below(6), 1 + random.below(4));
        let lengths = (0..batches).map(|_| random.below(steps + 1)).collect();
        let lengths = (random.below(2) == 0).then_some(lengths);
        let reverse = random.below(2) == 0;
        Self { steps, batches, inputs: 1 + random.below(9), hidden: 1 + random.below(20), lengths, reverse }
    }

    fn input<'a>(&'a self, data: &'a [f32]) -> SequenceInput<'a> {
        SequenceInput {
            data,
            n_steps: self.steps,
            n_batches: self.batches,
            lengths: self.lengths.as_deref(),
            reverse: self.reverse,
        }
    }

    /// `step(batch, x, hidden)` on each sequence in order; the states of all times.
    fn walk(
        &self,
        x: &[f32],
        hidden: &mut [f32],
        mut step: impl FnMut(usize, &[f32], &mut [f32]),
    ) -> Vec<f32> {
        let mut y = vec![0.0; self.steps * self.batches * self.hidden];
        for b in 0..self.batches {
            let length = self.lengths.as_ref().map_or(self.steps, |l| l[b]);
            for s in 0..length {
                let t = if self.reverse { length - 1 - s } else { s };
                let row = (t * self.batches + b) * self.inputs;
                let state = &mut hidden[b * self.hidden..(b + 1) * self.hidden];
                step(b, &x[row..row + self.inputs], state);
                y[(t * self.batches + b) * self.hidden..][..self.hidden].copy_from_slice(state);
            }
        }
        y
    }
}

#[test]
fn lstm_equals_naive() {
    let mut random = Random::new(61);
    for _ in 0..60 {
        let case = Case::random(&mut random);
        let (n, h) = (case.inputs, case.hidden);
        let (w, r, bias, p) =
            (random.floats(4 * h * n), random.floats(4 * h * h), random.floats(8 * h), random.floats(3 * h));
        let weights = LstmWeights {
            input_size: n,
            hidden_size: h,
            input_weights: &w,
            recurrent_weights: &r,
            bias: (random.below(2) == 0).then_some(&bias),
            peepholes: (random.below(2) == 0).then_some(&p),
            clip: (random.below(2) == 0).then_some(0.5),
            input_forget: random.below(3) == 0,
        };
        let x = random.floats(case.steps * case.batches * n);
        let (hidden, cell) = (random.floats(case.batches * h), random.floats(case.batches * h));
        let (mut naive_hidden, mut naive_cell) = (hidden.clone(), cell.clone());
        let expected = case.walk(&x, &mut naive_hidden, |b, x, state| {
            let old = state.to_vec();
            for j in 0..h {
                let c = &mut naive_cell[b * h + j];
                let limit = |v: f32| weights.clip.map_or(v, |m| v.clamp(-m, m));
                let gate = |g: usize| {
                    let row = g * h + j;
                    let bias = weights.bias.map_or(0.0, |b| b[row] + b[4 * h + row]);
                    dot(&w[row * n..(row + 1) * n], x) + dot(&r[row * h..(row + 1) * h], &old) + bias
                };
                let peep = |g: usize, c: f32| weights.peepholes.map_or(0.0, |p| p[g * h + j] * c);
                let i = sigmoid(limit(gate(0) + peep(0, *c)));
                let f = if weights.input_forget { 1.0 - i } else { sigmoid(limit(gate(2) + peep(2, *c))) };
                *c = f * *c + i * limit(gate(3)).tanh();
                state[j] = sigmoid(limit(gate(1) + peep(1, *c))) * c.tanh();
            }
        });
        let (mut got_hidden, mut got_cell) = (hidden, cell);
        let mut y = vec![f32::NAN; expected.len() * 2];
        let output = SequenceOutput { data: &mut y, n_directions: 2, direction: 1 };
        PackedLstm::new(&weights).run(&case.input(&x), &mut got_hidden, &mut got_cell, Some(output));
        let half = case.batches * h;
        let y: Vec<f32> = y.chunks(2 * half).flat_map(|t| t[half..].to_vec()).collect();
        assert_close(&y, &expected, 1e-5, "Y");
        assert_close(&got_hidden, &naive_hidden, 1e-5, "Y_h");
        assert_close(&got_cell, &naive_cell, 1e-5, "Y_c");
    }
}

#[test]
fn gru_equals_naive() {
    let mut random = Random::new(67);
    for _ in 0..60 {
        let case = Case::random(&mut random);
        let (n, h) = (case.inputs, case.hidden);
        let (w, r, bias) = (random.floats(3 * h * n), random.floats(3 * h * h), random.floats(6 * h));
        let weights = GruWeights {
            input_size: n,
            hidden_size: h,
            input_weights: &w,
            recurrent_weights: &r,
            bias: (random.below(2) == 0).then_some(&bias),
            clip: (random.below(2) == 0).then_some(0.5),
            linear_before_reset: random.below(2) == 0,
        };
        let x = random.floats(case.steps * case.batches * n);
        let hidden = random.floats(case.batches * h);
        let mut naive_hidden = hidden.clone();
        let expected = case.walk(&x, &mut naive_hidden, |_, x, state| {
            let limit = |v: f32| weights.clip.map_or(v, |m| v.clamp(-m, m));
            let old = state.to_vec();
            let from_input =
                |row: usize| dot(&w[row * n..(row + 1) * n], x) + weights.bias.map_or(0.0, |b| b[row]);
            let from_state = |row: usize, s: &[f32]| {
                dot(&r[row * h..(row + 1) * h], s) + weights.bias.map_or(0.0, |b| b[3 * h + row])
            };
            let gate = |g: usize| -> Vec<f32> {
                (0..h).map(|j| sigmoid(limit(from_input(g * h + j) + from_state(g * h + j, &old)))).collect()
            };
            let (z, reset) = (gate(0), gate(1));
            let scaled: Vec<f32> = old.iter().zip(&reset).map(|(s, r)| s * r).collect();
            for j in 0..h {
                let row = 2 * h + j;
                let recurrent = if weights.linear_before_reset {
                    reset[j] * from_state(row, &old)
                } else {
                    from_state(row, &scaled)
                };
                state[j] = (1.0 - z[j]) * limit(from_input(row) + recurrent).tanh() + z[j] * old[j];
            }
        });
        let mut got_hidden = hidden;
        let mut y = vec![f32::NAN; expected.len()];
        let output = SequenceOutput { data: &mut y, n_directions: 1, direction: 0 };
        PackedGru::new(&weights).run(&case.input(&x), &mut got_hidden, Some(output));
        assert_close(&y, &expected, 1e-5, "Y");
        assert_close(&got_hidden, &naive_hidden, 1e-5, "Y_h");
    }
}

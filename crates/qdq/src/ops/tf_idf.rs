//! Counts of sequences of words.

use std::collections::HashMap;

use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::ops::dispatch::output_count;
use crate::tensor::{DType, Data, Dim, Tensor, TensorType};

op! {
    /// How often each n-gram of a pool occurs in each row of `[words]` or `[rows, words]`, integers or texts.
    pub struct TfIdfVectorizer {
        /// Length of the longest n-gram.
        pub max_gram_length: usize = 1,
        /// Most words left out between those of an n-gram.
        pub max_skip_count: usize = 0,
        /// Length of the shortest n-gram.
        pub min_gram_length: usize = 1,
        /// `TF` counts, `IDF` the weight of what occurs, `TFIDF` the count times the weight.
        pub mode: String = "TF".to_owned(),
        /// Where in the pool the n-grams of each length begin.
        pub ngram_counts: Vec<usize> = Vec::new(),
        /// Place in the output of each n-gram of the pool.
        pub ngram_indexes: Vec<usize> = Vec::new(),
        /// The words of all n-grams, one after the other, for integers.
        pub pool_int64s: Vec<i64> = Vec::new(),
        /// The words of all n-grams, one after the other, for texts.
        pub pool_strings: Vec<String> = Vec::new(),
        /// Weights of the n-grams of the pool; empty: 1.
        pub weights: Vec<f32> = Vec::new(),
    }
}

impl OpDef for TfIdfVectorizer {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        self.check()?;
        let width = Dim::Known(self.width());
        let shape = inputs.shape(0).map(|dims| match dims {
            [rows, _] => vec![rows.clone(), width],
            _ => vec![width],
        });
        Ok(vec![TensorType::new(DType::F32, shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        self.check()?;
        let input = inputs.get(0)?;
        let (rows, length) = match *input.shape() {
            [] => (1, 1),
            [length] => (1, length),
            [rows, length] => (rows, length),
            _ => return Err(Error::data(format!("words of shape {:?}", input.shape()))),
        };
        let shape = if input.shape().len() == 2 { vec![rows, self.width()] } else { vec![self.width()] };
        let mut counts = vec![0.0; output_count(&shape)?];
        let words = self.numbered(input)?;
        let grams = self.grams()?;
        if length > 0 {
            for (words, counts) in words.chunks(length).zip(counts.chunks_mut(self.width().max(1))) {
                self.count(words, &grams, counts);
            }
        }
        self.weigh(&mut counts)?;
        Ok(vec![Tensor::from_vec(shape, counts)?])
    }
}

impl TfIdfVectorizer {
    fn check(&self) -> Result<()> {
        let wrong = |message: &str, name: &str| Err(Error::graph(message).attribute(name));
        if !matches!(self.mode.as_str(), "TF" | "IDF" | "TFIDF") {
            return wrong("it is none of TF, IDF and TFIDF", "mode");
        }
        if self.min_gram_length == 0 || self.min_gram_length > self.max_gram_length {
            return wrong("it is 0, or longer than the longest", "min_gram_length");
        }
        if self.ngram_indexes.iter().any(|&index| index >= 1 << 24) {
            return wrong("an index is too large", "ngram_indexes");
        }
        if !self.weights.is_empty() && self.weights.len() != self.ngram_indexes.len() {
            return wrong("there is not one weight for each n-gram", "weights");
        }
        if !self.pool_int64s.is_empty() && !self.pool_strings.is_empty() {
            return wrong("there is a pool of integers, too", "pool_strings");
        }
        Ok(())
    }

    /// Number of outputs of a row.
    fn width(&self) -> usize {
        self.ngram_indexes.iter().max().map_or(0, |most| most + 1)
    }

    /// Number of words in the pool.
    fn pool_length(&self) -> usize {
        self.pool_int64s.len() + self.pool_strings.len()
    }

    /// The words by the place where each stands first in the pool; those that the pool lacks have none.
    fn numbered(&self, input: &Tensor) -> Result<Vec<Option<usize>>> {
        if let Data::Str(texts) = input.data() {
            let places = first_places(self.pool_strings.iter().map(String::as_bytes));
            return Ok(texts.iter().map(|text| places.get(text.as_slice()).copied()).collect());
        }
        let places = first_places(self.pool_int64s.iter());
        Ok(input.to_i64_vec()?.iter().map(|word| places.get(word).copied()).collect())
    }

    /// The place in the output of each n-gram, by its words.
    fn grams(&self) -> Result<HashMap<Vec<usize>, usize>> {
        let wrong = || Error::graph("it does not fit the pool").attribute("ngram_counts");
        let pool: Vec<usize> = if self.pool_strings.is_empty() {
            let places = first_places(self.pool_int64s.iter());
            self.pool_int64s.iter().map(|word| places[word]).collect()
        } else {
            let places = first_places(self.pool_strings.iter().map(String::as_bytes));
            self.pool_strings.iter().map(|word| places[word.as_bytes()]).collect()
        };
        let mut grams = HashMap::new();
        let mut indexes = self.ngram_indexes.iter();
        for (at, &start) in self.ngram_counts.iter().enumerate() {
            let end = self.ngram_counts.get(at + 1).copied().unwrap_or(self.pool_length());
            let words = pool.get(start..end).ok_or_else(wrong)?;
            for gram in words.chunks(at + 1) {
                let &index = indexes.next().ok_or_else(wrong)?;
                grams.insert(gram.to_vec(), index);
            }
        }
        Ok(grams)
    }

    fn count(&self, words: &[Option<usize>], grams: &HashMap<Vec<usize>, usize>, counts: &mut [f32]) {
        for length in self.min_gram_length..=self.max_gram_length.min(words.len()) {
            // Single words have nothing between them.
            let most = if length == 1 { 0 } else { self.max_skip_count.min(words.len()) };
            for step in 1..=most + 1 {
                let reach = (length - 1).saturating_mul(step);
                for start in 0..words.len().saturating_sub(reach) {
                    let gram = (0..length).map(|at| words[start + at * step]).collect::<Option<Vec<_>>>();
                    if let Some(&index) = gram.and_then(|gram| grams.get(&gram)) {
                        counts[index] += 1.0;
                    }
                }
            }
        }
    }

    fn weigh(&self, counts: &mut [f32]) -> Result<()> {
        let mut weights = vec![1.0; self.width()];
        for (&index, &weight) in self.ngram_indexes.iter().zip(&self.weights) {
            *weights.get_mut(index).ok_or_else(|| Error::internal("an index beyond the width"))? = weight;
        }
        for row in counts.chunks_mut(self.width().max(1)) {
            for (count, weight) in row.iter_mut().zip(&weights) {
                match self.mode.as_str() {
                    "IDF" => *count = if *count > 0.0 { *weight } else { 0.0 },
                    "TFIDF" => *count *= weight,
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

fn first_places<K: std::hash::Hash + Eq>(words: impl Iterator<Item = K>) -> HashMap<K, usize> {
    let mut places = HashMap::new();
    for (place, word) in words.enumerate() {
        places.entry(word).or_insert(place);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, eval, eval_error};

    #[test]
    fn counts_pairs_and_words() {
        let op = |mode: &str| TfIdfVectorizer {
            max_gram_length: 2,
            max_skip_count: 1,
            mode: mode.to_owned(),
            ngram_counts: vec![0, 2],
            ngram_indexes: vec![0, 1, 2],
            pool_int64s: vec![5, 6, 5, 7],
            weights: vec![1.0, 2.0, 3.0],
            ..TfIdfVectorizer::default()
        };
        // 5 twice, 6 once, 5 then 7 once side by side and once with one between.
        let words = || Tensor::vector(vec![5i64, 5, 7, 6]);
        assert_close(&eval(op("TF"), [words()]), &[2.0, 1.0, 2.0]);
        assert_close(&eval(op("IDF"), [words()]), &[1.0, 2.0, 3.0]);
        assert_close(&eval(op("TFIDF"), [words()]), &[2.0, 2.0, 6.0]);
        eval_error(op("FT"), [words()]);
    }
}

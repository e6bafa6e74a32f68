//! Samples, and the stream of them.

use std::fmt;

use crate::error::Result;
use crate::tensor::Tensor;

/// What a model is fed once.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Position in the data set, from 0.
    pub index: usize,
    /// One for each of `graph.body.inputs`, in that order; `None` takes the input's default.
    pub feeds: Vec<Option<Tensor>>,
}

/// Samples in order, each read when it is asked for. It ends after the first error.
pub struct Samples {
    source: Box<dyn Iterator<Item = Result<Sample>> + Send>,
    length: usize,
    batch: Option<usize>,
    notes: Vec<(String, String)>,
}

impl Samples {
    pub(super) fn new(
        length: usize,
        batch: Option<usize>,
        notes: Vec<(String, String)>,
        source: impl Iterator<Item = Result<Sample>> + Send + 'static,
    ) -> Self {
        Self { source: Box::new(source), length, batch, notes }
    }

    pub(super) fn limit(self, limit: usize) -> Self {
        let length = self.length.min(limit);
        Self { source: Box::new(self.source.take(limit)), length, ..self }
    }

    /// Number of samples in all.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Size of the leading dimension of a sample, where samples lie side by side along it;
    /// `None` where they lie along an axis of their own.
    pub fn batch(&self) -> Option<usize> {
        self.batch
    }

    /// What was done to the data, as label and text, for a report.
    pub fn notes(&self) -> &[(String, String)] {
        &self.notes
    }
}

impl Iterator for Samples {
    type Item = Result<Sample>;

    fn next(&mut self) -> Option<Result<Sample>> {
        self.source.next()
    }
}

impl fmt::Debug for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Samples")
            .field("length", &self.length)
            .field("notes", &self.notes)
            .finish_non_exhaustive()
    }
}

//! How onnxruntime walks two tensors that broadcast.
//!
//! It runs a kernel on spans of the innermost axes: of one element against many, or of many against many. Kernels round
//! differently in the two cases, so which one it is matters to the last bit.

/// What a kernel gets: the same for all spans of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// One element of the first input with many of the second.
    FirstIsScalar,
    /// Many elements of the first input with one of the second.
    SecondIsScalar,
    /// Pairs of elements.
    Pairs,
}

impl Span {
    /// For inputs of these shapes: what the innermost axis is that is not 1 for both, among those that both have.
    ///
    /// Source: onnxruntime `Broadcaster` and `BroadcastLooper`.
    pub(super) fn of(first: &[usize], second: &[usize]) -> Self {
        let both = first.len().min(second.len());
        let (a, b) = match (first, second) {
            ([], _) => (1, 0),
            ([.., size], []) => (*size, 1),
            _ => {
                let innermost =
                    |skip: usize| (first[first.len() - 1 - skip], second[second.len() - 1 - skip]);
                (0..both).map(innermost).find(|&sizes| sizes != (1, 1)).unwrap_or((1, 1))
            }
        };
        match (a, b) {
            (1, _) => Span::FirstIsScalar,
            (_, 1) => Span::SecondIsScalar,
            _ => Span::Pairs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_axis_decides() {
        let cases: [(&[usize], &[usize], Span); 9] = [
            (&[2, 3], &[2, 3], Span::Pairs),
            (&[2, 3], &[3], Span::Pairs),
            (&[2, 3, 4], &[3, 1], Span::SecondIsScalar),
            (&[3, 1], &[2, 3, 4], Span::FirstIsScalar),
            (&[2, 3, 1], &[3, 1], Span::Pairs),
            (&[], &[4], Span::FirstIsScalar),
            (&[4], &[], Span::SecondIsScalar),
            (&[1], &[1], Span::FirstIsScalar),
            (&[4, 1], &[1], Span::FirstIsScalar),
        ];
        for (first, second, expected) in cases {
            assert_eq!(Span::of(first, second), expected, "{first:?} {second:?}");
        }
    }
}

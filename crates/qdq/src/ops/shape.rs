//! What is known of a tensor's size, as numbers.

use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::Result;
use crate::tensor::{DType, Dim, Tensor, TensorType};

op! {
    /// Dimensions of the input as `i64` vector.
    pub struct Shape {
        /// First axis; negative counts from the end; clamped.
        pub start: i64 = 0,
        /// Axis after the last; negative counts from the end; clamped; absent: all.
        pub end: Option<i64> = None,
    }
}

op! {
    /// Number of elements of the input as `i64` scalar.
    pub struct Size {}
}

impl Shape {
    /// The axes asked for.
    fn axes(&self, rank: usize) -> std::ops::Range<usize> {
        let clamp = |axis: i64| {
            let axis = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
            axis.clamp(0, rank as i64) as usize
        };
        let (start, end) = (clamp(self.start), self.end.map_or(rank, clamp));
        start..end.max(start)
    }
}

impl OpDef for Shape {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let rank = inputs.shape(0).map_or(Dim::Any, |dims| Dim::Known(self.axes(dims.len()).len()));
        Ok(vec![TensorType::new(DType::I64, Some(vec![rank]))])
    }

    fn infer_dims(&self, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
        inputs.shape(0).map(|dims| dims[self.axes(dims.len())].to_vec())
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let shape = inputs.get(0)?.shape();
        let dims = shape[self.axes(shape.len())].iter().map(|&size| size as i64);
        Ok(vec![Tensor::vector(dims.collect())])
    }
}

impl OpDef for Size {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, _inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::known(DType::I64, &[])])
    }

    fn infer_dims(&self, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
        let dims = inputs.shape(0)?;
        let unknown: Vec<&Dim> = dims.iter().filter(|dim| dim.known().is_none()).collect();
        let known = dims.iter().filter_map(Dim::known).try_fold(1usize, usize::checked_mul)?;
        Some(vec![match unknown[..] {
            [] => Dim::Known(known),
            [dim] if known == 1 => dim.clone(),
            _ => Dim::Any,
        }])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        Ok(vec![Tensor::scalar(inputs.get(0)?.len() as i64)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Operand;
    use crate::ops::testing::{counting, eval};

    #[test]
    fn dimensions_in_a_range() {
        let shape = |start, end| eval(Shape { start, end }, [counting([3, 4, 5])]).to_i64_vec().unwrap();
        assert_eq!(shape(0, None), [3, 4, 5]);
        assert_eq!(shape(-1, None), [5]);
        assert_eq!(shape(1, Some(-1)), [4]);
        assert_eq!(shape(-10, Some(2)), [3, 4]);
        assert_eq!(shape(2, Some(1)), [0i64; 0]);
        assert_eq!(shape(i64::MIN, Some(i64::MAX)), [3, 4, 5]);
        assert_eq!(eval(Size {}, [counting([3, 4, 5])]), Tensor::scalar(60i64));
    }

    #[test]
    fn dimensions_by_name() {
        let n = Dim::symbol("n");
        let ty = TensorType::new(DType::F32, Some(vec![n.clone(), 1.into(), 5.into()]));
        let inputs = Inputs(vec![Some(Operand { ty: Some(&ty), constant: None, dims: None })]);
        assert_eq!(Shape::default().infer_dims(&inputs), Some(vec![n.clone(), 1.into(), 5.into()]));
        assert_eq!(Shape { start: -1, end: None }.infer_dims(&inputs), Some(vec![5.into()]));
        assert_eq!(Size {}.infer_dims(&inputs), Some(vec![Dim::Any]));
    }
}

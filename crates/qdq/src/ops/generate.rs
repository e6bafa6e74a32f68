//! Tensors made from a shape or a few numbers.

use super::cast::cast;
use super::dispatch::{Stored, map_data, map_numbers, no_numbers, output_count, sizes};
use super::reshape::unknown_of_length;
use super::widen::{Wide, Widen};
use super::{Args, Arity, Attr, AttrKind, AttrType, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::tensor::{DType, Dim, Tensor, TensorType};

op! {
    /// A tensor filled with one number. Input: its shape.
    pub struct ConstantOfShape {
        /// Element type.
        pub dtype: DType = DType::F32,
        /// The number, converted to the element type.
        pub value: Scalar = Scalar::Int(0),
    }
}

op! {
    /// `start`, `start + delta`, … as long as `limit` is not reached. Inputs: scalars `start`, `limit`, `delta` of one type.
    pub struct Range {}
}

op! {
    /// A matrix of the shape of the input with ones on a diagonal.
    pub struct EyeLike {
        /// Element type; absent: that of the input.
        pub dtype: Option<DType> = None,
        /// Which diagonal; positive ones lie above the main diagonal.
        pub k: i64 = 0,
    }
}

/// A number of any element type, as an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// For integer types.
    Int(i64),
    /// For float types.
    Float(f32),
    /// For bool.
    Bool(bool),
}

impl AttrType for Scalar {
    const KIND: AttrKind = AttrKind::Float;

    fn to_attr(&self) -> Attr {
        match *self {
            Scalar::Int(int) => Attr::Int(int),
            Scalar::Float(float) => Attr::Float(float),
            Scalar::Bool(bool) => Attr::Bool(bool),
        }
    }

    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Int(int) => Some(Scalar::Int(*int)),
            Attr::Float(float) => Some(Scalar::Float(*float)),
            Attr::Bool(bool) => Some(Scalar::Bool(*bool)),
            _ => None,
        }
    }
}

impl Scalar {
    fn to_tensor(self, dtype: DType) -> Result<Tensor> {
        let tensor = match self {
            Scalar::Int(int) => Tensor::scalar(int),
            Scalar::Float(float) => Tensor::scalar(float),
            Scalar::Bool(bool) => Tensor::scalar(bool),
        };
        cast(tensor, dtype)
    }
}

impl OpDef for ConstantOfShape {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let shape = inputs.dims(0).or_else(|| unknown_of_length(inputs, 0));
        Ok(vec![TensorType::new(self.dtype, shape)])
    }

    fn infer_dims(&self, inputs: &Inputs<'_>) -> Option<Vec<Dim>> {
        let Scalar::Int(value) = self.value else { return None };
        let [Dim::Known(length @ 0..=64)] = inputs.dims(0)?[..] else { return None };
        let dim = usize::try_from(value).map_or(Dim::Any, Dim::Known);
        matches!(self.dtype, DType::I64 | DType::I32).then(|| vec![dim; length])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let shape = sizes(&inputs.ints(0)?)?;
        let count = output_count(&shape)?;
        let value = self.value.to_tensor(self.dtype)?;
        let filled = map_data!(value.data(), value => repeat(value, count));
        Ok(vec![Tensor::new(shape, filled)?])
    }
}

/// The first element, `count` times.
fn repeat<T: Stored>(value: &[T], count: usize) -> Vec<T> {
    vec![value.first().cloned().unwrap_or_default(); count]
}

impl OpDef for Range {
    fn arity(&self) -> Arity {
        Arity::fixed(3)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        let bounds = (inputs.constant(0), inputs.constant(1), inputs.constant(2));
        let length = match bounds {
            (Some(start), Some(limit), Some(delta)) => Dim::Known(range_length(start, limit, delta)?),
            _ => match (inputs.ints(0).as_deref(), inputs.dims(1).as_deref(), inputs.ints(2).as_deref()) {
                (Some([0]), Some([limit]), Some([1])) => limit.clone(),
                _ => Dim::Any,
            },
        };
        Ok(vec![TensorType::new(inputs.dtype(0), Some(vec![length]))])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (start, limit, delta) = (inputs.get(0)?, inputs.get(1)?, inputs.get(2)?);
        let length = range_length(start, limit, delta)?;
        let numbers = map_numbers!(start.data(), start => {
            count_up(start, super::dispatch::like(start, delta)?, length)
        });
        Ok(vec![Tensor::new(vec![length], numbers)?])
    }
}

/// Most numbers that a range holds.
const MAX_RANGE: usize = 1 << 26;

/// `ceil((limit - start) / delta)`, at least 0.
fn range_length(start: &Tensor, limit: &Tensor, delta: &Tensor) -> Result<usize> {
    let number = |tensor: &Tensor| match tensor.to_f64_vec()?[..] {
        [number] => Ok(number),
        _ => Err(Error::data(format!("{} numbers where one is needed", tensor.len()))),
    };
    let (first, last, step) = (number(start)?, number(limit)?, number(delta)?);
    if start.dtype() != delta.dtype() || start.dtype() == DType::Bool {
        return Err(no_numbers(delta.dtype()));
    }
    let length = ((last - first) / step).ceil();
    if step == 0.0 || length.is_nan() || length >= 1e15 {
        return Err(Error::data(format!("a range from {first} to {last} in steps of {step}")));
    }
    let length = length.max(0.0) as usize;
    if length > MAX_RANGE {
        return Err(Error::data(format!("a range of {length} numbers")));
    }
    Ok(length)
}

fn count_up<T: Widen>(start: &[T], delta: &[T], length: usize) -> Vec<T> {
    let (Some(start), Some(delta)) = (start.first(), delta.first()) else { return Vec::new() };
    let step = |index: usize| delta.widen().times(T::Wide::of(index));
    (0..length).map(|index| T::narrow(start.widen().plus(step(index)))).collect()
}

impl OpDef for EyeLike {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        if inputs.shape(0).is_some_and(|dims| dims.len() != 2) {
            return Err(Error::graph("the input is no matrix"));
        }
        Ok(vec![TensorType::new(self.dtype.unwrap_or(inputs.dtype(0)), inputs.same(0).shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let like = inputs.get(0)?;
        let &[rows, columns] = like.shape() else { return Err(Error::data("the input is no matrix")) };
        let mut eye = vec![0u8; output_count(&[rows, columns])?];
        let rows_with_columns = if columns == 0 { 0 } else { rows };
        for row in 0..rows_with_columns {
            let column = (row as i64).checked_add(self.k).and_then(|column| usize::try_from(column).ok());
            if let Some(column) = column.filter(|&column| column < columns) {
                eye[row * columns + column] = 1;
            }
        }
        let eye = Tensor::from_vec(vec![rows, columns], eye)?;
        Ok(vec![cast(eye, self.dtype.unwrap_or(like.dtype()))?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{eval, eval_error};

    #[test]
    fn fills() {
        let ones = ConstantOfShape { dtype: DType::I32, value: Scalar::Int(1) };
        let filled = eval(ones, [Tensor::vector(vec![2i64, 2])]);
        assert_eq!(filled, Tensor::from_vec(vec![2, 2], vec![1i32; 4]).unwrap());
        let scalar = eval(ConstantOfShape::default(), [Tensor::vector(Vec::<i64>::new())]);
        assert_eq!(scalar, Tensor::scalar(0f32));
        for shape in [vec![-1i64], vec![1 << 40], vec![i64::MAX, i64::MAX]] {
            eval_error(ConstantOfShape::default(), [Tensor::vector(shape)]);
        }
    }

    #[test]
    fn counts() {
        let range = |start: f32, limit: f32, delta: f32| [start, limit, delta].map(Tensor::scalar);
        assert_eq!(eval(Range {}, range(1.0, 5.0, 2.0)), Tensor::vector(vec![1f32, 3.0]));
        assert_eq!(eval(Range {}, range(1.0, 5.5, 2.0)), Tensor::vector(vec![1f32, 3.0, 5.0]));
        let down = eval(Range {}, [10i32, 4, -2].map(Tensor::scalar));
        assert_eq!(down, Tensor::vector(vec![10i32, 8, 6]));
        assert_eq!(eval(Range {}, range(1.0, 0.0, 1.0)).len(), 0);
        eval_error(Range {}, range(0.0, 1.0, 0.0));
        eval_error(Range {}, range(0.0, f32::INFINITY, 1.0));
        eval_error(Range {}, range(f32::NAN, 1.0, 1.0));
        eval_error(Range {}, [0i64, i64::MAX, 1].map(Tensor::scalar));
    }

    #[test]
    fn eyes() {
        let like = Tensor::from_vec(vec![2, 3], vec![0f32; 6]).unwrap();
        let eye = eval(EyeLike { dtype: Some(DType::I64), k: 1 }, [like.clone()]);
        assert_eq!(eye.to_i64_vec().unwrap(), [0, 1, 0, 0, 0, 1]);
        let below = eval(EyeLike { dtype: None, k: -1 }, [like.clone()]);
        assert_eq!(below.as_slice::<f32>().unwrap(), [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
        eval(EyeLike { dtype: None, k: i64::MAX }, [like]);
        eval(EyeLike::default(), [Tensor::from_vec(vec![1 << 60, 0], Vec::<f32>::new()).unwrap()]);
        eval_error(EyeLike::default(), [Tensor::scalar(1f32)]);
    }

    #[test]
    fn scalars_are_attributes() {
        for scalar in [Scalar::Int(-3), Scalar::Float(0.5), Scalar::Bool(true)] {
            assert_eq!(Scalar::from_attr(&scalar.to_attr()), Some(scalar));
        }
    }
}

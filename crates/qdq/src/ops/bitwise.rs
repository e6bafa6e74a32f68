//! Operations on the bits of integers.

use super::broadcasting::{infer_broadcast, stretched_pair, zip};
use super::dispatch::like;
use super::{Args, Arity, EvalContext, Inputs, OpDef, attr_enum, op};
use crate::error::{Error, Result};
use crate::tensor::{Buffer, Data, Tensor, TensorType};

op! {
    /// Bits set in both inputs; they broadcast.
    pub struct BitwiseAnd {}
}

op! {
    /// Bits set in any input; they broadcast.
    pub struct BitwiseOr {}
}

op! {
    /// Bits set in one input only; they broadcast.
    pub struct BitwiseXor {}
}

op! {
    /// All bits inverted.
    pub struct BitwiseNot {}
}

attr_enum! {
    /// Where bits move.
    pub enum ShiftDirection {
        /// Towards the most significant bit.
        Left = "left",
        /// Towards the least significant bit.
        Right = "right",
    }
}

op! {
    /// Bits of the first input moved by as many places as the second says; they broadcast.
    pub struct BitShift {
        /// Where to; ONNX has no default.
        pub direction: ShiftDirection = ShiftDirection::Left,
    }
}

/// Maps `&Data` of integers to `Data` of the same type; an error for others.
macro_rules! map_integers {
    ($data:expr, $elements:ident => $body:expr) => {
        map_integers!(@arms $data, $elements, $body, I8 U8 I16 U16 I32 U32 I64 U64)
    };
    (@arms $data:expr, $elements:ident, $body:expr, $($variant:ident)*) => {
        match $data {
            $(Data::$variant(elements) => {
                let $elements: &[_] = elements;
                Data::$variant(Buffer::from($body))
            })*
            other => {
                return Err(Error::data(format!("a tensor of {} where integers are needed", other.dtype())));
            }
        }
    };
}

macro_rules! bitwise {
    ($($name:ident: $function:expr;)*) => {$(
        impl OpDef for $name {
            fn arity(&self) -> Arity {
                Arity::fixed(2)
            }

            fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
                infer_broadcast(inputs, inputs.dtype(0))
            }

            fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
                let (first, second, shape) = stretched_pair(&inputs)?;
                let bits = map_integers!(first.data(), first => zip(first, like(first, &second)?, $function));
                Ok(vec![Tensor::new(shape, bits)?])
            }
        }
    )*};
}

bitwise! {
    BitwiseAnd: |first, second| first & second;
    BitwiseOr: |first, second| first | second;
    BitwiseXor: |first, second| first ^ second;
}

impl OpDef for BitwiseNot {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(vec![inputs.same(0)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let tensor = inputs.get(0)?;
        let inverted = map_integers!(tensor.data(), elements => {
            elements.iter().map(|element| !element).collect::<Vec<_>>()
        });
        Ok(vec![Tensor::new(tensor.shape().to_vec(), inverted)?])
    }
}

/// Integers whose bits can be shifted by any number of places.
trait Shift: Copy {
    /// Zeros come in; places outside `0..bits` give 0.
    fn left(self, places: Self) -> Self;
    /// Copies of the sign bit come in; places outside `0..bits` give nothing but them.
    fn right(self, places: Self) -> Self;
}

macro_rules! shift {
    ($($int:ty)*) => {$(
        impl Shift for $int {
            fn left(self, places: $int) -> $int {
                u32::try_from(places).ok().and_then(|places| self.checked_shl(places)).unwrap_or(0)
            }

            fn right(self, places: $int) -> $int {
                let signs = (self >> (<$int>::BITS / 2)) >> (<$int>::BITS / 2 - 1) >> 1;
                u32::try_from(places).ok().and_then(|places| self.checked_shr(places)).unwrap_or(signs)
            }
        }
    )*};
}
shift!(i8 u8 i16 u16 i32 u32 i64 u64);

impl OpDef for BitShift {
    fn arity(&self) -> Arity {
        Arity::fixed(2)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        infer_broadcast(inputs, inputs.dtype(0))
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let (bits, places, shape) = stretched_pair(&inputs)?;
        let shifted = map_integers!(bits.data(), bits => {
            let places = like(bits, &places)?;
            match self.direction {
                ShiftDirection::Left => zip(bits, places, |&bits, &places| Shift::left(bits, places)),
                ShiftDirection::Right => zip(bits, places, |&bits, &places| Shift::right(bits, places)),
            }
        });
        Ok(vec![Tensor::new(shape, shifted)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{counting, eval, eval_error};

    #[test]
    fn combines_bits() {
        let pair = || [Tensor::vector(vec![0b1100u8, 0b1010]), Tensor::scalar(0b0110u8)];
        assert_eq!(eval(BitwiseAnd {}, pair()), Tensor::vector(vec![0b0100u8, 0b0010]));
        assert_eq!(eval(BitwiseOr {}, pair()), Tensor::vector(vec![0b1110u8, 0b1110]));
        assert_eq!(eval(BitwiseXor {}, pair()), Tensor::vector(vec![0b1010u8, 0b1100]));
        assert_eq!(eval(BitwiseNot {}, [Tensor::scalar(5i32)]), Tensor::scalar(-6i32));
        eval_error(BitwiseAnd {}, [counting([1]), counting([1])]);
    }

    #[test]
    fn shifts() {
        let shift = |direction, bits: Vec<i8>, places: Vec<i8>| {
            eval(BitShift { direction }, [Tensor::vector(bits), Tensor::vector(places)]).to_i64_vec().unwrap()
        };
        let (left, right) = (ShiftDirection::Left, ShiftDirection::Right);
        assert_eq!(shift(left, vec![1, 2, -1, 1], vec![1, 2, 8, -1]), [2, 8, 0, 0]);
        assert_eq!(shift(right, vec![4, -4, -4, 4, -4], vec![1, 1, 8, 9, -1]), [2, -2, -1, 0, -1]);
        let bits = [Tensor::scalar(u64::MAX), Tensor::scalar(u64::MAX)];
        assert_eq!(eval(BitShift { direction: right }, bits), Tensor::scalar(0u64));
    }
}

//! The same bits, taken for another type.

use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::tensor::{Buffer, DType, Data, Element, SmallFloat, Tensor, TensorType};
use half::{bf16, f16};

op! {
    /// The bits of each element as an element of another type of the same size.
    pub struct BitCast {
        /// Element type of the output; ONNX has no default.
        pub to: DType = DType::F32,
    }
}

impl OpDef for BitCast {
    fn arity(&self) -> Arity {
        Arity::fixed(1)
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        if let Some(ty) = inputs.ty(0) {
            self.check(ty.dtype)?;
        }
        Ok(vec![TensorType::new(self.to, inputs.same(0).shape)])
    }

    fn eval(&self, _context: EvalContext, inputs: Args) -> Result<Vec<Tensor>> {
        let input = inputs.get(0)?;
        self.check(input.dtype())?;
        let bytes: Vec<u8> = match input.data() {
            Data::Bool(elements) => elements.iter().map(|&element| u8::from(element)).collect(),
            Data::Str(_) => Vec::new(),
            data => with_bytes(data),
        };
        Ok(vec![Tensor::new(input.shape().to_vec(), self.read(&bytes))?])
    }
}

impl BitCast {
    fn check(&self, from: DType) -> Result<()> {
        if from.bits().is_some() && from.bits() == self.to.bits() {
            return Ok(());
        }
        Err(Error::graph(format!("elements of {from} are not of the size of {}", self.to)).attribute("to"))
    }

    fn read(&self, bytes: &[u8]) -> Data {
        fn elements<T: bytemuck::AnyBitPattern + Element>(bytes: &[u8]) -> Buffer<T> {
            bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect::<Vec<T>>().into()
        }
        // Elements of few bits take a byte each; signed ones have copies of their sign above.
        let unsigned = |mask: u8| Buffer::from(bytes.iter().map(|byte| byte & mask).collect::<Vec<u8>>());
        let signed = |unused: u32| {
            Buffer::from(bytes.iter().map(|&byte| (byte << unused) as i8 >> unused).collect::<Vec<i8>>())
        };
        match self.to {
            DType::F32 => Data::F32(elements(bytes)),
            DType::F64 => Data::F64(elements(bytes)),
            DType::F16 => Data::F16(elements::<f16>(bytes)),
            DType::Bf16 => Data::Bf16(elements::<bf16>(bytes)),
            DType::I8 => Data::I8(elements(bytes)),
            DType::U8 => Data::U8(elements(bytes)),
            DType::I16 => Data::I16(elements(bytes)),
            DType::U16 => Data::U16(elements(bytes)),
            DType::I32 => Data::I32(elements(bytes)),
            DType::U32 => Data::U32(elements(bytes)),
            DType::I64 => Data::I64(elements(bytes)),
            DType::U64 => Data::U64(elements(bytes)),
            DType::I4 => Data::I4(signed(4)),
            DType::U4 => Data::U4(unsigned(15)),
            DType::I2 => Data::I2(signed(6)),
            DType::U2 => Data::U2(unsigned(3)),
            DType::F8E4m3fn => Data::Small(SmallFloat::F8E4m3fn, elements(bytes)),
            DType::F8E4m3fnuz => Data::Small(SmallFloat::F8E4m3fnuz, elements(bytes)),
            DType::F8E5m2 => Data::Small(SmallFloat::F8E5m2, elements(bytes)),
            DType::F8E5m2fnuz => Data::Small(SmallFloat::F8E5m2fnuz, elements(bytes)),
            DType::F8E8m0 => Data::Small(SmallFloat::F8E8m0, elements(bytes)),
            DType::F4E2m1 => Data::Small(SmallFloat::F4E2m1, unsigned(15)),
            DType::Bool => Data::Bool(bytes.iter().map(|&byte| byte != 0).collect::<Vec<_>>().into()),
            DType::Str => Data::Str(Vec::new().into()),
        }
    }
}

/// Little-endian bytes of numbers.
fn with_bytes(data: &Data) -> Vec<u8> {
    macro_rules! bytes {
        ($($variant:ident)*) => {
            match data {
                $(Data::$variant(elements) => bytemuck::cast_slice(elements).to_vec(),)*
                Data::Small(_, codes) => codes.to_vec(),
                Data::Bool(_) | Data::Str(_) => Vec::new(),
            }
        };
    }
    bytes!(F32 F64 F16 Bf16 I8 U8 I16 U16 I32 U32 I64 U64 I4 U4 I2 U2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{eval, eval_error};

    #[test]
    fn bits_stay() {
        assert_eq!(
            eval(BitCast { to: DType::I32 }, [Tensor::scalar(1.0f32)]),
            Tensor::scalar(0x3f80_0000i32)
        );
        assert_eq!(eval(BitCast { to: DType::I8 }, [Tensor::scalar(200u8)]), Tensor::scalar(-56i8));
        eval_error(BitCast { to: DType::I16 }, [Tensor::scalar(200u8)]);
        eval_error(BitCast { to: DType::Str }, [Tensor::scalar(200u8)]);
    }
}

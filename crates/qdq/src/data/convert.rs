//! Conversions of data that lose nothing, and checks on it.

use super::Sample;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::tensor::{DType, Data, Tensor};

/// Whether every number of an integer type is one of another; each type is one of its own.
pub(super) fn can_widen(from: DType, to: DType) -> bool {
    let range = |dtype: DType| match dtype {
        DType::U32 => Some((0, i128::from(u32::MAX))),
        DType::I64 => Some((i128::from(i64::MIN), i128::from(i64::MAX))),
        DType::U64 => Some((0, i128::from(u64::MAX))),
        DType::I4 | DType::U4 | DType::I2 | DType::U2 => None,
        _ => dtype.integer_range().map(|(min, max)| (i128::from(min), i128::from(max))),
    };
    match (range(from), range(to)) {
        _ if from == to => true,
        (Some(from), Some(to)) => to.0 <= from.0 && from.1 <= to.1,
        _ => false,
    }
}

/// The same integers in a wider type.
pub(super) fn widen(tensor: Tensor, to: DType) -> Result<Tensor> {
    if tensor.dtype() == to {
        return Ok(tensor);
    }
    if !can_widen(tensor.dtype(), to) {
        return Err(Error::internal(format!("{} does not widen to {to}", tensor.dtype())));
    }
    let numbers = tensor.to_i64_vec()?;
    let data = match to {
        DType::I16 => Data::I16(numbers.iter().map(|&n| n as i16).collect::<Vec<_>>().into()),
        DType::U16 => Data::U16(numbers.iter().map(|&n| n as u16).collect::<Vec<_>>().into()),
        DType::I32 => Data::I32(numbers.iter().map(|&n| n as i32).collect::<Vec<_>>().into()),
        DType::U32 => Data::U32(numbers.iter().map(|&n| n as u32).collect::<Vec<_>>().into()),
        DType::I64 => Data::I64(numbers.into()),
        DType::U64 => Data::U64(numbers.iter().map(|&n| n as u64).collect::<Vec<_>>().into()),
        _ => return Err(Error::internal(format!("nothing widens to {to}"))),
    };
    Tensor::new(tensor.shape().to_vec(), data)
}

/// An error if a float of the sample is NaN or infinite, naming sample and input.
///
/// Quantization calls it: one such number would spoil every range after it.
pub fn check_finite(graph: &Graph, sample: &Sample) -> Result<()> {
    for (&id, feed) in graph.body.inputs.iter().zip(&sample.feeds) {
        let found = feed.as_ref().and_then(first_not_finite);
        if let Some((position, number)) = found {
            return Err(Error::data(format!("the data holds {number} (at flat position {position})"))
                .value(graph[id].name())
                .sample(sample.index)
                .help("remove or repair the sample; ranges cannot be found with it"));
        }
    }
    Ok(())
}

/// The first NaN or infinity and its flat position.
fn first_not_finite(tensor: &Tensor) -> Option<(usize, f64)> {
    macro_rules! find {
        ($elements:expr) => {
            $elements
                .iter()
                .map(|&number| f64::from(number))
                .enumerate()
                .find(|(_, number)| !number.is_finite())
        };
    }
    match tensor.data() {
        Data::F32(elements) => find!(elements),
        Data::F64(elements) => find!(elements),
        Data::F16(elements) => find!(elements),
        Data::Bf16(elements) => find!(elements),
        _ => None,
    }
}

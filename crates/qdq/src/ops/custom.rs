//! Ops of other domains, and ops that `qdq` does not know.

use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::tensor::{Tensor, TensorType};

op! {
    /// An op kept verbatim for the format it came from. It stays in float and cannot be run.
    pub struct Custom {
        /// Who defines the op; empty for the format itself.
        pub domain: String = String::new(),
        /// The op's name in its domain.
        pub name: String = String::new(),
        /// Version of the domain the node was written for.
        pub version: i64 = 1,
        /// The format that can read `payload`.
        pub format: String = String::new(),
        /// The node's attributes as the format wrote them, in hexadecimal.
        pub payload: String = String::new(),
    }
}

impl Custom {
    /// Name with its domain, as `com.microsoft.QGemm`.
    pub fn full_name(&self) -> String {
        if self.domain.is_empty() { self.name.clone() } else { format!("{}.{}", self.domain, self.name) }
    }
}

impl OpDef for Custom {
    fn arity(&self) -> Arity {
        Arity::at_least(0).outputs(0, usize::MAX)
    }

    fn infer(&self, _inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
        Ok(Vec::new())
    }

    fn eval(&self, _context: EvalContext, _inputs: Args) -> Result<Vec<Tensor>> {
        Err(Error::unsupported(format!("the op {} cannot be run", self.full_name())))
    }
}

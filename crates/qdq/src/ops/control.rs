//! Ops with regions. The regions are in the graph, at the node; the executor runs them.

use super::{Args, Arity, EvalContext, Inputs, OpDef, op};
use crate::error::{Error, Result};
use crate::tensor::{Tensor, TensorType};

op! {
    /// Runs one of two regions: the first if the input is true, else the second.
    pub struct If {}
}
op! {
    /// Runs its region up to input 0 times, while input 1 stays true; both optional. The other inputs are carried.
    pub struct Loop {}
}
op! {
    /// Runs its region for each slice of its last `num_scan_inputs` inputs; the inputs before are carried.
    pub struct Scan {
        /// Number of inputs that are sliced.
        pub num_scan_inputs: usize = 1,
        /// Axis each scanned input is sliced along; empty: 0.
        pub scan_input_axes: Vec<i64> = Vec::new(),
        /// For each scanned input, 1 to go from the end; empty: 0.
        pub scan_input_directions: Vec<i64> = Vec::new(),
        /// Axis each scanned output is stacked along; empty: 0.
        pub scan_output_axes: Vec<i64> = Vec::new(),
        /// For each scanned output, 1 to put new slices in front; empty: 0.
        pub scan_output_directions: Vec<i64> = Vec::new(),
    }
}

macro_rules! regions {
    ($name:ty, $arity:expr, $n_regions:expr) => {
        impl OpDef for $name {
            fn arity(&self) -> Arity {
                $arity
            }

            fn infer(&self, _inputs: &Inputs<'_>) -> Result<Vec<TensorType>> {
                Ok(Vec::new())
            }

            fn eval(&self, _context: EvalContext, _inputs: Args) -> Result<Vec<Tensor>> {
                Err(Error::internal("an op with regions is run by the executor"))
            }

            fn n_regions(&self) -> usize {
                $n_regions
            }
        }
    };
}
regions!(If, Arity::fixed(1).outputs(0, usize::MAX), 2);
regions!(Loop, Arity::at_least(0).outputs(0, usize::MAX), 1);
regions!(Scan, Arity::at_least(1).outputs(0, usize::MAX), 1);

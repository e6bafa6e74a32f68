//! Ops with regions. The regions are in the graph, at the node; the executor runs them.

use super::op;

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
pending!(If, Loop, Scan);

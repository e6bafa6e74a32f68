//! What is known of a tensor's size, as numbers.

use super::op;

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

super::pending!(Shape, Size);

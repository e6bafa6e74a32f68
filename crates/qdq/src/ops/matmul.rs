//! Matrix products.

use super::op;

op! {
    /// Matrix product as in numpy: batches broadcast, vectors stand for one row (left) or column (right).
    pub struct MatMul {}
}
op! {
    /// `alpha * a' * b' + beta * c` of matrices; c is optional and broadcasts to the product.
    pub struct Gemm {
        /// Factor of the product.
        pub alpha: f32 = 1.0,
        /// Factor of c.
        pub beta: f32 = 1.0,
        /// Whether a' is a transposed.
        pub trans_a: bool = false,
        /// Whether b' is b transposed.
        pub trans_b: bool = false,
    }
}
pending!(MatMul, Gemm);

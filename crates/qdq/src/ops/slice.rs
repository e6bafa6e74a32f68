//! Strided slices.

use super::op;

op! {
    /// A strided part of a tensor. Inputs: data, `starts`, `ends`, `axes` (default: the first ones), `steps` (default 1; may be negative).
    pub struct Slice {}
}

super::pending!(Slice);

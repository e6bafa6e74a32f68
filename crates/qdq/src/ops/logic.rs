//! Operations on bools, and choice by them.

use super::op;

op! {
    /// Whether both inputs are true; they broadcast.
    pub struct And {}
}

op! {
    /// Whether any input is true; they broadcast.
    pub struct Or {}
}

op! {
    /// Whether one input only is true; they broadcast.
    pub struct Xor {}
}

op! {
    /// Whether the input is false.
    pub struct Not {}
}

op! {
    /// Elements of the second input where the first (bool) is true, else of the third; all broadcast.
    pub struct Where {}
}

super::pending!(And, Or, Xor, Not, Where);

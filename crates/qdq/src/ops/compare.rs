//! Comparisons, which give bools.

use super::op;

op! {
    /// Whether elements are equal; the inputs broadcast.
    pub struct Equal {}
}

op! {
    /// Whether elements of the first input are greater; the inputs broadcast.
    pub struct Greater {}
}

op! {
    /// Whether elements of the first input are greater or equal; the inputs broadcast.
    pub struct GreaterOrEqual {}
}

op! {
    /// Whether elements of the first input are less; the inputs broadcast.
    pub struct Less {}
}

op! {
    /// Whether elements of the first input are less or equal; the inputs broadcast.
    pub struct LessOrEqual {}
}

op! {
    /// Whether floats are not a number.
    pub struct IsNan {}
}

op! {
    /// Whether floats are infinite.
    pub struct IsInf {
        /// Whether −∞ counts.
        pub detect_negative: bool = true,
        /// Whether +∞ counts.
        pub detect_positive: bool = true,
    }
}

super::pending!(Equal, Greater, GreaterOrEqual, Less, LessOrEqual, IsNan, IsInf);

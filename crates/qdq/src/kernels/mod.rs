//! Fast primitives on slices.

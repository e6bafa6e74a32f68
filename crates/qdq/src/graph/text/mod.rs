//! The text form of a graph (`.qir`): the language of the tests, and what `inspect --text` prints.
//!
//! ```text
//! graph "tiny"(%x: f32[N,3,8,8]) {
//!   %w: f32[4,3,3,3] = const random(seed=1, std=0.1)
//!   %b: f32[4] = const [0.1, 0.2, 0.3, 0.4]
//!   %y: f32[N,4,8,8] = conv(%x, %w, %b) {pads=[1, 1, 1, 1]} @"stem/Conv_0"
//!   return %y
//! }
//! ```
//! - `_` is an absent input or output; types after `:` may be left out where inference knows them.
//! - Regions follow the attributes: `if(%c) region() { … return %a } region() { … return %b }`.
//! - Constants of more than 16 numbers print as `const #hash`; [`parse`] takes them from nowhere and refuses.
//!   `const random(seed=…, std=…, mean=…)` makes normally distributed floats, `const fill(v)` one value everywhere.
//! - `#` in front of a line, or `;`, starts a comment.

mod lex;
mod parse;
mod parse_types;
mod print;
mod random;

#[cfg(test)]
mod tests;

pub use parse::parse;
pub use print::print;

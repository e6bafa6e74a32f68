//! Where `qdq` does not do what torch does, and why.

use super::golden::{Case, Golden, Outcome};

/// Why this case may differ.
pub fn reason(_golden: &Golden, _case: &Case, _outcome: &Outcome) -> Option<&'static str> {
    None
}

//! Where `qdq` does not do what torch does, and why.

use super::golden::{Array, Case, Golden, Outcome};

/// Why this case may differ.
pub fn reason(golden: &Golden, case: &Case, outcome: &Outcome) -> Option<&'static str> {
    let has_nan = case.stream.starts_with("nan");
    match case.name.as_str() {
        "quantize_per_tensor" | "quantize_per_channel" if has_nan => {
            Some("NaN has no integer: torch gives qmin, qmax or int32's least, by kernel; here qmax")
        }
        "quantize_per_tensor" if case.stream == "huge" => {
            Some("fbgemm adds the zero point in int32, where beyond 2^31 steps it wraps to the other end")
        }
        _ if golden.version != "2.5.1" && gives_nan(&case.result) && fails(outcome) => {
            Some("torch 2.15 gives NaN as scale or zero point for a range with NaN, torch 2.5 and qdq an error")
        }
        _ => None,
    }
}

/// Whether a scale or a zero point is NaN, at any step.
fn gives_nan(outcome: &Outcome) -> bool {
    let is_nan = |scale: &Array| matches!(scale, Array::Whole(bits) if bits.contains("7fc00000"));
    let mut parts = outcome.steps.iter().chain(outcome.converted.as_deref());
    let params = [&outcome.scale, &outcome.real_zero_point];
    params.into_iter().flatten().any(is_nan) || parts.any(gives_nan)
}

/// Whether there is an error, at any step.
fn fails(outcome: &Outcome) -> bool {
    let mut parts = outcome.steps.iter().chain(outcome.converted.as_deref());
    outcome.error.is_some() || parts.any(fails)
}

//! Where `qdq` does not do what torch does, and why.

use super::golden::{Array, Case, Golden, Outcome};

/// Why this case may differ.
pub(crate) fn reason(golden: &Golden, case: &Case, outcome: &Outcome) -> Option<&'static str> {
    let has_nan = case.stream.starts_with("nan");
    let has_inf = case.stream.contains("inf");
    match case.name.as_str() {
        "quantize_per_tensor" | "quantize_per_channel" if has_nan => {
            Some("NaN has no integer: torch gives qmin, qmax or int32's least, by kernel; here qmax")
        }
        "quantize_per_tensor" if case.stream == "huge" => {
            Some("fbgemm adds the zero point in int32, where beyond 2^31 steps it wraps to the other end")
        }
        "FusedMovingAvgObsFakeQuantize" if case.stream == "empty_then_random" && fails(&case.result) => {
            Some("torch's fused fake quantize of channels fails after an empty first batch, qdq ignores that")
        }
        "FusedMovingAvgObsFakeQuantize" if case.axis != 0 && fails(&case.result) => {
            Some("torch's fused fake quantize fails for channels of another axis than 0, qdq takes any")
        }
        "FixedQParamsFakeQuantize" if golden.version == "2.5.1" => {
            Some("torch 2.5 wraps beyond 2^63 steps to the low end, torch 2.15 and qdq stay at the high end")
        }
        _ if golden.source == "torchao"
            && outcome.error.as_deref() == Some("construct")
            && case.is_reduced_u8() =>
        {
            Some(
                "symmetric u8 with a reduced range: torch refuses it for quint8 but not for uint8, qdq always",
            )
        }
        _ if (has_inf || has_nan || gives_nan(&case.result)) && fails(outcome) => Some(
            "torch goes on with a range that is NaN (observers of 2.15, the fused kernel), qdq makes it an error",
        ),
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

//! Runs an observer over the stream of a case.

use qdq::quant::observers::torch::{Histogram, Observer, TorchVersion, observer};

use super::golden::{Array, Case, Golden, Outcome};
use super::streams;

pub(crate) fn run(golden: &Golden, case: &Case) -> Outcome {
    let Some(mut observer) = make(golden, case) else {
        return Outcome::error("construct");
    };
    for batch in streams::batches(&case.stream, &case.shape) {
        if observer.observe(&batch).is_err() {
            return Outcome::error("observe");
        }
    }
    let state = observer.state_dict();
    let array = |name: &str| state.array(name).ok().map(Array::of);
    let mut outcome = Outcome {
        min: array("min_val"),
        max: array("max_val"),
        histogram: array("histogram"),
        recorded: array("tensor_val.0"),
        ..Outcome::default()
    };
    match observer.calculate_qparams() {
        Ok(qparams) => outcome = outcome.with_qparams(&qparams),
        Err(_) => outcome.error = Some("calculate".to_owned()),
    }
    outcome
}

fn make(golden: &Golden, case: &Case) -> Option<Box<dyn Observer>> {
    let spec = case.spec(&case.name);
    if let (Some(bins), "2.5.1") = (case.bins, golden.version.as_str()) {
        let histogram = Histogram::new(&spec, bins).ok()?;
        return Some(Box::new(histogram.with_version(TorchVersion::V2_5)));
    }
    observer(&spec).ok()
}

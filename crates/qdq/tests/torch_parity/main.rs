//! Observers, fake quantizes and quantize functions against goldens of torch and torchao, on f32 bits.
//!
//! The goldens are made by `conformance/goldens/make_torch.py`. Every difference has a line in `exceptions.rs`.
#![allow(clippy::print_stdout, reason = "tells how many cases were compared")]

mod exceptions;
mod fake_quantizes;
mod golden;
mod observers;
mod quantize;
mod streams;

use std::collections::BTreeMap;

use golden::{Case, Golden, Outcome};

/// Cases of a kind: compared, and excepted by reason.
#[derive(Default)]
struct Tally {
    equal: usize,
    excepted: BTreeMap<&'static str, usize>,
    different: usize,
}

/// Differences shown of each observer or fake quantize.
const N_SHOWN: usize = 5;

fn compare(parts: &[&str], run: impl Fn(&Golden, &Case) -> Outcome) {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut differences = Vec::new();
    for golden in golden::read(parts) {
        for case in &golden.cases {
            let tally =
                tallies.entry(format!("{} {} {}", golden.source, golden.version, case.name)).or_default();
            let outcome = run(&golden, case);
            if outcome == case.result {
                tally.equal += 1;
            } else if let Some(reason) = exceptions::reason(&golden, case, &outcome) {
                *tally.excepted.entry(reason).or_default() += 1;
            } else {
                tally.different += 1;
                differences.push((case.name.clone(), describe(&golden, case, &outcome)));
            }
        }
    }
    for (name, Tally { equal, excepted, different }) in &tallies {
        println!("{name}: {equal} cases equal, {different} different");
        for (reason, count) in excepted {
            println!("    {count} excepted: {reason}");
        }
    }
    assert!(!tallies.is_empty(), "no goldens of {parts:?}");
    let mut shown = BTreeMap::new();
    for (name, difference) in &differences {
        let count: &mut usize = shown.entry(name).or_default();
        *count += 1;
        if *count <= N_SHOWN {
            println!("{difference}");
        }
    }
    assert!(differences.is_empty(), "{} cases differ", differences.len());
}

fn describe(golden: &Golden, case: &Case, outcome: &Outcome) -> String {
    let Case { name, spec, stream, shape, axis, observer, .. } = case;
    let head = format!(
        "{} {} {name}({observer:?}) {spec:?} {stream} {shape:?} axis {axis}",
        golden.source, golden.version
    );
    format!("{head}{}", case.result.differences(outcome))
}

#[test]
fn observers_are_torchs() {
    compare(&["observers", "histogram"], observers::run);
}

#[test]
fn fake_quantizes_are_torchs() {
    compare(&["fake_quantize"], |_, case| fake_quantizes::run(case));
}

#[test]
fn learnable_fake_quantizes_are_torchs() {
    compare(&["learnable"], fake_quantizes::run_learnable);
}

#[test]
fn quantize_functions_are_torchs() {
    compare(&["quantize"], |_, case| quantize::run(case));
}

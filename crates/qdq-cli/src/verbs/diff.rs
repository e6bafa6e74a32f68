//! `qdq diff`

use qdq::error::Result;
use qdq::pipeline::{self, Difference, Scope};
use serde_json::{Value, json};

use crate::arguments::Diff;
use crate::output::Output;
use crate::progress::Bar;
use crate::table::Table;

pub(crate) fn diff(arguments: &Diff, output: Output) -> Result<()> {
    let a = pipeline::read_model(&arguments.a)?;
    let b = pipeline::read_model(&arguments.b)?;
    let dataset = arguments.data.open(arguments.labels.as_deref())?;
    let diff = pipeline::diff(a, b, &dataset, Scope::Values, arguments.threads.count(), &Bar::default())?;
    let mut head = Table::new();
    for (label, text) in &diff.data {
        head.pair(label, text);
    }
    head.pair("samples", diff.n_samples);
    let (outputs, inner): (Vec<_>, Vec<_>) = diff.values.iter().partition(|value| value.is_output);
    let n_shown = if arguments.rows == 0 { inner.len() } else { arguments.rows.min(inner.len()) };
    let mut table = Table::with_header(&["value", "SQNR dB", "cosine", "max abs error", ""]);
    for value in outputs.into_iter().chain(inner.iter().copied().take(n_shown)) {
        table.row(row(value));
    }
    let mut text = format!("{head}\n{table}");
    if n_shown < inner.len() {
        text += &format!("… and {} better ones (--rows 0 shows all)\n", inner.len() - n_shown);
    }
    for (name, reason) in &diff.skipped {
        text += &format!("not compared: {name}: {reason}\n");
    }
    let json = json!({
        "n_samples": diff.n_samples,
        "values": diff.values.iter().map(as_json).collect::<Vec<_>>(),
        "skipped": diff.skipped,
        "data": diff.data,
    });
    output.result(text, json)
}

fn row(value: &Difference) -> [String; 5] {
    let mut note = String::from(if value.is_output { "output" } else { "" });
    if value.n_not_finite > 0 {
        note += &format!(" ({} not finite)", value.n_not_finite);
    }
    [
        value.name.clone(),
        format!("{:.2}", value.sqnr_db()),
        format!("{:.6}", value.cosine()),
        format!("{:.6}", value.max_abs_error),
        note,
    ]
}

/// JSON has no infinity: `sqnr_db` is null where all is the same.
pub(super) fn as_json(value: &Difference) -> Value {
    json!({
        "name": value.name,
        "is_output": value.is_output,
        "is_identical": value.is_identical(),
        "sqnr_db": Some(value.sqnr_db()).filter(|db| db.is_finite()),
        "cosine": value.cosine(),
        "max_abs_error": value.max_abs_error,
        "n_elements": value.n_elements,
        "n_not_finite": value.n_not_finite,
    })
}

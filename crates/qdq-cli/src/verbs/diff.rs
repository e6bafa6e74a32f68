//! `qdq diff`

use qdq::error::{Error, Result};
use qdq::pipeline::{self, Compared, Difference, N_STEPS, Scope};
use qdq::profiles::Runtime;
use serde_json::{Value, json};

use crate::arguments::Diff;
use crate::exactness;
use crate::output::Output;
use crate::progress::Bar;
use crate::table::Table;

pub(crate) fn diff(arguments: &Diff, output: Output) -> Result<()> {
    let [a, b] = sides(arguments)?;
    let dataset = arguments.data.open(arguments.labels.as_deref())?;
    let diff = pipeline::diff(a, b, &dataset, Scope::Values, arguments.threads.count(), &Bar::default())?;
    let mut head = Table::new();
    for (label, text) in &diff.data {
        head.pair(label, text);
    }
    head.pair("samples", diff.n_samples);
    let [a, b] = &diff.exactness;
    exactness::add(&mut head, "profile of A", a.as_ref());
    exactness::add(&mut head, "profile of B", b.as_ref());
    head.pair("first difference", diff.first.as_deref().unwrap_or("none"));
    let (outputs, inner): (Vec<_>, Vec<_>) = diff.values.iter().partition(|value| value.is_output);
    let n_shown = if arguments.rows == 0 { inner.len() } else { arguments.rows.min(inner.len()) };
    let steps = ["0 steps", "1", "2", "3", "4 or more"];
    let has_steps = diff.values.iter().any(|value| value.steps.is_some());
    let columns = ["value", "SQNR dB", "cosine", "max abs error", ""];
    let mut table =
        Table::with_header(&if has_steps { [&columns[..], &steps].concat() } else { columns.to_vec() });
    for value in outputs.into_iter().chain(inner.iter().copied().take(n_shown)) {
        table.row(row(value));
    }
    let mut text = format!("{head}\n{table}");
    if n_shown < inner.len() {
        let n_hidden = inner.len() - n_shown;
        text.push_str(&["… and ", &n_hidden.to_string(), " better ones (--rows 0 shows all)\n"].concat());
    }
    for (name, reason) in &diff.skipped {
        text.push_str(&["not compared: ", name, ": ", reason, "\n"].concat());
    }
    let json = json!({
        "n_samples": diff.n_samples,
        "first_difference": diff.first,
        "exactness": diff.exactness,
        "values": diff.values.iter().map(as_json).collect::<Vec<_>>(),
        "skipped": diff.skipped,
        "data": diff.data,
    });
    output.result(text, json)
}

/// Both models, each with the runtime in whose integers it is run, if there is one.
fn sides(arguments: &Diff) -> Result<[Compared; 2]> {
    let runtimes: Vec<&'static Runtime> =
        arguments.profiles.iter().map(|name| Runtime::find(name)).collect::<Result<_>>()?;
    let runtimes = match runtimes.as_slice() {
        [] => [None, None],
        [b] => [None, Some(*b)],
        [a, b, ..] => [Some(*a), Some(*b)],
    };
    if arguments.b.is_none() && runtimes[1].is_none() {
        return Err(Error::usage("there is nothing to compare the model with")
            .help("name a second model, or profiles: --profile P [Q]"));
    }
    let a = pipeline::read_model(&arguments.a)?;
    let b = arguments.b.as_ref().map(pipeline::read_model).transpose()?.unwrap_or_else(|| a.clone());
    let [of_a, of_b] = runtimes;
    Ok([Compared { graph: a, runtime: of_a }, Compared { graph: b, runtime: of_b }])
}

fn row(value: &Difference) -> [String; 5 + N_STEPS] {
    let place = if value.is_output { "output" } else { "" };
    let note = match value.n_not_finite {
        0 => place.to_owned(),
        count => format!("{place} ({count} not finite)"),
    };
    let step = |i: usize| value.steps.map_or_else(String::new, |steps| steps[i].to_string());
    [
        value.name.clone(),
        format!("{:.2}", value.sqnr_db()),
        format!("{:.6}", value.cosine()),
        format!("{:.6}", value.max_abs_error),
        note,
        step(0),
        step(1),
        step(2),
        step(3),
        step(4),
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
        "steps": value.steps,
    })
}

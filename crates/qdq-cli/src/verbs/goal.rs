//! `qdq quantize --min-sqnr`, `--max-drop`

use qdq::data::Dataset;
use qdq::error::Result;
use qdq::pipeline::{Goal, Precision, Search};
use qdq::quant::Recipe;

use crate::arguments::GoalArguments;
use crate::table::Table;

/// Rows of the ranking that are shown, beside those kept in higher precision.
const MOST_ROWS: usize = 10;

/// The goal that the arguments name, accuracy to be judged on `data`.
pub(super) fn goal(
    arguments: &GoalArguments,
    data: Option<&Dataset>,
    score_output: Option<&str>,
) -> Option<Goal> {
    match (arguments.min_sqnr, arguments.max_drop, data) {
        (Some(db), ..) => Some(Goal::MinSqnr(db)),
        (None, Some(points), Some(data)) => {
            let (data, score_output) = (Box::new(data.clone()), score_output.map(str::to_owned));
            Some(Goal::MaxDrop { points, data, score_output })
        }
        _ => None,
    }
}

/// How the goal was reached.
pub(super) fn text(search: &Search) -> Result<String> {
    let all: u64 = search.ranking.iter().map(|layer| layer.macs).sum();
    let share = |macs: u64| format!("{:.1} %", 100.0 * macs as f64 / all.max(1) as f64);
    let is_kept = |precision: &Precision| *precision != Precision::Planned;
    let kept = search.ranking.iter().filter(|layer| is_kept(&layer.precision));
    let (n_kept, macs) = kept.fold((0, 0), |(n, macs), layer| (n + 1, macs + layer.macs));
    let mut table = Table::new();
    table.pair("goal", &search.goal);
    table.pair("reached", format!("{:.2}, {} models measured", search.reached, search.n_evaluations));
    let kept = format!("{n_kept} of {} layers, {} of the multiplications", search.ranking.len(), share(macs));
    table.pair("in higher precision", kept);
    if n_kept == 0 {
        return Ok(format!("\n{table}"));
    }
    let mut ranking = Table::with_header(&["worst layers", "noise alone, dB", "multiplications", "kept in"]);
    for layer in search.ranking.iter().take(MOST_ROWS.max(n_kept)) {
        let kept = match layer.precision {
            Precision::Planned => "",
            Precision::Wide => "16 bits",
            Precision::Float => "float",
        };
        let noise = format!("{:.1}", 10.0 * layer.noise.log10());
        ranking.row([layer.layer.clone(), noise, share(layer.macs), kept.to_owned()]);
    }
    let rules = search.recipe(&Recipe::default()).to_toml()?;
    Ok(format!("\n{table}\n{ranking}\nas a recipe, without a search:\n{rules}"))
}

//! What a profile promised, for people.

use qdq::pipeline::Exactness;

use crate::table::Table;

/// Nodes without a promise that are named.
const N_NAMED: usize = 5;

/// Adds what the profile promised, so that a run that is not exact cannot be taken for one that is.
pub(crate) fn add(table: &mut Table, label: &str, exactness: Option<&Exactness>) {
    let Some(exactness) = exactness else { return };
    let (coverage, profile) = (&exactness.coverage, &exactness.profile);
    table.pair(label, profile);
    let n_nodes = coverage.n_nodes();
    if exactness.is_exact {
        table.pair("exact", format!("yes: all {n_nodes} nodes, {} of them in integers", coverage.n_integer));
        return;
    }
    let n_missing = coverage.not_promised.len();
    table.pair(
        "exact",
        format!(
            "NO: {profile} makes no promise for {n_missing} of {n_nodes} nodes, nor for what follows them"
        ),
    );
    for node in coverage.not_promised.iter().take(N_NAMED) {
        table.pair("", format!("{}: {}", node.node, node.cause));
    }
    if n_missing > N_NAMED {
        table.pair("", format!("… and {} more (--json lists all)", n_missing - N_NAMED));
    }
}

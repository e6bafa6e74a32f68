use super::*;
use crate::exec::{Program, Taps};
use crate::graph::{Graph, text};

fn parsed(source: &str) -> Graph {
    let mut graph = text::parse(source).unwrap();
    graph.infer().unwrap();
    graph
}

#[test]
fn claims_name_ops() {
    for claim in CLAIMS {
        assert!(Op::NAMES.contains(&claim.op), "{}", claim.op);
    }
}

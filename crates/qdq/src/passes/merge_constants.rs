//! Equal constants become one.

use std::collections::BTreeMap;

use crate::graph::{Block, Graph, ValueId};
use crate::tensor::{Data, with_numbers};

/// Lets one constant stand for all of the same type and the same numbers; returns how many went.
///
/// Folding makes copies, as of a weight that is reshaped in both branches of an `if`.
pub fn merge_constants(graph: &mut Graph) -> usize {
    let mut first: BTreeMap<u64, Vec<ValueId>> = BTreeMap::new();
    let mut merged: BTreeMap<ValueId, ValueId> = BTreeMap::new();
    for id in graph.value_ids() {
        let Some(tensor) = graph.constant(id) else { continue };
        let hash = hash(tensor.data());
        tensor.give_back();
        let Some(hash) = hash else { continue };
        let same_hash = first.entry(hash).or_default();
        let is_same = |other: &&ValueId| {
            graph[**other].ty == graph[id].ty && graph[**other].constant.as_ref() == Some(tensor)
        };
        match same_hash.iter().find(is_same) {
            Some(&other) => {
                merged.insert(id, other);
            }
            None => same_hash.push(id),
        }
    }
    let mut body = std::mem::take(&mut graph.body);
    let count = redirect(&mut body, &merged);
    graph.body = body;
    count
}

/// Lets the nodes of a block, and of its regions, read the merged constants; returns how many inputs changed.
fn redirect(block: &mut Block, merged: &BTreeMap<ValueId, ValueId>) -> usize {
    let mut count = 0;
    for node in &mut block.nodes {
        for input in node.inputs.iter_mut().flatten() {
            if let Some(&other) = merged.get(input) {
                *input = other;
                count += 1;
            }
        }
        for region in &mut node.regions {
            count += redirect(region, merged);
        }
    }
    count
}

/// FNV-1a over the elements, eight bytes at a time; `None` for strings.
fn hash(data: &Data) -> Option<u64> {
    let bytes: Vec<u8>;
    let bytes = match data {
        Data::Str(_) => return None,
        Data::Bool(elements) => {
            bytes = elements.iter().map(|&element| u8::from(element)).collect();
            &bytes[..]
        }
        Data::Small(_, codes) => codes,
        data => with_numbers!(data, elements => bytemuck::cast_slice::<_, u8>(elements), else &[]),
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let fold = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    let hash = words.iter().map(|word| u64::from_le_bytes(*word)).fold(0xcbf2_9ce4_8422_2325, fold);
    Some(rest.iter().map(|&byte| u64::from(byte)).fold(hash, fold))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::text;

    #[test]
    fn equal_constants_become_one_and_others_stay() {
        let source = "graph(%x: f32[2]) {\n  %a: f32[2] = const [1.0, 2.0]\n  %b: f32[2] = const [1.0, 2.0]\n  \
                      %c: f32[2] = const [1.0, 2.5]\n  %d: f32[1,2] = const [1.0, 2.0]\n  %y = sum(%x, %a, %b, %c, %d)\n  \
                      return %y\n}";
        let mut graph = text::parse(source).unwrap();
        assert_eq!(merge_constants(&mut graph), 1);
        let names: Vec<&str> = graph.body.nodes[0].present_inputs().map(|id| graph[id].name()).collect();
        assert_eq!(names, ["x", "a", "a", "c", "d"]);
    }
}

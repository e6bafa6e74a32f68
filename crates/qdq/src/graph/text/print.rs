//! Graph to text.

use std::fmt::Write;

use crate::graph::{Block, Graph, Node, ValueId};
use crate::tensor::{Data, Tensor, with_numbers};

/// Constants of more numbers than this are printed by their hash.
const MAX_INLINE: usize = 16;

/// The text of a graph. Same graph, same text.
pub fn print(graph: &Graph) -> String {
    let mut out = String::new();
    let name = if graph.name.is_empty() { String::new() } else { format!(" {:?}", graph.name) };
    let _ = writeln!(out, "graph{name}({}) {{", parameters(graph, &graph.body));
    for id in graph.value_ids() {
        if let Some(tensor) = graph.constant(id)
            && is_used(graph, id)
        {
            let _ = writeln!(out, "  {} = const {}", typed(graph, id), constant(tensor));
        }
    }
    print_body(&mut out, graph, &graph.body, 1);
    out.push_str("}\n");
    out
}

fn is_used(graph: &Graph, id: ValueId) -> bool {
    fn in_block(block: &Block, id: ValueId) -> bool {
        block.outputs.contains(&id)
            || block.nodes.iter().any(|node| {
                node.inputs.contains(&Some(id)) || node.regions.iter().any(|region| in_block(region, id))
            })
    }
    in_block(&graph.body, id)
}

fn parameters(graph: &Graph, block: &Block) -> String {
    let parameter = |id: &ValueId| match &graph[*id].constant {
        Some(default) => format!("{} = {}", typed(graph, *id), constant(default)),
        None => typed(graph, *id),
    };
    block.inputs.iter().map(parameter).collect::<Vec<_>>().join(", ")
}

fn print_body(out: &mut String, graph: &Graph, block: &Block, depth: usize) {
    let indent = "  ".repeat(depth);
    for node in &block.nodes {
        out.push_str(&indent);
        print_node(out, graph, node, depth);
        out.push('\n');
    }
    let outputs: Vec<String> = block.outputs.iter().map(|&id| reference(graph, id)).collect();
    let _ = writeln!(out, "{indent}return {}", outputs.join(", "));
}

fn print_node(out: &mut String, graph: &Graph, node: &Node, depth: usize) {
    let outputs: Vec<String> = node
        .outputs
        .iter()
        .map(|output| output.map_or_else(|| "_".to_owned(), |id| typed(graph, id)))
        .collect();
    if !outputs.is_empty() {
        let _ = write!(out, "{} = ", outputs.join(", "));
    }
    let inputs: Vec<String> = node
        .inputs
        .iter()
        .map(|input| input.map_or_else(|| "_".to_owned(), |id| reference(graph, id)))
        .collect();
    let _ = write!(out, "{}({})", node.op.name(), inputs.join(", "));
    let attrs = node.op.attrs();
    if !attrs.is_empty() {
        let attrs: Vec<String> = attrs.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let _ = write!(out, " {{{}}}", attrs.join(", "));
    }
    if !node.scope.is_empty() || !node.parts.is_empty() {
        let _ = write!(out, " @{:?}", node.scope);
    }
    for part in &node.parts {
        let _ = write!(out, " @{part:?}");
    }
    for region in &node.regions {
        let _ = writeln!(out, " region({}) {{", parameters(graph, region));
        print_body(out, graph, region, depth + 1);
        let _ = write!(out, "{}}}", "  ".repeat(depth));
    }
}

fn reference(graph: &Graph, id: ValueId) -> String {
    let name = graph[id].name();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/');
    if name.chars().all(plain) { format!("%{name}") } else { format!("%{name:?}") }
}

fn typed(graph: &Graph, id: ValueId) -> String {
    match &graph[id].ty {
        Some(ty) => format!("{}: {ty}", reference(graph, id)),
        None => reference(graph, id),
    }
}

fn constant(tensor: &Tensor) -> String {
    if tensor.len() > MAX_INLINE {
        return format!("#{:016x}", hash(tensor));
    }
    match tensor.data() {
        Data::Bool(elements) => format!("{:?}", &elements[..]),
        Data::Str(elements) => {
            format!("{:?}", elements.iter().map(|text| String::from_utf8_lossy(text)).collect::<Vec<_>>())
        }
        Data::Small(float, codes) => {
            format!("{:?}", codes.iter().map(|&code| float.decode(code)).collect::<Vec<_>>())
        }
        data => with_numbers!(data, elements => format!("{:?}", &elements[..]), else String::new()),
    }
}

/// FNV-1a over the elements' bytes: tells constants apart in text, nothing more.
fn hash(tensor: &Tensor) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let basis = 0xcbf2_9ce4_8422_2325;
    match tensor.data() {
        Data::Bool(elements) => elements.iter().fold(basis, |hash, &element| fold(hash, &u8::from(element))),
        Data::Str(elements) => elements.iter().flatten().fold(basis, fold),
        Data::Small(_, codes) => codes.iter().fold(basis, fold),
        data => with_numbers!(data, elements => {
            bytemuck::cast_slice::<_, u8>(elements).iter().fold(basis, fold)
        }, else basis),
    }
}

//! How a file's nodes and domains are called.

use qdq_schema::onnx::NodeProto;

/// `name (op)`, or the first output's name where the node has none.
pub(super) fn describe_node(node: &NodeProto) -> String {
    let op = match node.domain() {
        domain if is_default_domain(domain) => node.op_type().to_owned(),
        domain => format!("{domain}.{}", node.op_type()),
    };
    let outputs = node.output.iter().map(String::as_str);
    let name = std::iter::once(node.name()).chain(outputs).find(|name| !name.is_empty());
    match name {
        Some(name) => format!("{name} ({op})"),
        None => op,
    }
}

/// Whether the domain is that of ONNX's own operators; it has two spellings.
pub(super) fn is_default_domain(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

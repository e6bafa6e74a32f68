//! Attributes of a node while it is read: typed access, and a note of what was looked at.

use std::cell::Cell;
use std::collections::BTreeMap;

use qdq_schema::onnx::attribute_proto::AttributeType;
use qdq_schema::onnx::{AttributeProto, GraphProto, NodeProto, TensorProto};

use super::dtype::read_dtype;
use crate::error::{Error, Result};
use crate::ops::{Attr, AttrKind};

/// Attributes handed to a function, by the names its body refers to them with.
pub(super) type Bindings<'m> = BTreeMap<&'m str, &'m AttributeProto>;

/// The attributes of one node.
#[derive(Debug)]
pub(super) struct Attributes<'m> {
    entries: Vec<Entry<'m>>,
}

#[derive(Debug)]
struct Entry<'m> {
    name: &'m str,
    proto: &'m AttributeProto,
    used: Cell<bool>,
}

impl<'m> Attributes<'m> {
    /// The attributes of `node`, references to attributes of the function around it resolved.
    pub(super) fn new(node: &'m NodeProto, bindings: &Bindings<'m>) -> Result<Self> {
        let mut entries: Vec<Entry<'m>> = Vec::new();
        for attribute in &node.attribute {
            let name = attribute.name();
            if entries.iter().any(|entry| entry.name == name) {
                return Err(Error::malformed("it is given twice").attribute(name));
            }
            let proto = match attribute.ref_attr_name() {
                "" => attribute,
                // One that the caller left out is left out here, too.
                reference => match bindings.get(reference) {
                    Some(bound) => *bound,
                    None => continue,
                },
            };
            entries.push(Entry { name, proto, used: Cell::new(false) });
        }
        Ok(Self { entries })
    }

    /// All attributes, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'m str, &'m AttributeProto)> + '_ {
        self.entries.iter().map(|entry| (entry.name, entry.proto))
    }

    /// Names of attributes that nobody asked for.
    pub(super) fn unused(&self) -> impl Iterator<Item = &'m str> + '_ {
        self.entries.iter().filter(|entry| !entry.used.get()).map(|entry| entry.name)
    }

    /// Whether the attribute is given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    /// The attribute in the form that the op table has it in.
    pub(super) fn of_kind(&self, name: &str, kind: AttrKind) -> Result<Option<Attr>> {
        let Some(entry) = self.entries.iter().find(|entry| entry.name == name) else { return Ok(None) };
        let attr = match (attribute_type(entry.proto), kind) {
            (AttributeType::Int, AttrKind::Bool) => Attr::Bool(self.int(name)? != Some(0)),
            (AttributeType::Int, AttrKind::Type) => {
                let number = i32::try_from(self.int(name)?.unwrap_or_default()).unwrap_or_default();
                Attr::Word(read_dtype(number).map_err(|error| error.attribute(name))?.to_string())
            }
            (AttributeType::Int, _) => Attr::Int(self.int(name)?.unwrap_or_default()),
            (AttributeType::Float, _) => Attr::Float(self.float(name)?.unwrap_or_default()),
            (AttributeType::String, AttrKind::Word) => {
                Attr::Word(self.text(name)?.unwrap_or_default().to_lowercase())
            }
            (AttributeType::String, _) => Attr::Str(self.text(name)?.unwrap_or_default().to_owned()),
            (AttributeType::Ints, _) => Attr::Ints(self.ints(name)?.unwrap_or_default().to_vec()),
            (AttributeType::Floats, _) => Attr::Floats(self.floats(name)?.unwrap_or_default().to_vec()),
            (AttributeType::Strings, _) => {
                let texts = self.texts(name)?.unwrap_or_default();
                Attr::Strs(texts.into_iter().map(str::to_owned).collect())
            }
            (other, _) => {
                let message = format!("it is of type {}", type_name(other));
                return Err(Error::malformed(message).attribute(name));
            }
        };
        Ok(Some(attr))
    }

    fn find(&self, name: &str, wanted: AttributeType) -> Result<Option<&'m AttributeProto>> {
        let Some(entry) = self.entries.iter().find(|entry| entry.name == name) else { return Ok(None) };
        entry.used.set(true);
        let found = attribute_type(entry.proto);
        if found == wanted {
            return Ok(Some(entry.proto));
        }
        let message = format!("it is of type {} where {} is needed", type_name(found), type_name(wanted));
        Err(Error::malformed(message).attribute(name))
    }

    pub(super) fn int(&self, name: &str) -> Result<Option<i64>> {
        Ok(self.find(name, AttributeType::Int)?.map(AttributeProto::i))
    }

    pub(super) fn float(&self, name: &str) -> Result<Option<f32>> {
        Ok(self.find(name, AttributeType::Float)?.map(AttributeProto::f))
    }

    pub(super) fn bytes(&self, name: &str) -> Result<Option<&'m [u8]>> {
        Ok(self.find(name, AttributeType::String)?.map(AttributeProto::s))
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'m str>> {
        let Some(bytes) = self.bytes(name)? else { return Ok(None) };
        let text = std::str::from_utf8(bytes);
        text.map(Some).map_err(|_| Error::malformed("it is not UTF-8").attribute(name))
    }

    pub(super) fn ints(&self, name: &str) -> Result<Option<&'m [i64]>> {
        Ok(self.find(name, AttributeType::Ints)?.map(|proto| proto.ints.as_slice()))
    }

    pub(super) fn floats(&self, name: &str) -> Result<Option<&'m [f32]>> {
        Ok(self.find(name, AttributeType::Floats)?.map(|proto| proto.floats.as_slice()))
    }

    pub(super) fn strings(&self, name: &str) -> Result<Option<Vec<Vec<u8>>>> {
        let Some(proto) = self.find(name, AttributeType::Strings)? else { return Ok(None) };
        Ok(Some(proto.strings.iter().map(|text| text.to_vec()).collect()))
    }

    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<&'m str>>> {
        let Some(proto) = self.find(name, AttributeType::Strings)? else { return Ok(None) };
        let texts = proto.strings.iter().map(|text| std::str::from_utf8(text));
        let texts = texts.collect::<Result<Vec<_>, _>>();
        texts.map(Some).map_err(|_| Error::malformed("it is not UTF-8").attribute(name))
    }

    pub(super) fn tensor(&self, name: &str) -> Result<Option<&'m TensorProto>> {
        let Some(proto) = self.find(name, AttributeType::Tensor)? else { return Ok(None) };
        match &proto.t {
            Some(tensor) => Ok(Some(tensor)),
            None => Err(Error::malformed("it holds no tensor").attribute(name)),
        }
    }

    pub(super) fn graph(&self, name: &str) -> Result<&'m GraphProto> {
        match self.find(name, AttributeType::Graph)?.and_then(|proto| proto.g.as_deref()) {
            Some(graph) => Ok(graph),
            None => Err(Error::malformed("it is missing, or holds no graph").attribute(name)),
        }
    }
}

/// The declared type; where there is none (old exporters), that of the field that is set.
pub(super) fn attribute_type(proto: &AttributeProto) -> AttributeType {
    let declared = proto.r#type();
    if declared != AttributeType::Undefined {
        return declared;
    }
    let set = [
        (proto.f.is_some(), AttributeType::Float),
        (proto.i.is_some(), AttributeType::Int),
        (proto.s.is_some(), AttributeType::String),
        (proto.t.is_some(), AttributeType::Tensor),
        (proto.g.is_some(), AttributeType::Graph),
        (proto.sparse_tensor.is_some(), AttributeType::SparseTensor),
        (proto.tp.is_some(), AttributeType::TypeProto),
        (!proto.floats.is_empty(), AttributeType::Floats),
        (!proto.ints.is_empty(), AttributeType::Ints),
        (!proto.strings.is_empty(), AttributeType::Strings),
        (!proto.tensors.is_empty(), AttributeType::Tensors),
        (!proto.graphs.is_empty(), AttributeType::Graphs),
    ];
    set.into_iter().find(|(is_set, _)| *is_set).map_or(AttributeType::Undefined, |(_, of)| of)
}

fn type_name(of: AttributeType) -> String {
    format!("{of:?}").to_uppercase()
}

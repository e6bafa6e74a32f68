//! What names mean while a model is read.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use qdq_schema::onnx::ValueInfoProto;

use super::attributes::Bindings;
use crate::error::{Error, Result};
use crate::graph::{Graph, ValueId};
use crate::tensor::Tensor;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    /// A value of the graph.
    Value(ValueId),
    /// A constant that nothing has used as a value yet.
    Constant(Tensor),
    /// An input of a function that its caller left out.
    Absent,
}

/// The names of one graph or function body.
#[derive(Debug)]
pub(super) struct Scope<'m> {
    names: HashMap<&'m str, Slot>,
    /// Types that the file declares for names of this scope.
    hints: HashMap<&'m str, &'m ValueInfoProto>,
    /// Whether names around it are hidden, as they are to a function.
    closed: bool,
}

/// What holds in a whole function body (or in the model outside of functions).
#[derive(Clone, Debug)]
pub(super) struct Frame<'m> {
    /// Versions of the op domains.
    pub(super) opsets: Rc<BTreeMap<&'m str, i64>>,
    /// Attributes that the caller handed over.
    pub(super) bindings: Rc<Bindings<'m>>,
    /// Put before the names of values and nodes.
    pub(super) prefix: String,
}

/// The scopes around the node that is being read, innermost last.
#[derive(Debug, Default)]
pub(super) struct Scopes<'m>(Vec<Scope<'m>>);

impl<'m> Scopes<'m> {
    pub(super) fn open(&mut self, hints: HashMap<&'m str, &'m ValueInfoProto>, closed: bool) {
        self.0.push(Scope { names: HashMap::new(), hints, closed });
    }

    pub(super) fn close(&mut self) {
        self.0.pop();
    }

    /// Gives a name of the innermost scope its meaning; an error if it has one.
    pub(super) fn define(&mut self, name: &'m str, slot: Slot) -> Result<()> {
        let Some(scope) = self.0.last_mut() else { return Err(Error::internal("no scope is open")) };
        if scope.names.insert(name, slot).is_some() {
            let error = Error::malformed("two inputs, initializers or node outputs have this name");
            return Err(error.value(name).help("names must be unique in a graph; export the model again"));
        }
        Ok(())
    }

    /// Gives a name of the innermost scope another meaning.
    pub(super) fn redefine(&mut self, name: &'m str, slot: Slot) {
        if let Some(scope) = self.0.last_mut() {
            scope.names.insert(name, slot);
        }
    }

    /// What a name stands for, here or in the scopes around.
    pub(super) fn find(&self, name: &str) -> Option<&Slot> {
        for scope in self.0.iter().rev() {
            if let Some(slot) = scope.names.get(name) {
                return Some(slot);
            }
            if scope.closed {
                break;
            }
        }
        None
    }

    /// What the innermost scope's file says of a name's type.
    pub(super) fn hint(&self, name: &str) -> Option<&'m ValueInfoProto> {
        self.0.last()?.hints.get(name).copied()
    }

    /// The value of a name; constants become values on first use. `None` if it is absent or not defined.
    pub(super) fn value(&mut self, name: &str, graph: &mut Graph, prefix: &str) -> Option<ValueId> {
        for scope in self.0.iter_mut().rev() {
            if let Some(slot) = scope.names.get_mut(name) {
                if let Slot::Constant(tensor) = slot {
                    *slot = Slot::Value(graph.add_constant(&format!("{prefix}{name}"), tensor.clone()));
                }
                return match slot {
                    Slot::Value(id) => Some(*id),
                    _ => None,
                };
            }
            if scope.closed {
                break;
            }
        }
        None
    }
}

//! Operators that take the place of a unit.

use qdq_schema::flatbuffer::Object;
use qdq_schema::tflite::{builtin_operator as code, operator, quantize_options};

use super::{FileOp, NodeWriter, Options};
use crate::error::{Error, Result};
use crate::formats::tflite::spec;
use crate::formats::tflite::versions::{Facts, version};
use crate::graph::{Graph, ValueId};
use crate::tensor::{DType, Dim, QuantParams, Tensor};

impl NodeWriter<'_, '_> {
    /// Adds an operator between tensors of the file.
    pub(crate) fn push(
        &mut self,
        code: i32,
        input: DType,
        options: Option<Options>,
        inputs: Vec<i32>,
        outputs: Vec<i32>,
    ) {
        let has_bias = inputs.get(2).is_some_and(|index| *index >= 0);
        let facts = Facts { input, has_bias, is_newer: self.is_newer, hybrid: self.hybrid };
        let rest = match options {
            Some((tag, table)) => Object::default()
                .set(operator::BUILTIN_OPTIONS_TYPE, tag)
                .child(operator::BUILTIN_OPTIONS, table),
            None => Object::default(),
        };
        let version = version(code, facts);
        let intermediates = std::mem::take(&mut self.intermediates);
        let custom = String::new();
        self.writer.push(FileOp { code, custom, version, inputs, outputs, intermediates, rest });
    }

    /// A tensor of the file with this type, which an operator inside of the unit computes.
    pub(crate) fn temporary(&mut self, name: &str, dims: Vec<Dim>, like: i32) -> Result<i32> {
        let params = self.writer.params_of(like).filter(|_| self.unit.integer.is_some());
        let dtype = params.as_ref().map_or(DType::F32, |params| params.storage);
        self.writer.add_tensor(name, dtype, dims, params.as_ref())
    }

    /// The operator for the whole unit, whose output has the parameters that the graph says.
    pub(crate) fn emit(&mut self, code: i32, options: Option<Options>, inputs: Vec<i32>) -> Result<()> {
        let params: Vec<Option<QuantParams>> = match &self.unit.integer {
            Some(params) => params.iter().map(|params| Some((**params).clone())).collect(),
            None => vec![None; self.unit.outputs.len()],
        };
        self.emit_with(code, options, inputs, &params)
    }

    /// The operator for the whole unit with outputs that have the parameters of its first input.
    pub(crate) fn emit_same(&mut self, code: i32, options: Option<Options>, inputs: Vec<i32>) -> Result<()> {
        let own = self.writer.params_of(inputs.first().copied().unwrap_or(-1));
        let own = own.filter(|_| self.unit.integer.is_some());
        self.emit_with(code, options, inputs, &vec![own; self.unit.outputs.len()])
    }

    /// The operator for the whole unit with outputs of these parameters; where the graph wants others, the integers
    /// are converted after it.
    pub(crate) fn emit_with(
        &mut self,
        code: i32,
        options: Option<Options>,
        inputs: Vec<i32>,
        params: &[Option<QuantParams>],
    ) -> Result<()> {
        let dtype = self.input_type(&inputs);
        let mut outputs = Vec::new();
        let mut conversions = Vec::new();
        if self.is_lifted {
            return self.emit_lifted(code, options, inputs, params);
        }
        for (position, output) in self.unit.outputs.iter().enumerate() {
            let given = params.get(position).cloned().flatten();
            let wanted = match &self.unit.integer {
                Some(all) => all.get(position).map(|params| (**params).clone()),
                None => given.clone(),
            };
            if let Some(wanted) = &wanted {
                spec::check_activation(wanted)?;
            }
            let index = match *output {
                Some(output) if given == wanted => self.writer.add_value(output, wanted.as_ref())?,
                Some(output) => {
                    let inner = self.inner_output(output, given.as_ref())?;
                    conversions.push((inner, output, wanted));
                    inner
                }
                None => self.writer.add_tensor("unused", dtype, self.output_dims(0)?, given.as_ref())?,
            };
            outputs.push(index);
        }
        self.push(code, dtype, options, inputs, outputs);
        for (inner, output, wanted) in conversions {
            let index = self.writer.add_value(output, wanted.as_ref())?;
            let options = (qdq_schema::tflite::builtin_options::QUANTIZE_OPTIONS, Object::default());
            debug_assert!(quantize_options::KINDS.is_empty(), "the table has no fields");
            self.push(code::QUANTIZE, dtype, Some(options), vec![inner], vec![index]);
        }
        Ok(())
    }

    /// As [`NodeWriter::emit_with`], for an op whose output has a height of 1 before its width.
    pub(super) fn emit_lifted(
        &mut self,
        code: i32,
        options: Option<Options>,
        inputs: Vec<i32>,
        params: &[Option<QuantParams>],
    ) -> Result<()> {
        self.is_lifted = false;
        let mut dims = self.output_dims(0)?;
        let shape = Self::shape_of(&dims);
        dims.insert(1, Dim::Known(1));
        let given = params.first().cloned().flatten();
        let dtype = self.input_type(&inputs);
        let inner = self.writer.add_tensor("lifted", dtype, dims, given.as_ref())?;
        self.push(code, dtype, options, inputs, vec![inner]);
        let shape = self.int_vector(&shape)?;
        let options = (qdq_schema::tflite::builtin_options::RESHAPE_OPTIONS, Object::default());
        self.emit_with(
            qdq_schema::tflite::builtin_operator::RESHAPE,
            Some(options),
            vec![inner, shape],
            params,
        )
    }

    /// The operator of a transposed convolution, whose activation comes third.
    pub(crate) fn emit_transposed(
        &mut self,
        code: i32,
        options: Options,
        inputs: Vec<i32>,
        has_bias: bool,
    ) -> Result<()> {
        self.is_newer = has_bias;
        self.emit(code, Some(options), inputs)
    }

    pub(super) fn inner_output(&mut self, output: ValueId, params: Option<&QuantParams>) -> Result<i32> {
        let value = &self.graph()[output];
        let dims = value.ty.as_ref().and_then(|ty| ty.shape.clone());
        let dims = dims.ok_or_else(|| Error::unsupported("the number of dimensions is not known"))?;
        let dtype = params.map_or(DType::F32, |params| params.storage);
        self.writer.add_tensor(&format!("{}/inner", value.name()), dtype, dims, params)
    }

    pub(super) fn input_type(&self, inputs: &[i32]) -> DType {
        let params = self.writer.params_of(inputs.first().copied().unwrap_or(-1));
        match (self.unit_storage(), params) {
            (Some(storage), _) => storage,
            (None, Some(params)) => params.storage,
            (None, None) => self.dtype(0).unwrap_or(DType::F32),
        }
    }

    /// Lets a tensor stand for the unit's output; an output of the graph gets an operator of its own.
    pub(crate) fn emit_copy(&mut self, tensor: i32) -> Result<()> {
        let output = self.unit.outputs.first().copied().flatten();
        let is_graph_output = output.is_some_and(|output| self.graph().body.outputs.contains(&output));
        match output {
            Some(output) if !is_graph_output => {
                self.writer.bind(output, tensor);
                Ok(())
            }
            _ => {
                let dims = self.output_dims(0)?;
                let shape = Self::shape_of(&dims);
                if shape.iter().filter(|size| **size < 0).count() > 1 {
                    return Err(Error::unsupported("a copy of a tensor of unknown sizes"));
                }
                let shape = self.int_vector(&shape)?;
                let options = (qdq_schema::tflite::builtin_options::RESHAPE_OPTIONS, Object::default());
                self.emit_same(code::RESHAPE, Some(options), vec![tensor, shape])
            }
        }
    }

    /// Operators of two inputs that take any number of inputs one after another.
    pub(crate) fn emit_chain(
        &mut self,
        code: i32,
        options: impl Fn() -> Option<Options>,
        inputs: &[i32],
    ) -> Result<()> {
        let Some((&last, [first, middle @ ..])) = inputs.split_last() else {
            return Err(Error::graph("no inputs"));
        };
        if inputs.len() == 1 {
            return self.emit_copy(last);
        }
        let dims = self.output_dims(0)?;
        let mut sum = *first;
        for &input in middle {
            let next = self.temporary("joined", dims.clone(), *first)?;
            self.push_float(code, options(), vec![sum, input], next);
            sum = next;
        }
        self.emit(code, options(), vec![sum, last])
    }

    /// An operator inside of the unit.
    pub(crate) fn push_float(&mut self, code: i32, options: Option<Options>, inputs: Vec<i32>, output: i32) {
        let dtype = self.input_type(&inputs);
        self.push(code, dtype, options, inputs, vec![output]);
    }

    /// The operator of a split, whose parts have the parameters of `data`.
    pub(crate) fn emit_split(
        &mut self,
        code: i32,
        options: Options,
        inputs: Vec<i32>,
        data: i32,
    ) -> Result<()> {
        let own = self.writer.params_of(data).filter(|_| self.unit.integer.is_some());
        self.emit_with(code, Some(options), inputs, &vec![own; self.unit.outputs.len()])
    }

    /// Tensors of the outputs as their types say.
    pub(crate) fn raw_outputs(&mut self) -> Result<Vec<i32>> {
        self.unit.outputs.iter().flatten().map(|output| self.writer.add_value(*output, None)).collect()
    }

    /// The tensor that an output of the node is computed into; of the type of another one, where its own is not known.
    pub(crate) fn output_like(&mut self, id: ValueId, like: i32) -> Result<i32> {
        if self.graph()[id].ty.as_ref().is_some_and(|ty| ty.shape.is_some()) {
            return self.writer.add_value(id, None);
        }
        let index = self.writer.add_like(self.graph()[id].name(), like)?;
        self.writer.bind(id, index);
        Ok(index)
    }

    /// A tensor for what a loop carries beside the outputs of its node: of the type of one of its inputs.
    pub(crate) fn unused(&mut self, like: i32) -> Result<i32> {
        self.writer.add_like("unused", like)
    }

    /// The tensor of a value of the graph.
    pub(crate) fn outer(&mut self, id: ValueId) -> Result<i32> {
        self.writer.tensor(id)
    }

    /// A constant; equal ones are one tensor.
    pub(crate) fn shared_constant(&mut self, name: &str, tensor: &Tensor) -> Result<i32> {
        self.writer.shared_constant(name, tensor)
    }

    /// Adds a graph that the operator runs, and gives its number.
    pub(crate) fn subgraph(&mut self, graph: Graph) -> Result<i32> {
        self.writer.add_subgraph(graph)
    }

    /// Adds an operator that is complete.
    pub(crate) fn finish(&mut self, op: FileOp) {
        self.writer.push(op);
    }
}

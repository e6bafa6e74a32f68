//! Text to graph.

use super::lex::{Token, lex};
use super::parse_types::Cursor;
use crate::error::{Error, Result};
use crate::graph::{Block, Graph, Node, ValueId};
use crate::ops::{Attr, Op};
use crate::tensor::TensorType;

/// The graph that a text describes; types that the text leaves out are not filled in.
///
/// # Errors
/// The first line that breaks the grammar, names an unknown op or attribute, or defines a value twice.
pub fn parse(text: &str) -> Result<Graph> {
    let mut parser =
        Parser { cursor: Cursor::new(lex(text)?), graph: Graph::default(), undefined: Vec::new() };
    parser.graph()?;
    Ok(parser.graph)
}

struct Parser {
    cursor: Cursor,
    graph: Graph,
    /// Values that were used but not defined so far.
    undefined: Vec<ValueId>,
}

impl Parser {
    fn graph(&mut self) -> Result<()> {
        if !self.cursor.eat_word("graph") {
            return Err(self.cursor.error("`graph` expected"));
        }
        if let Some(Token::Str(name)) = self.cursor.peek().cloned() {
            self.graph.name = name;
            self.cursor.next()?;
        }
        self.graph.body = self.block()?;
        if self.cursor.peek().is_some() {
            return Err(self.cursor.error("text after the graph"));
        }
        match self.undefined.first() {
            Some(&id) => {
                Err(Error::malformed(format!("%{} is used but never defined", self.graph[id].name())))
            }
            None => Ok(()),
        }
    }

    /// `(%a: f32[1], …) { … return %b }`
    fn block(&mut self) -> Result<Block> {
        let mut block = Block::default();
        self.cursor.expect('(')?;
        while !self.cursor.eat(')') {
            if !block.inputs.is_empty() {
                self.cursor.expect(',')?;
            }
            let (name, ty) = self.typed()?;
            let id = self.define(&name, ty.clone())?;
            if self.cursor.eat('=') {
                self.graph[id].constant = Some(self.constant(ty)?);
            }
            block.inputs.push(id);
        }
        self.cursor.expect('{')?;
        while !self.cursor.eat_word("return") {
            self.statement(&mut block)?;
        }
        while matches!(self.cursor.peek(), Some(Token::Value(_))) {
            block.outputs.push(self.value_use()?);
            if !self.cursor.eat(',') {
                break;
            }
        }
        self.cursor.expect('}')?;
        Ok(block)
    }

    /// `%a: f32[1], _ = op(…)` or `%c: f32[2] = const [1, 2]`
    fn statement(&mut self, block: &mut Block) -> Result<()> {
        let mut results = Vec::new();
        while matches!(self.cursor.peek(), Some(Token::Value(_) | Token::Punct('_'))) {
            results.push(if self.cursor.eat('_') { None } else { Some(self.typed()?) });
            if !self.cursor.eat(',') {
                break;
            }
        }
        if !results.is_empty() {
            self.cursor.expect('=')?;
        }
        if self.cursor.eat_word("const") {
            let [Some((name, ty))] = results.as_slice() else {
                return Err(self.cursor.error_before("a constant has one name"));
            };
            let tensor = self.constant(ty.clone())?;
            let id = self.define(name, ty.clone())?;
            self.graph[id].constant = Some(tensor);
            return Ok(());
        }
        let node = self.node(&results)?;
        block.nodes.push(node);
        Ok(())
    }

    fn node(&mut self, results: &[Option<(String, Option<TensorType>)>]) -> Result<Node> {
        let name = self.cursor.word()?;
        let mut inputs = Vec::new();
        self.cursor.expect('(')?;
        while !self.cursor.eat(')') {
            if !inputs.is_empty() {
                self.cursor.expect(',')?;
            }
            inputs.push(if self.cursor.eat('_') { None } else { Some(self.value_use()?) });
        }
        let attrs = if self.cursor.eat('{') { self.cursor.list('}', attr_pair)? } else { Vec::new() };
        let op = Op::from_attrs(&name, &attrs)
            .map_err(|error| self.cursor.error_before(format!("{name}: {error}")))?;
        let mut scopes = Vec::new();
        while self.cursor.eat('@') {
            let Token::Str(text) = self.cursor.next()? else {
                return Err(self.cursor.error_before("a scope in quotes expected"));
            };
            scopes.push(text);
        }
        let mut scopes = scopes.into_iter();
        let (scope, parts) = (scopes.next().unwrap_or_default(), scopes.collect());
        let mut regions = Vec::new();
        while self.cursor.eat_word("region") {
            regions.push(self.block()?);
        }
        let define = |result: &Option<(String, Option<TensorType>)>| {
            result.as_ref().map(|(name, ty)| self.define(name, ty.clone())).transpose()
        };
        let outputs = results.iter().map(define).collect::<Result<_>>()?;
        Ok(Node { op, inputs, outputs, regions, scope, parts })
    }

    /// `%x` or `%x: f32[2]`
    fn typed(&mut self) -> Result<(String, Option<TensorType>)> {
        let Token::Value(name) = self.cursor.next()? else {
            return Err(self.cursor.error_before("a value expected"));
        };
        let ty = if self.cursor.eat(':') { Some(self.cursor.tensor_type()?) } else { None };
        Ok((name, ty))
    }

    fn constant(&mut self, ty: Option<TensorType>) -> Result<crate::tensor::Tensor> {
        let ty = ty.ok_or_else(|| self.cursor.error("a constant needs a type"))?;
        self.cursor.constant(&ty)
    }

    fn value_use(&mut self) -> Result<ValueId> {
        let Token::Value(name) = self.cursor.next()? else {
            return Err(self.cursor.error_before("a value expected"));
        };
        Ok(self.graph.find(&name).unwrap_or_else(|| {
            let id = self.graph.add_value(&name, None);
            self.undefined.push(id);
            id
        }))
    }

    fn define(&mut self, name: &str, ty: Option<TensorType>) -> Result<ValueId> {
        let Some(id) = self.graph.find(name) else {
            return Ok(self.graph.add_value(name, ty));
        };
        let Some(position) = self.undefined.iter().position(|undefined| *undefined == id) else {
            return Err(self.cursor.error_before(format!("%{name} is defined twice")));
        };
        self.undefined.swap_remove(position);
        self.graph[id].ty = ty;
        Ok(id)
    }
}

fn attr_pair(cursor: &mut Cursor) -> Result<(String, Attr)> {
    let key = cursor.word()?;
    cursor.expect('=')?;
    Ok((key, cursor.attr()?))
}

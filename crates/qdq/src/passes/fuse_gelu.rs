//! GELU written out.

use super::{Rewrite, Skip, View};
use crate::graph::{Node, Patch, ValueId};
use crate::ops::{Approximate, Gelu, Op};

/// Recognizes `0.5 · x · (1 + erf(x / √2))` and its approximation by `tanh(√(2/π) · (x + 0.044715 x³))`,
/// with the factors in any order.
///
/// ```text
/// %d = div(%x, √2); %e = erf(%d); %a = add(%e, 1); %m = mul(%x, %a); %y = mul(%m, 0.5)    →    %y = gelu(%x)
/// ```
#[derive(Debug)]
pub(super) struct FuseGelu;

impl Rewrite for FuseGelu {
    fn name(&self) -> &'static str {
        "fuse-gelu"
    }

    fn rewrite(&self, view: &View<'_>, position: usize) -> Result<Patch, Skip> {
        let node = view.node(position);
        let (x, approximate) = gelu_of(view, node).ok_or(Skip::NoMatch)?;
        let mut patch = Patch::new(view.graph);
        let outputs = [node.output(0).ok_or(Skip::NoMatch)?];
        patch.node(Node::new(Gelu { approximate }, &[x], &outputs).with_scope(node.scope.clone()));
        Ok(patch)
    }
}

fn gelu_of(view: &View<'_>, node: &Node) -> Option<(ValueId, Approximate)> {
    let Op::Mul(_) = &node.op else { return None };
    let mut all = Factors::default();
    all.collect(view, node, None);
    // `x` may itself be a product: it is known only once the gate is.
    let (x, half_gate, approximate) = all.values.iter().find_map(|&value| gate(view, value))?;
    let mut factors = Factors::default();
    factors.collect(view, node, Some(x));
    let scalar = factors.scalar * half_gate;
    let others: Vec<ValueId> =
        factors.values.iter().copied().filter(|&value| value == x || gate(view, value).is_none()).collect();
    let n_gates = factors.values.len() - others.len();
    (others == [x] && n_gates == 1 && is_close(scalar, 0.5)).then_some((x, approximate))
}

/// The factors of a product of products.
#[derive(Debug)]
struct Factors {
    scalar: f32,
    values: Vec<ValueId>,
}

impl Default for Factors {
    fn default() -> Self {
        Self { scalar: 1.0, values: Vec::new() }
    }
}

impl Factors {
    /// Collects the factors of a multiplication; `stop` is not taken apart.
    fn collect(&mut self, view: &View<'_>, node: &Node, stop: Option<ValueId>) {
        for input in node.present_inputs() {
            let inner = view.only_producer(input).filter(|inner| matches!(inner.op, Op::Mul(_)));
            match (view.scalar(input), inner) {
                (Some(scalar), _) => self.scalar *= scalar,
                (None, Some(inner)) if stop != Some(input) && self.values.len() < 8 => {
                    self.collect(view, inner, stop)
                }
                _ => self.values.push(input),
            }
        }
    }
}

/// `x` of `1 + erf(x / √2)` or `1 + tanh(…)`; times the factor that a gate of halves carries.
fn gate(view: &View<'_>, value: ValueId) -> Option<(ValueId, f32, Approximate)> {
    let add = view.only_producer(value)?;
    let Op::Add(_) = &add.op else { return None };
    let (one, inner) = view.scalar_operand(add)?;
    if is_close(one, 0.5) {
        // 0.5 + 0.5 · erf(…)
        let (half, inner) = scaled(view, view.only_producer(inner)?)?;
        let (x, approximate) = curve(view, view.only_producer(inner)?)?;
        return is_close(half, 0.5).then_some((x, 0.5, approximate));
    }
    let (x, approximate) = curve(view, view.only_producer(inner)?)?;
    (one == 1.0).then_some((x, 1.0, approximate))
}

fn curve(view: &View<'_>, node: &Node) -> Option<(ValueId, Approximate)> {
    let argument = view.producer(node.input(0)?)?;
    match &node.op {
        Op::Erf(_) => {
            let (factor, x) = scaled(view, argument)?;
            is_close(factor, std::f32::consts::FRAC_1_SQRT_2).then_some((x, Approximate::None))
        }
        Op::Tanh(_) => Some((tanh_argument(view, argument)?, Approximate::Tanh)),
        _ => None,
    }
}

/// `x` of `√(2/π) · (x + 0.044715 x³)`, or with `x` taken out of the sum.
fn tanh_argument(view: &View<'_>, node: &Node) -> Option<ValueId> {
    let mut factors = Factors::default();
    let Op::Mul(_) = &node.op else { return None };
    factors.collect(view, node, None);
    if !is_close(factors.scalar, (2.0 / std::f32::consts::PI).sqrt()) {
        return None;
    }
    match factors.values.as_slice() {
        [sum] => {
            let add = view.producer(*sum)?;
            let Op::Add(_) = &add.op else { return None };
            let (a, b) = (add.input(0)?, add.input(1)?);
            if is_cubic(view, b, a, 3) { Some(a) } else { is_cubic(view, a, b, 3).then_some(b) }
        }
        [a, b] => {
            let of = |x: ValueId, sum: ValueId| {
                let add = view.producer(sum)?;
                let Op::Add(_) = &add.op else { return None };
                let (one, square) = view.scalar_operand(add)?;
                (one == 1.0 && is_cubic(view, square, x, 2)).then_some(x)
            };
            of(*a, *b).or_else(|| of(*b, *a))
        }
        _ => None,
    }
}

/// Whether `value` is `0.044715 · x^power`.
fn is_cubic(view: &View<'_>, value: ValueId, x: ValueId, power: usize) -> bool {
    let Some(node) = view.producer(value).filter(|node| matches!(node.op, Op::Mul(_))) else { return false };
    let mut factors = Factors::default();
    factors.collect(view, node, Some(x));
    let mut exponent = 0.0;
    for factor in factors.values {
        let powered =
            view.producer(factor).filter(|node| matches!(node.op, Op::Pow(_)) && node.input(0) == Some(x));
        exponent += match powered {
            _ if factor == x => 1.0,
            Some(pow) => pow.input(1).and_then(|id| view.scalar(id)).unwrap_or(f32::NAN),
            None => f32::NAN,
        };
    }
    is_close(factors.scalar, 0.044_715) && exponent == power as f32
}

/// `(k, v)` of `k · v` or `v / (1/k)`.
fn scaled(view: &View<'_>, node: &Node) -> Option<(f32, ValueId)> {
    match &node.op {
        Op::Mul(_) => view.scalar_operand(node),
        Op::Div(_) => Some((1.0 / view.scalar(node.input(1)?)?, node.input(0)?)),
        _ => None,
    }
}

/// Equal up to the digits that exporters write.
fn is_close(a: f32, b: f32) -> bool {
    (a - b).abs() <= 1e-4 * b.abs()
}

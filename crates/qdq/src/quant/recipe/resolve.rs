//! A recipe on a model: which rules hold for which node and value.

use std::collections::BTreeMap;

use super::{Recipe, Rule, glob, under};
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, ValueId};
use crate::ops::Op;
use crate::quant::plan::{Place, blocks};
use crate::quant::qconfig::{ModulePlace, QConfig};
use crate::spec::SpecSettings;

/// What a recipe says of one node or value.
#[derive(Clone, Debug, Default)]
pub(in crate::quant) struct NodeSettings {
    /// The rule or mapping that leaves it in float.
    pub(in crate::quant) excluded_by: Option<String>,
    /// Of activations.
    pub(in crate::quant) activation: SpecSettings,
    /// Of weights.
    pub(in crate::quant) weight: SpecSettings,
    /// In the place of the target's defaults.
    pub(in crate::quant) qconfig: Option<QConfig>,
}

/// A recipe on a model.
#[derive(Debug)]
pub(in crate::quant) struct Resolved<'r> {
    recipe: &'r Recipe,
    nodes: BTreeMap<Place, NodeSettings>,
    values: BTreeMap<ValueId, NodeSettings>,
    /// The nodes each rule matches.
    matched_nodes: Vec<Vec<Place>>,
    /// The values each rule matches.
    matched_values: Vec<Vec<ValueId>>,
}

impl<'r> Resolved<'r> {
    /// Matches a recipe's rules with a graph's nodes and values.
    ///
    /// # Errors
    /// A rule that matches nothing; rules of one kind that contradict each other.
    pub(in crate::quant) fn new(graph: &Graph, recipe: &'r Recipe) -> Result<Self> {
        recipe.check()?;
        let n_rules = recipe.rules.len();
        let mut resolved = Self {
            recipe,
            nodes: BTreeMap::new(),
            values: BTreeMap::new(),
            matched_nodes: vec![Vec::new(); n_rules],
            matched_values: vec![Vec::new(); n_rules],
        };
        resolved.match_nodes(graph)?;
        resolved.match_values(graph)?;
        resolved.check_matches(graph)?;
        Ok(resolved)
    }

    /// What the recipe says of a node.
    pub(in crate::quant) fn node(&self, place: Place) -> NodeSettings {
        self.nodes.get(&place).cloned().unwrap_or_default()
    }

    /// What the recipe says of a value.
    pub(in crate::quant) fn value(&self, value: ValueId) -> Option<&NodeSettings> {
        self.values.get(&value)
    }

    /// Checks that each rule with settings set something.
    ///
    /// # Errors
    /// The first rule that did not; `is_integer` tells of a node, `is_quantized` of a value.
    pub(in crate::quant) fn check_effects(
        &self,
        is_integer: impl Fn(Place) -> bool,
        is_quantized: impl Fn(ValueId) -> bool,
    ) -> Result<()> {
        for (position, rule) in self.recipe.rules.iter().enumerate() {
            let (nodes, values) = (&self.matched_nodes[position], &self.matched_values[position]);
            let has_effect = rule.exclude.is_some()
                || nodes.iter().any(|&place| is_integer(place))
                || values.iter().any(|&value| is_quantized(value));
            if !has_effect {
                let count = nodes.len() + values.len();
                return Err(Error::usage(format!(
                    "changes nothing: all {count} that it matches stay in float"
                ))
                .attribute(rule.place(position))
                .help("remove the rule, or quantize without it to see why they stay in float"));
            }
        }
        Ok(())
    }

    fn match_nodes(&mut self, graph: &Graph) -> Result<()> {
        let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
        for (block, nodes) in blocks(graph).into_iter().map(|block| &block.nodes).enumerate() {
            for (position, node) in nodes.iter().enumerate() {
                let place = Place { block, node: position };
                let mut settings = self.of_rules(graph, node, place)?;
                if let Some(mapping) = &self.recipe.qconfig_mapping {
                    let mut module = ModulePlace::new(node.op.name(), &node.scope, 0);
                    let count = counts.entry((module.module().to_owned(), node.op.name())).or_default();
                    module.index = *count;
                    *count += 1;
                    settings.qconfig = mapping.resolve(&module)?.cloned();
                    if settings.qconfig.is_none() {
                        settings.excluded_by.get_or_insert_with(|| "qconfig_mapping".to_owned());
                    }
                }
                self.nodes.insert(place, settings);
            }
        }
        Ok(())
    }

    fn of_rules(&mut self, graph: &Graph, node: &Node, place: Place) -> Result<NodeSettings> {
        let rules = self.recipe.rules.iter().enumerate().filter(|(_, rule)| rule.matches_node(node));
        let rules: Vec<(usize, &Rule)> = rules.collect();
        for &(position, _) in &rules {
            self.matched_nodes[position].push(place);
        }
        merged(rules).map_err(|error| error.node(graph.describe(node)))
    }

    fn match_values(&mut self, graph: &Graph) -> Result<()> {
        if self.recipe.rules.iter().all(|rule| rule.value.is_none()) {
            return Ok(());
        }
        let mut used: Vec<ValueId> = Vec::new();
        for block in blocks(graph) {
            used.extend(block.inputs.iter().chain(&block.outputs));
            used.extend(
                block.nodes.iter().flat_map(|node| node.present_inputs().chain(node.present_outputs())),
            );
        }
        used.sort_unstable();
        used.dedup();
        for id in used {
            let name = graph[id].name();
            let rules = self.recipe.rules.iter().enumerate();
            let rules: Vec<(usize, &Rule)> = rules
                .filter(|(_, rule)| rule.value.as_ref().is_some_and(|glob| glob::matches(glob, name)))
                .collect();
            if rules.is_empty() {
                continue;
            }
            for &(position, _) in &rules {
                self.matched_values[position].push(id);
            }
            self.values.insert(id, merged(rules).map_err(|error| error.value(name))?);
        }
        Ok(())
    }

    fn check_matches(&self, graph: &Graph) -> Result<()> {
        let mut errors = Vec::new();
        for (position, rule) in self.recipe.rules.iter().enumerate() {
            if self.matched_nodes[position].is_empty() && self.matched_values[position].is_empty() {
                errors.push(
                    Error::usage("matches nothing in this model")
                        .attribute(rule.place(position))
                        .help(what_there_is(graph, rule)),
                );
            }
        }
        Error::all(errors).map_or(Ok(()), Err)
    }
}

impl Rule {
    fn matches_node(&self, node: &Node) -> bool {
        let is_op = |op: &String| op == node.op.name();
        let is_scope = |glob: &String| {
            std::iter::once(&node.scope).chain(&node.parts).any(|scope| glob::matches(glob, scope))
        };
        self.value.is_none() && self.op.as_ref().is_none_or(is_op) && self.scope.as_ref().is_none_or(is_scope)
    }

    /// Kinds of rules, the higher over the lower.
    fn kind(&self) -> u8 {
        u8::from(self.op.is_some()) + 2 * u8::from(self.scope.is_some())
    }
}

/// The settings of rules that hold for one node or value.
fn merged(mut rules: Vec<(usize, &Rule)>) -> Result<NodeSettings> {
    rules.sort_by_key(|(_, rule)| rule.kind());
    for (at, (position, rule)) in rules.iter().enumerate() {
        for (other_position, other) in &rules[at + 1..] {
            if rule.kind() == other.kind()
                && let Some(key) = contradiction(rule, other)
            {
                return Err(Error::usage(format!("contradicts {} in `{key}`", other.place(*other_position)))
                    .attribute(rule.place(*position))
                    .help("let only one of them match, by narrower globs or by op and scope together"));
            }
        }
    }
    let mut settings = NodeSettings::default();
    for (position, rule) in rules {
        match rule.exclude {
            Some(true) => settings.excluded_by = Some(rule.place(position)),
            Some(false) => settings.excluded_by = None,
            None => {}
        }
        settings.activation = settings.activation.merged(&rule.activation);
        settings.weight = settings.weight.merged(&rule.weight);
        for (table, merged) in [("activation", &settings.activation), ("weight", &settings.weight)] {
            merged.check().map_err(|error| under(under(error, table), &rule.place(position)))?;
        }
    }
    Ok(settings)
}

/// The key that both rules set, to different values.
fn contradiction(a: &Rule, b: &Rule) -> Option<String> {
    if let (Some(a), Some(b)) = (a.exclude, b.exclude)
        && a != b
    {
        return Some("exclude".to_owned());
    }
    let of = |table: &str, a: &SpecSettings, b: &SpecSettings| {
        a.conflicts(b).first().map(|key| format!("{table}.{key}"))
    };
    of("activation", &a.activation, &b.activation).or_else(|| of("weight", &a.weight, &b.weight))
}

/// What the rule could have named.
fn what_there_is(graph: &Graph, rule: &Rule) -> String {
    const MOST: usize = 8;
    let mut names: Vec<String> = Vec::new();
    for node in blocks(graph).into_iter().flat_map(|block| &block.nodes) {
        if rule.value.is_some() {
            names.extend(node.present_outputs().map(|id| graph[id].name().to_owned()));
        } else if rule.scope.is_some() {
            names.push(node.scope.clone());
        } else if !matches!(node.op, Op::Custom(_)) {
            names.push(node.op.name().to_owned());
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| !name.is_empty() && seen.insert(name.clone()));
    let rest = names.len().saturating_sub(MOST);
    names.truncate(MOST);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("after folding and fusing the model has {}{more}", names.join(", "))
}

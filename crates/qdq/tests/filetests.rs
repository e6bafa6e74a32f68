//! Runs every `tests/filetests/<command>/*.qir`.
//!
//! A file starts with `; test <command> [arguments]`, then a graph, then `; ---- expect` and what the command prints.
//! `UPDATE_EXPECT=1` rewrites the expectations; that cannot bless a rewrite which changes what a graph computes, since
//! rewrite tests also run both graphs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use qdq::error::{Error, Result};
use qdq::exec::{IntegerNode, Profile, Program};
use qdq::graph::{Graph, text};
use qdq::ops::Prepared;
use qdq::quant::{Matrices, MatrixForm, Recipe, Rounding};
use qdq::tensor::{DType, Dim, Tensor};
use qdq::{passes, profiles, quant, targets::Target};

const MARK: &str = "; ---- expect\n";

#[test]
fn filetests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/filetests");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut failures = Vec::new();
    let mut count = 0;
    for folder in sorted(&root) {
        for file in sorted(&folder) {
            count += 1;
            let text = fs::read_to_string(&file).unwrap();
            let (input, expected) = text.split_once(MARK).unwrap_or((&text, ""));
            let actual = run(input).unwrap_or_else(|error| format!("error: {error}\n"));
            if actual == expected {
                continue;
            }
            if update && !actual.starts_with("WRONG") {
                fs::write(&file, format!("{input}{MARK}{actual}")).unwrap();
            } else {
                failures.push(format!("{}\n--- expected\n{expected}--- actual\n{actual}", file.display()));
            }
        }
    }
    assert!(count > 0, "no filetests found");
    assert!(failures.is_empty(), "{}\n(UPDATE_EXPECT=1 rewrites the expectations)", failures.join("\n"));
}

/// Runs the command of one file; what it prints.
fn run(input: &str) -> Result<String> {
    let header = input.lines().next().unwrap_or_default();
    let words: Vec<&str> = header.trim_start_matches("; test ").split(' ').collect();
    let mut graph = text::parse(input)?;
    match words.as_slice() {
        ["verify"] => Ok(graph.verify().map_or_else(|error| format!("{error}\n"), |()| "ok\n".to_owned())),
        ["infer"] => {
            graph.infer()?;
            Ok(text::print(&graph))
        }
        ["eval"] => {
            graph.verify()?;
            let outputs = compute(&graph)?;
            let lines: Vec<String> = outputs.iter().map(|tensor| format!("{tensor:?}\n")).collect();
            Ok(lines.concat())
        }
        ["rewrite", name] => {
            let rewrite = passes::find(name).unwrap_or_else(|| panic!("there is no rewrite {name}"));
            rewritten(&graph, |graph| passes::apply(graph, &[rewrite]).map(drop))
        }
        ["push-transposes", layout] => {
            let layout = match *layout {
                "channels-first" => passes::Layout::ChannelsFirst,
                "channels-last" => passes::Layout::ChannelsLast,
                other => panic!("there is no layout {other}"),
            };
            rewritten(&graph, |graph| passes::push_transposes(graph, layout))
        }
        ["canonicalize"] => rewritten(&graph, |graph| passes::canonicalize(graph).map(drop)),
        ["plan", target] => {
            graph.infer()?;
            let plan = quant::plan(&graph, &Recipe::default(), &Target::find(target)?)?;
            let line = |(place, decision): (&quant::Place, &quant::Decision)| {
                let node = &quant::blocks(&graph)[place.block].nodes[place.node];
                format!("{}: {decision:?}\n", graph.describe(node))
            };
            Ok(plan.decisions.iter().map(line).collect::<Vec<_>>().concat())
        }
        ["lower", table] => lowered(graph, table),
        ["raise"] => raised(graph),
        ["annotate", target] => {
            passes::canonicalize(&mut graph)?;
            Ok(quant::plan(&graph, &recipe(input)?, &Target::find(target)?)?.annotations(&graph))
        }
        ["mode", mode, target] => in_mode(graph, mode, &recipe(input)?, &Target::find(target)?),
        ["quantize", target] => quantized(graph, &recipe(input)?, &Target::find(target)?),
        _ => panic!("unknown command in `{header}`"),
    }
}

/// The recipe in the comments that start with `;|`, a line of TOML each.
fn recipe(input: &str) -> Result<Recipe> {
    let lines = input.lines().filter_map(|line| line.strip_prefix(";|"));
    Recipe::from_toml(&lines.collect::<Vec<_>>().join("\n"))
}

/// The graph after a rewrite; starts with WRONG where it computes something else.
fn rewritten(before: &Graph, rewrite: impl Fn(&mut Graph) -> Result<()>) -> Result<String> {
    let mut before = before.clone();
    before.infer()?;
    before.verify()?;
    let mut after = before.clone();
    rewrite(&mut after)?;
    after.verify()?;
    for (a, b) in compute(&before)?.iter().zip(&compute(&after)?) {
        let (a, b) = (a.to_f64_vec()?, b.to_f64_vec()?);
        let largest = a.iter().fold(0f64, |largest, x| largest.max(x.abs()));
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= CLOSE * largest || a == b;
        if a.len() != b.len() || !a.iter().zip(&b).all(close) {
            return Ok(format!("WRONG: {a:?} became {b:?}\n"));
        }
    }
    Ok(text::print(&after))
}

/// The graph in integer form; starts with WRONG where real numbers between bridges would give other integers.
fn lowered(mut graph: Graph, table: &str) -> Result<String> {
    let tables = [("onnxruntime", &profiles::ONNXRUNTIME), ("portable", &profiles::PORTABLE)];
    let (_, fusions) = tables.iter().find(|(name, _)| *name == table).expect("a table");
    graph.infer()?;
    let lowered = profiles::lower(&graph, fusions)?;
    let same = compute(&graph)? == compute_on_integers(&lowered)?;
    let raised = profiles::raise(&lowered)?;
    raised.verify()?;
    let again = text::print(&profiles::lower(&raised, fusions)?) == text::print(&lowered);
    if same && again { Ok(text::print(&lowered)) } else { Ok(format!("WRONG: same {same}, again {again}\n")) }
}

/// The graph in QDQ form; starts with WRONG where it computes something else.
fn raised(mut graph: Graph) -> Result<String> {
    graph.infer()?;
    graph.verify()?;
    let raised = profiles::raise(&graph)?;
    raised.verify()?;
    let same = compute(&raised)? == compute_on_integers(&graph)?;
    if same { Ok(text::print(&raised)) } else { Ok("WRONG: other numbers\n".to_owned()) }
}

/// Promises nothing: every node in integer form is computed on the real numbers that its integers mean.
#[derive(Debug)]
struct NoPromise;

impl Profile for NoPromise {
    fn name(&self) -> &'static str {
        "no-promise"
    }

    fn prepare(&self, _node: &IntegerNode<'_>) -> Result<Box<dyn Prepared>> {
        Err(Error::unsupported("no promise"))
    }
}

/// Runs a graph in integer form on [`random_inputs`].
fn compute_on_integers(graph: &Graph) -> Result<Vec<Tensor>> {
    let program = Program::with_profile(graph.clone(), BTreeSet::new(), &NoPromise)?;
    program.run(random_inputs(graph), &mut |_, _| Ok(()))
}

/// The graph quantized on pseudo-random samples; starts with WRONG where that costs more than [`MIN_SQNR`].
fn quantized(mut graph: Graph, recipe: &Recipe, target: &Target) -> Result<String> {
    passes::canonicalize(&mut graph)?;
    quant::give_cells(&mut graph, target)?;
    let mut plan = quant::plan(&graph, recipe, target)?;
    let mut observed = quant::Observed::new(&graph, &plan)?;
    let program = Program::new(graph.clone(), observed.taps())?;
    program.run(random_inputs(&graph), &mut |id, tensor| observed.observe(id, tensor))?;
    let calibrated = observed.calibrate(&graph, &mut plan)?;
    let float = compute(&graph)?;
    let converted = quant::convert(graph, &plan, &calibrated)?;
    converted.verify()?;
    if let Some(wrong) = noisy(&float, &compute(&converted)?, MIN_SQNR)? {
        Ok(wrong)
    } else {
        Ok(text::print(&converted))
    }
}

/// The graph in a mode that needs no data; starts with WRONG where that costs more than [`MIN_SQNR`].
fn in_mode(mut graph: Graph, mode: &str, recipe: &Recipe, target: &Target) -> Result<String> {
    let operator = |rounding| Matrices { rounding, form: MatrixForm::NBits { accuracy_level: 0 } };
    let stored = match mode {
        "dynamic" => Some((quant::Mode::Dynamic, Matrices::PLAIN)),
        "weight-only" => Some((quant::Mode::WeightOnly, Matrices::PLAIN)),
        "n-bits" => Some((quant::Mode::WeightOnly, operator(Rounding::Nearest))),
        "hqq" => Some((quant::Mode::WeightOnly, operator(Rounding::Hqq))),
        "float16" => Some((quant::Mode::Float16, Matrices::PLAIN)),
        "mixed-float16" => None,
        other => panic!("there is no mode {other}"),
    };
    let is_narrow = recipe.weight.storage.is_some_and(|storage| storage.bits() == Some(4));
    let min_sqnr = if is_narrow { MIN_SQNR_OF_4_BITS } else { MIN_SQNR };
    passes::canonicalize(&mut graph)?;
    let float = compute(&graph)?;
    match stored {
        Some((mode, matrices)) => {
            quant::apply_mode(&mut graph, recipe, target, mode, matrices, &mut Ok)?;
        }
        None => {
            quant::mixed_float16(&mut graph, recipe, target, &BTreeMap::new(), &mut Ok)?;
        }
    }
    graph.verify()?;
    if let Some(wrong) = noisy(&float, &compute(&graph)?, min_sqnr)? {
        Ok(wrong)
    } else {
        Ok(text::print(&graph))
    }
}

/// The first outputs with less signal to noise than this.
fn noisy(float: &[Tensor], quantized: &[Tensor], min_sqnr: f64) -> Result<Option<String>> {
    for (a, b) in float.iter().zip(quantized) {
        let (a, b) = (a.to_f64_vec()?, b.to_f64_vec()?);
        let signal: f64 = a.iter().map(|x| x * x).sum();
        let noise: f64 = a.iter().zip(&b).map(|(a, b)| (a - b) * (a - b)).sum();
        if 10.0 * (signal / noise).log10() < min_sqnr {
            return Ok(Some(format!("WRONG: {a:?} became {b:?}\n")));
        }
    }
    Ok(None)
}

/// Least signal-to-quantization-noise ratio, in dB, of a small graph of 8-bit numbers.
const MIN_SQNR: f64 = 25.0;

/// The same of weights of 4 bits in blocks of 16: normal numbers span about 4 standard deviations in 15 steps, 22 dB.
const MIN_SQNR_OF_4_BITS: f64 = 20.0;

/// Largest difference, as a share of the largest output, that reordered f32 arithmetic may make.
const CLOSE: f64 = 1e-5;

/// Runs a graph on [`random_inputs`].
fn compute(graph: &Graph) -> Result<Vec<Tensor>> {
    let program = Program::new(graph.clone(), BTreeSet::new())?;
    program.run(random_inputs(graph), &mut |_, _| Ok(()))
}

/// Pseudo-random numbers for each input without a default; an unknown size is 2.
fn random_inputs(graph: &Graph) -> Vec<Option<Tensor>> {
    let inputs = graph.body.inputs.iter().enumerate().map(|(position, &id)| {
        if graph[id].constant.is_some() {
            return None;
        }
        let ty = graph[id].ty.clone().expect("an input has a type");
        let dims = ty.shape.expect("an input has a shape");
        let dims: Vec<String> = dims.iter().map(|dim| dim.known().unwrap_or(2).to_string()).collect();
        assert_eq!(ty.dtype, DType::F32, "give inputs of other types a default");
        let shape = dims.join(",");
        let seed = position + 1;
        let source = format!("graph() {{ %x: f32[{shape}] = const random(seed={seed}) return %x }}");
        let random = text::parse(&source).expect("this parses");
        random[random.body.outputs[0]].constant.clone()
    });
    inputs.collect()
}

fn sorted(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn dims_print_as_they_parse() {
    assert_eq!(Dim::symbol("a b").to_string(), "\"a b\"");
}

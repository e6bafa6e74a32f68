//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use qdq::error::Result;
use qdq::profiles::Runtime;

use crate::data_arguments::{DataArguments, Threads};

/// Quantizes neural networks, runs them and compares them.
#[derive(Debug, Parser)]
#[command(name = "qdq", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// Print one JSON object on stdout, and errors as JSON on stderr
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make an integer model out of a float model, with a data set to find ranges
    Quantize(Box<Quantize>),
    /// Write the statistics of a model's values on a data set, for `quantize --stats`
    Observe(Observe),
    /// Merge statistics of several data sets, in any order
    Merge(Merge),
    /// Run a model on data and write its outputs to an .npz
    Run(Run),
    /// Count how often a classifier is right
    Eval(Eval),
    /// Compare two models on the same data, value by value
    Diff(Diff),
    /// Write a model in another format
    Convert(Convert),
    /// Measure how long a model takes
    Bench(Bench),
    /// Show what is in a model
    Inspect(Inspect),
    /// Tell what a runtime will do with each op of a model: integers or float, why, and what to do about it
    Explain(Explain),
    /// List the runtimes that can be quantized for, or show what one takes
    Targets(Targets),
}

#[derive(Debug, Args)]
#[command(mut_arg("data", |data| data.required(false).required_unless_present_any(["stats", "print_recipe", "mode"])))]
pub(crate) struct Quantize {
    /// Float model: .onnx, .tflite or .qir
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// Statistics to choose ranges from, written by `observe` or `merge`; --data is then only for comparing
    #[arg(long, value_name = "FILE")]
    pub(crate) stats: Option<PathBuf>,
    /// Runtime to quantize for: a name that `qdq targets` lists, or a .toml file
    #[arg(long, default_value = "onnxruntime", value_name = "TARGET")]
    pub(crate) target: String,
    /// What to quantize otherwise than the target's defaults say, a .toml file
    #[arg(long, value_name = "FILE")]
    pub(crate) recipe: Option<PathBuf>,
    /// Parameters of activations that another tool found: an encodings file of AIMET (.json, version 0.6.1 or 1.0.0)
    #[arg(long, value_name = "FILE")]
    pub(crate) import_qparams: Option<PathBuf>,
    /// Print the recipe that all options together make, as TOML, and write nothing
    #[arg(long)]
    pub(crate) print_recipe: bool,
    /// What is quantized: static (weights and activations; needs --data), dynamic (int8 weights, activations while the
    /// model runs), weight-only (int8 or int4 weights, float arithmetic), float16 (weights, float arithmetic) or
    /// mixed-float16 (arithmetic in float16, but for ops that it would ruin; --data finds numbers too large for it)
    #[arg(long, default_value = "static", value_name = "MODE")]
    pub(crate) mode: String,
    /// Bits of a weight with --mode weight-only: 8, or 4 (in blocks of 32, for TFLite one scale an output) [default: 8]
    #[arg(long, value_name = "N")]
    pub(crate) bits: Option<u32>,
    /// How matrices are rounded with --mode weight-only: rtn (to the nearest), gptq (rows make up for each other's errors on
    /// the inputs that --data gives) or hqq (real zero points; with --form qoperator)
    #[arg(long, default_value = "rtn", value_name = "NAME")]
    pub(crate) algorithm: String,
    /// Weights that share a scale with --mode weight-only [default: all of an output with 8 bits, 32 with 4]
    #[arg(long, value_name = "N")]
    pub(crate) block_size: Option<usize>,
    /// What onnxruntime may round activations to in `MatMulNBits`: 0 nothing, 1 float32, 4 int8 (fastest) [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..=4))]
    pub(crate) accuracy_level: Option<i64>,
    /// How ONNX is written: qdq (nodes that quantize and dequantize around float operators) or qoperator (operators on
    /// integers, as onnxruntime runs them)
    #[arg(long, default_value = "qdq", value_name = "FORM")]
    pub(crate) form: String,
    /// Type of the model's float inputs and outputs once it is quantized: float, int8, uint8 or int16; integers are those
    /// that the model quantizes to
    #[arg(long, default_value = "float", value_name = "TYPE")]
    pub(crate) io_type: String,
    /// File to write, .onnx or .tflite [default: MODEL with the ending .int8.onnx, or that of the mode; .tflite of a .tflite]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// How ranges are chosen: minmax, percentile, percentile:P, entropy, mse or l2 [default: as the recipe or target says]
    #[arg(long, value_name = "METHOD")]
    pub(crate) calibration: Option<String>,
    /// Give channels between two layers ranges that fit each other; helps where weights have one scale for a whole tensor
    #[arg(long)]
    pub(crate) equalize: bool,
    /// Let biases make up for what rounding the weights adds to outputs on average
    #[arg(long, conflicts_with = "stats")]
    pub(crate) bias_correction: bool,
    /// Labelled data to compare both models on, prepared like --data [default: --data, with --labels]
    #[arg(long, value_name = "DATA")]
    pub(crate) eval_data: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) labels: Labels,
    #[command(flatten)]
    pub(crate) goal: GoalArguments,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

/// What the quantized model has to reach.
#[derive(Debug, Args)]
pub(crate) struct GoalArguments {
    /// Keep the worst layers in higher precision until each output has this signal-to-quantization-noise ratio, in dB
    #[arg(long, value_name = "DB", conflicts_with_all = ["stats", "max_drop"])]
    pub(crate) min_sqnr: Option<f64>,
    /// Keep the worst layers in higher precision until top-1 drops by at most this many points, on the labelled data
    #[arg(long, value_name = "POINTS", requires = "labels", conflicts_with = "stats")]
    pub(crate) max_drop: Option<f64>,
}

#[derive(Debug, Args)]
pub(crate) struct Observe {
    /// Float model: .onnx, .tflite or .qir
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// Runtime that will be quantized for, a name or a .toml file: it decides which values are observed
    #[arg(long, default_value = "onnxruntime", value_name = "TARGET")]
    pub(crate) target: String,
    /// Recipe that will be quantized with: what it leaves in float is not observed
    #[arg(long, value_name = "FILE")]
    pub(crate) recipe: Option<PathBuf>,
    /// File to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Array of the data that holds labels, and is no input
    #[arg(long, value_name = "NAME")]
    pub(crate) labels: Option<String>,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// Files that `observe` or `merge` wrote, all of one model
    #[arg(required = true, value_name = "STATS")]
    pub(crate) statistics: Vec<PathBuf>,
    /// File to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Model, .onnx, .tflite or .qir
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// File to write, an .npz with an array for each output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) profile: Profile,
    /// Array of the data that holds labels, and is no input
    #[arg(long, value_name = "NAME")]
    pub(crate) labels: Option<String>,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// Model, .onnx, .tflite or .qir
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataArguments,
    #[command(flatten)]
    pub(crate) labels: Labels,
    #[command(flatten)]
    pub(crate) profile: Profile,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

/// The arithmetic of a quantized model.
#[derive(Debug, Args)]
pub(crate) struct Profile {
    /// Compute in the integers of a runtime: ort-x64, ort-x64-saturating, litert-reference,
    /// litert-builtin, xnnpack or portable [default: real numbers between
    /// quantize and dequantize]
    #[arg(long = "profile", value_name = "PROFILE")]
    name: Option<String>,
}

impl Profile {
    /// The runtime of this name, if one is named.
    pub(crate) fn find(&self) -> Result<Option<&'static Runtime>> {
        self.name.as_deref().map(Runtime::find).transpose()
    }
}

#[derive(Debug, Args)]
pub(crate) struct Labels {
    /// Labels: an array of the .npz, or a .npy file
    #[arg(long, value_name = "NAME")]
    pub(crate) labels: Option<String>,
    /// Model output with the scores of the classes [default: the first]
    #[arg(long = "score-output", value_name = "NAME")]
    pub(crate) score_output: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The model that is right, mostly the float one
    pub(crate) a: PathBuf,
    /// The model to compare with it [default: the same, with --profile]
    pub(crate) b: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// Array of the data that holds labels, and is no input
    #[arg(long, value_name = "NAME")]
    pub(crate) labels: Option<String>,
    /// Compute in the integers of runtimes: of two, A in the first and B in the second; of one, B
    #[arg(long = "profile", value_name = "PROFILE", num_args = 1..=2)]
    pub(crate) profiles: Vec<String>,
    /// Rows of the table, worst first; 0 shows all
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(crate) rows: usize,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct Convert {
    /// Model, .onnx, .tflite or .qir
    pub(crate) model: PathBuf,
    /// File to write, .onnx, .tflite or .qir
    pub(crate) output: PathBuf,
    /// How quantized ONNX is written: qdq (nodes that quantize and dequantize around float operators) or qoperator (operators
    /// on integers, as onnxruntime runs them)
    #[arg(long, default_value = "qdq", value_name = "FORM")]
    pub(crate) form: String,
    /// Run both models on random data and tell how far their outputs are apart
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Model, .onnx, .tflite or .qir
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// Array of the data that holds labels, and is no input
    #[arg(long, value_name = "NAME")]
    pub(crate) labels: Option<String>,
    #[command(flatten)]
    pub(crate) profile: Profile,
    /// Runs to time, after a few to warm up
    #[arg(long, default_value = "30", value_name = "N")]
    pub(crate) runs: NonZeroUsize,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct Targets {
    /// A name of the list, or a .toml file
    pub(crate) target: Option<String>,
    /// Print the file that --target reads, to start a target of your own from
    #[arg(long, requires = "target")]
    pub(crate) toml: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Quantized model, whoever made it; of a float model, what quantizing it would give
    pub(crate) model: PathBuf,
    /// Runtime that will run the model: a name that `qdq targets` lists, or a .toml file
    #[arg(long, default_value = "onnxruntime", value_name = "TARGET")]
    pub(crate) target: String,
    /// Recipe to quantize a float model with, a .toml file
    #[arg(long, value_name = "FILE")]
    pub(crate) recipe: Option<PathBuf>,
    /// Exit with 1 if there is any of these, for use in CI
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    pub(crate) fail_on: Vec<FailOn>,
    /// Rows of the table of what stays in float; 0 shows all
    #[arg(long, default_value_t = 30, value_name = "N")]
    pub(crate) rows: usize,
}

/// What a CI job does not want in a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FailOn {
    /// A convolution that stays in float
    FloatConv,
    /// A convolution or a product of matrices that stays in float
    FloatProduct,
    /// Any op on real numbers that stays in float
    Float,
    /// An op that stays in float though something could be done about it
    Fixable,
    /// A quantize or dequantize left over, those of the model's inputs and outputs included
    Bridge,
    /// A warning, as that a sum may overflow
    Warning,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Model, .onnx, .tflite or .qir
    pub(crate) model: PathBuf,
    /// Print the graph in its text form instead
    #[arg(long)]
    pub(crate) text: bool,
    /// Show the model as a runtime computes it, in integers: ort-x64, ort-x64-saturating, litert-reference,
    /// litert-builtin, xnnpack or portable
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
}

//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

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
    Quantize(Quantize),
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
}

#[derive(Debug, Args)]
pub(crate) struct Quantize {
    /// Float model, .onnx or .qir
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// Runtime to quantize for
    #[arg(long, default_value = "onnxruntime", value_name = "TARGET")]
    pub(crate) target: String,
    /// File to write [default: MODEL with the ending .int8.onnx]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// How ranges are chosen: minmax, percentile, percentile:P, entropy, mse or l2
    #[arg(long, default_value = "minmax", value_name = "METHOD")]
    pub(crate) calibration: String,
    /// Labelled data to compare both models on, prepared like --data [default: --data, with --labels]
    #[arg(long, value_name = "DATA")]
    pub(crate) eval_data: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) labels: Labels,
    #[command(flatten)]
    pub(crate) threads: Threads,
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
    pub(crate) threads: Threads,
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
    /// The model to compare with it
    pub(crate) b: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// Array of the data that holds labels, and is no input
    #[arg(long, value_name = "NAME")]
    pub(crate) labels: Option<String>,
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
    /// Runs to time, after a few to warm up
    #[arg(long, default_value = "30", value_name = "N")]
    pub(crate) runs: NonZeroUsize,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Model, .onnx, .tflite or .qir
    pub(crate) model: PathBuf,
    /// Print the graph in its text form instead
    #[arg(long)]
    pub(crate) text: bool,
}

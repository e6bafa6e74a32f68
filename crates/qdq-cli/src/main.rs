//! The `qdq` command: quantizes models, runs them and looks into them.
//!
//! Exit codes: 0 all went well, 1 the user's input is at fault, 2 `qdq` is.

mod arguments;
mod data_arguments;
mod exactness;
mod output;
mod progress;
mod table;
mod verbs;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;
use qdq::error::{Error, ErrorKind};

use arguments::Arguments;
use output::Output;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error),
    };
    let output = Output { json: arguments.json };
    std::panic::set_hook(Box::new(move |panic| output.panicked(panic)));
    let result = catch_unwind(AssertUnwindSafe(|| verbs::run(&arguments, output)));
    match result {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            output.error(&error);
            exit_code(&error)
        }
        // The hook has said what happened.
        Err(_) => ExitCode::from(2),
    }
}

fn exit_code(error: &Error) -> ExitCode {
    match error.kind() {
        ErrorKind::Internal => ExitCode::from(2),
        _ => ExitCode::from(1),
    }
}

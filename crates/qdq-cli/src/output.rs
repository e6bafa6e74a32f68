//! The one place that prints.

use std::io::Write;
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use qdq::error::{Error, ErrorKind, Result};
use serde_json::{Value, json};

/// What the user sees: text, or JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// Whether to print JSON.
    pub(crate) json: bool,
}

impl Output {
    /// Prints the result of a verb.
    pub(crate) fn result(self, text: impl std::fmt::Display, json: impl serde::Serialize) -> Result<()> {
        let text = if self.json {
            let json = serde_json::to_string_pretty(&json);
            json.map_err(|error| Error::internal(format!("the result as JSON: {error}")))? + "\n"
        } else {
            text.to_string()
        };
        let written = std::io::stdout().lock().write_all(text.as_bytes());
        match written {
            // Who reads no further has seen enough, as `head` does.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|error| Error::io("stdout", &error)),
        }
    }

    /// Prints an error.
    pub(crate) fn error(self, error: &Error) {
        if self.json {
            print_error(&json!({ "error": as_json(error) }).to_string());
            return;
        }
        print_error(&format!("error: {error}"));
    }

    /// Prints a panic: a bug, with the place it happened at.
    pub(crate) fn panicked(self, panic: &PanicHookInfo<'_>) {
        let message = panic.payload();
        let message =
            message.downcast_ref::<String>().map(String::as_str).or(message.downcast_ref().copied());
        let place = panic.location().map_or_else(String::new, |place| format!(" at {place}"));
        let message = format!("{}{place}", message.unwrap_or("panicked"));
        self.error(&Error::internal(message).help("this is a bug in qdq: please report it"));
    }
}

/// Prints what clap says of the command line; help and version are no errors.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let is_json = std::env::args().any(|argument| argument == "--json");
    if error.use_stderr() && is_json {
        let message = error.to_string();
        let message = message.trim_start_matches("error: ").trim_end();
        Output { json: true }.error(&Error::usage(message));
    } else {
        // There is nobody left to tell if this fails.
        let _ = error.print();
    }
    if error.use_stderr() { ExitCode::from(1) } else { ExitCode::SUCCESS }
}

fn as_json(error: &Error) -> Value {
    let place = error.place();
    let kind = match error.kind() {
        ErrorKind::Io => "io",
        ErrorKind::Malformed => "malformed",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Data => "data",
        ErrorKind::InvalidGraph => "invalid_graph",
        ErrorKind::Usage => "usage",
        _ => "internal",
    };
    json!({
        "kind": kind,
        "message": error.message(),
        "file": place.file,
        "node": place.node,
        "value": place.value,
        "attribute": place.attribute,
        "sample": place.sample,
        "help": error.help_text(),
        "others": error.others().iter().map(as_json).collect::<Vec<_>>(),
    })
}

#[allow(clippy::print_stderr, reason = "the one place where errors are printed")]
fn print_error(text: &str) {
    eprintln!("{text}");
}

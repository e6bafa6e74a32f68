//! Broken TFLite files get an error that says what is wrong and where, and never a panic or a huge allocation.
//!
//! The files are made by `hostile/make_tflite.py`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use qdq::error::{Error, Result};
use qdq::formats::tflite::{self, WriteOptions};

/// Each file, and words that the error must have.
const REFUSED: &[(&str, &[&str])] = &[
    ("empty", &["no TFLite model"]),
    ("header_only", &["damaged"]),
    ("truncated", &["damaged"]),
    ("root_outside", &["damaged", "leads out of the file"]),
    ("old_version", &["version 2", "version 3"]),
    ("no_subgraph", &["no graph"]),
    ("huge_vector", &["longer than the file"]),
    ("huge_shape", &["`w`", "too large"]),
    ("negative_shape", &["`w`", "dimension -3"]),
    ("short_buffer", &["`w`", "216 bytes", "324"]),
    ("no_buffer", &["`w`", "no buffer 77"]),
    ("unknown_type", &["`w`", "type 8"]),
    ("unknown_axis", &["`w`", "axis"]),
    ("wrong_scales", &["`w`", "2 scales"]),
    ("zero_scale", &["`w`", "scale 0"]),
    ("variable", &["`w`", "keeps its content"]),
    ("no_such_tensor", &["y (CONV_2D)", "no tensor 99"]),
    ("no_such_output", &["no tensor 99"]),
    ("no_such_operator", &["operator of a code"]),
    ("missing_input", &["y (CONV_2D)", "input 1 is missing"]),
    ("no_inputs", &["y (CONV_2D)", "input 0 is missing"]),
    ("own_input", &["`y`", "nothing computes"]),
    ("zero_stride", &["y (CONV_2D)", "size of 0"]),
    ("unknown_padding", &["y (CONV_2D)", "padding 9"]),
    ("unknown_activation", &["y (CONV_2D)", "activation 66"]),
    ("twice", &["two operators", "`y`"]),
    ("no_output", &["`y`", "nothing computes"]),
    ("two_problems", &["y (CONV_2D)", "activation 5", "z (CONV_2D)", "padding 7"]),
    ("while_loop", &["y (WHILE)", "subgraph 0 runs itself"]),
    ("intermediates", &["y (SVDF)", "intermediate"]),
];

/// Whole, or strange but right.
const FINE: &[&str] = &["good", "custom_kept"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../hostile/tflite")
}

fn path(name: &str) -> PathBuf {
    folder().join(name).with_extension("tflite")
}

fn read(path: &Path) -> Result<()> {
    let bytes = std::fs::read(path).map_err(|error| Error::io(path.display(), &error))?;
    let graph = tflite::read(bytes.into())?;
    graph.verify()?;
    tflite::write(&graph, &WriteOptions::default())?;
    Ok(())
}

#[test]
fn hostile_tflite_files_are_refused_with_reasons() {
    for (name, words) in REFUSED {
        let text = match read(&path(name)) {
            Ok(()) => panic!("{name} is accepted"),
            Err(error) => error.to_string(),
        };
        for word in *words {
            assert!(text.contains(word), "{name}: no `{word}` in: {text}");
        }
    }
}

#[test]
fn strange_tflite_files_are_read() {
    for name in FINE {
        read(&path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn every_hostile_tflite_file_is_tested() {
    let expected: BTreeSet<&str> =
        REFUSED.iter().map(|(name, _)| *name).chain(FINE.iter().copied()).collect();
    let paths = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let found: BTreeSet<String> =
        paths.map(|path| path.file_stem().unwrap().to_string_lossy().into()).collect();
    assert!(found.iter().map(String::as_str).eq(expected.iter().copied()), "{found:?} {expected:?}");
}

/// Files cut short and bytes changed at random, always in the same way.
#[test]
fn damaged_tflite_files_never_panic() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    for name in FINE.iter().chain(REFUSED.iter().map(|(name, _)| name)) {
        let whole = std::fs::read(path(name)).unwrap();
        for _ in 0..60 {
            let mut bytes = whole.clone();
            for _ in 0..=random() % 4 {
                let position = random() % bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(position) {
                    *byte = random() as u8;
                }
            }
            bytes.truncate(bytes.len() - if random() % 4 == 0 { random() % bytes.len().max(1) } else { 0 });
            if let Ok(graph) = tflite::read(bytes.into())
                && graph.verify().is_ok()
            {
                let _ = tflite::write(&graph, &WriteOptions::default());
            }
        }
    }
}

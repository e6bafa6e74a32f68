//! Broken files get an error that says what is wrong and where, and never a panic or a huge allocation.
//!
//! The files are made by `hostile/make.py`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use qdq::error::{Error, Result};
use qdq::formats::onnx;

/// Each file, and words that the error must have.
const ONNX: &[(&str, &[&str])] = &[
    ("empty", &["holds no graph"]),
    ("garbage", &["no ONNX model"]),
    ("truncated", &["damaged"]),
    ("invalid_text", &["damaged"]),
    ("deep_messages", &["recursion limit"]),
    ("too_old", &["version 6", "7 to 28", "opset_version"]),
    ("too_new", &["version 99", "7 to 28", "older opset_version"]),
    ("no_opset", &["relu (Relu)", "opset_import", "ai.onnx"]),
    ("no_domain", &["sparkle (com.example.Sparkle)", "opset_import", "com.example"]),
    ("huge_dims", &["`w`", "raw_data has 8 bytes", "4611686018427387904"]),
    ("overflowing_dims", &["`w`", "too large"]),
    ("negative_dim", &["`w`", "dimension -2"]),
    ("negative_input_dim", &["`x`", "dimension -7"]),
    ("unknown_dtype", &["`w`", "type 77"]),
    ("no_dtype", &["`w`", "no element type"]),
    ("complex", &["`w`", "COMPLEX64", "convert the model"]),
    ("short_raw_data", &["`w`", "raw_data has 7 bytes", "need 8"]),
    ("short_typed_data", &["`w`", "holds 1 elements of f32", "needs 2"]),
    ("missing_data", &["`w`", "holds 0 elements", "side file"]),
    ("int8_out_of_range", &["`w`", "300", "i8"]),
    ("external_outside", &["`w`", "../../../etc/passwd", "outside"]),
    ("external_absolute", &["`w`", "/etc/passwd", "outside"]),
    ("external_short", &["`w`", "short.bin", "ends at 8"]),
    ("external_wrong_length", &["`w`", "length 4", "8 bytes"]),
    ("external_offset", &["`w`", "short.bin"]),
    ("external_nowhere", &["`w`", "no location"]),
    ("cycle", &["first (Relu)", "second (Relu)", "cycles"]),
    ("self_cycle", &["ouroboros (Add)"]),
    ("duplicate_output", &["two (Relu)", "`y`", "unique"]),
    ("duplicate_input", &["`x`", "unique"]),
    ("duplicate_initializer", &["`w`", "two initializers"]),
    ("undefined_input", &["add (Add)", "`ghost`"]),
    ("undefined_output", &["`y`", "nothing computes"]),
    ("two_problems", &["one (Add)", "`ghost`", "two (Add)", "`spirit`"]),
    ("wrong_attribute_type", &["softmax (Softmax)", "`axis`", "FLOAT", "INT"]),
    ("unknown_attribute", &["relu (Relu)", "`slope`"]),
    ("negative_stride", &["pool (MaxPool)", "`strides`", "-1"]),
    ("no_kernel_shape", &["pool (MaxPool)", "`kernel_shape`", "missing"]),
    ("zero_group", &["conv (conv)", "group"]),
    ("if_without_else", &["if (If)", "`else_branch`"]),
    ("if_with_too_few_outputs", &["if (If)", "outputs"]),
    ("recursive_function", &["call", "calls itself"]),
    ("exploding_functions", &["call", "too many nodes"]),
    ("function_of_old_opset", &["call (f.f0)", "version 3"]),
    ("sequence_input", &["`x`", "sequence"]),
];

/// Strange, but right.
const FINE: &[&str] = &["nested_if"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../hostile/onnx")
}

fn read(path: &Path) -> Result<()> {
    let file =
        |path: &Path| std::fs::read(path).map(Into::into).map_err(|error| Error::io(path.display(), &error));
    let graph = onnx::read(file(path)?, &|name: &str| file(&folder().join(name)))?;
    graph.verify()?;
    onnx::write(&graph, &onnx::WriteOptions::default())?;
    Ok(())
}

#[test]
fn hostile_onnx_files_are_refused_with_reasons() {
    for (name, words) in ONNX {
        let path = folder().join(name).with_extension("onnx");
        let text = match read(&path) {
            Ok(()) => panic!("{name} is accepted"),
            Err(error) => error.to_string(),
        };
        for word in *words {
            assert!(text.contains(word), "{name}: no `{word}` in: {text}");
        }
    }
}

#[test]
fn strange_onnx_files_are_read() {
    for name in FINE {
        read(&folder().join(name).with_extension("onnx")).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn every_hostile_file_is_tested() {
    let expected: BTreeSet<&str> = ONNX.iter().map(|(name, _)| *name).chain(FINE.iter().copied()).collect();
    let paths = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let onnx = paths.filter(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    let found: BTreeSet<String> =
        onnx.map(|path| path.file_stem().unwrap().to_string_lossy().into()).collect();
    assert!(found.iter().map(String::as_str).eq(expected.iter().copied()), "{found:?} {expected:?}");
}

/// Files cut short and bytes changed at random, always in the same way.
#[test]
fn damaged_onnx_files_never_panic() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let whole = std::fs::read(&path).unwrap();
        for _ in 0..20 {
            let mut bytes = whole.clone();
            for _ in 0..=random() % 4 {
                let position = random() % bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(position) {
                    *byte = random() as u8;
                }
            }
            bytes.truncate(bytes.len() - if random() % 4 == 0 { random() % bytes.len().max(1) } else { 0 });
            let side_file = |_: &str| Ok(bytes::Bytes::from_static(b"12345678"));
            if let Ok(graph) = onnx::read(bytes.into(), &side_file)
                && graph.verify().is_ok()
            {
                let _ = onnx::write(&graph, &onnx::WriteOptions::default());
            }
        }
    }
}

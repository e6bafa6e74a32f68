//! A folder with a small model and data, and the built command.

use std::path::PathBuf;
use std::process::Command;

use qdq::data::NpzWriter;
use qdq::tensor::Tensor;
use tempfile::TempDir;

/// Doubles an input of three numbers.
pub(crate) const MODEL: &str = "graph \"tiny\"(%x: f32[N,3]) {\n  %y = add(%x, %x)\n  return %y\n}\n";

pub(crate) struct Fixture(TempDir);

/// What a run of the command left.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Fixture {
    /// A folder with `model.qir`, and `data.npz` with `x` and the labels `y`.
    pub(crate) fn new() -> Self {
        let fixture = Self(tempfile::tempdir().unwrap());
        std::fs::write(fixture.path("model.qir"), MODEL).unwrap();
        let x = vec![1.0f32, 2.0, 3.0, 6.0, 5.0, 4.0];
        fixture.npz("data.npz", &[("x", tensor(&[2, 3], x)), ("y", Tensor::vector(vec![2i64, 1]))]);
        fixture.npz("x.npz", &[("x", tensor(&[2, 3], vec![1.0f32; 6]))]);
        fixture
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn npz(&self, name: &str, arrays: &[(&str, Tensor)]) {
        let mut writer = NpzWriter::new(std::fs::File::create(self.path(name)).unwrap());
        for (name, tensor) in arrays {
            writer.add_tensor(name, tensor).unwrap();
        }
        writer.finish().unwrap();
    }

    /// Runs `qdq` in the folder.
    pub(crate) fn qdq(&self, arguments: &[&str]) -> Ran {
        let output =
            Command::new(env!("CARGO_BIN_EXE_qdq")).args(arguments).current_dir(&self.0).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Names of the files in the folder.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

pub(crate) fn tensor<T: qdq::tensor::Element>(shape: &[usize], elements: Vec<T>) -> Tensor {
    Tensor::from_vec(shape.to_vec(), elements).unwrap()
}

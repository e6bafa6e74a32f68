use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::npz_write::npy_elements;
use super::{Channels, Dataset, ImageOptions, Options, Resize, Sample, check_finite, npy_header};
use crate::error::{ErrorKind, Result};
use crate::graph::{Graph, text};
use crate::tensor::Tensor;

fn graph(inputs: &str) -> Graph {
    let names: Vec<&str> = inputs.split('%').skip(1).map(|part| part.split(':').next().unwrap()).collect();
    text::parse(&format!("graph({inputs}) {{ return %{} }}", names.join(", %"))).unwrap()
}

fn ramp(shape: &[usize]) -> Tensor {
    let count = shape.iter().product::<usize>();
    Tensor::from_vec(shape.to_vec(), (0..count).map(|n| n as f32).collect()).unwrap()
}

fn npy(tensor: &Tensor) -> Vec<u8> {
    let mut bytes = npy_header(tensor.dtype(), tensor.shape()).unwrap();
    npy_elements(tensor, &mut bytes).unwrap();
    bytes
}

fn write_npz(path: &Path, method: CompressionMethod, arrays: &[(&str, &[u8])]) {
    let mut zip = ZipWriter::new(File::create(path).unwrap());
    for (name, bytes) in arrays {
        let options = SimpleFileOptions::default().compression_method(method);
        zip.start_file(format!("{name}.npy"), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn npy(&self, tensor: &Tensor) -> PathBuf {
        let path = self.path("x.npy");
        std::fs::write(&path, npy(tensor)).unwrap();
        path
    }

    fn npz(&self, arrays: &[(&str, Tensor)]) -> PathBuf {
        let path = self.path("x.npz");
        let arrays: Vec<(&str, Vec<u8>)> = arrays.iter().map(|(name, tensor)| (*name, npy(tensor))).collect();
        let arrays: Vec<(&str, &[u8])> = arrays.iter().map(|(name, bytes)| (*name, &bytes[..])).collect();
        write_npz(&path, CompressionMethod::Deflated, &arrays);
        path
    }
}

fn read(path: &Path, graph: &Graph, options: &Options) -> Result<Vec<Sample>> {
    let samples = Dataset::open(path, options)?.samples(graph)?;
    let length = samples.len();
    let samples: Vec<Sample> = samples.collect::<Result<_>>()?;
    assert_eq!(samples.len(), length);
    assert!(samples.iter().enumerate().all(|(index, sample)| sample.index == index));
    Ok(samples)
}

fn shapes(path: &Path, inputs: &str) -> Result<Vec<Vec<usize>>> {
    let samples = read(path, &graph(inputs), &Options::default())?;
    Ok(samples.iter().map(|sample| sample.feeds[0].as_ref().unwrap().shape().to_vec()).collect())
}

fn message(result: Result<impl std::fmt::Debug>) -> String {
    let error = result.unwrap_err();
    assert_ne!(error.kind(), ErrorKind::Internal, "{error}");
    error.to_string()
}

#[test]
fn rows_become_samples_by_rank() {
    let files = Files::new();
    let path = files.npy(&ramp(&[6, 2]));
    assert_eq!(shapes(&path, "%x: f32[2]").unwrap(), vec![vec![2]; 6]);
    assert_eq!(shapes(&path, "%x: f32[N,2]").unwrap(), vec![vec![1, 2]; 6]);
    assert_eq!(shapes(&path, "%x: f32[1,2]").unwrap(), vec![vec![1, 2]; 6]);
    assert_eq!(shapes(&path, "%x: f32[?,?]").unwrap(), vec![vec![1, 2]; 6]);
    assert_eq!(shapes(&path, "%x: f32[3,2]").unwrap(), vec![vec![3, 2]; 2]);
    assert_eq!(shapes(&path, "%x: f32[6,2]").unwrap(), vec![vec![6, 2]]);
    assert!(message(shapes(&path, "%x: f32[4,2]")).contains("multiple of 4"));
    assert!(message(shapes(&path, "%x: f32[N,3]")).contains("f32[N,3]"));
    assert!(message(shapes(&path, "%x: f32[N,2,2,2]")).contains("`x`"));
    assert!(message(shapes(&path, "%x: f32[*]")).contains("how many dimensions"));
}

#[test]
fn samples_hold_the_rows_in_order() {
    let files = Files::new();
    let path = files.npy(&ramp(&[3, 2]));
    let samples = read(&path, &graph("%x: f32[1,2]"), &Options::default()).unwrap();
    assert_eq!(samples[2].feeds[0].as_ref().unwrap().as_slice::<f32>().unwrap(), [4.0, 5.0]);
    let options = Options { n_samples: Some(2), ..Options::default() };
    assert_eq!(read(&path, &graph("%x: f32[1,2]"), &options).unwrap().len(), 2);
}

#[test]
fn several_arrays_are_read_in_step() {
    let files = Files::new();
    let step = Tensor::from_vec(vec![2], vec![1.0f32, 2.0]).unwrap();
    let state = ramp(&[2, 1, 4]);
    let path =
        files.npz(&[("x", ramp(&[2, 3])), ("rate", Tensor::scalar(7i64)), ("state", state), ("t", step)]);
    let graph = graph("%t: f32[], %x: f32[1,3], %state: f32[2,1,4], %rate: i64[]");
    let samples = read(&path, &graph, &Options::default()).unwrap();
    let feed = |sample: usize, input: usize| samples[sample].feeds[input].as_ref().unwrap();
    assert_eq!(feed(1, 0).as_slice::<f32>().unwrap(), [2.0]);
    assert_eq!(feed(1, 1).as_slice::<f32>().unwrap(), [3.0, 4.0, 5.0]);
    assert_eq!(feed(0, 2), feed(1, 2));
    assert_eq!(feed(1, 3).as_slice::<i64>().unwrap(), [7]);
    let uneven = files.npz(&[("x", ramp(&[2, 3])), ("y", ramp(&[3, 3]))]);
    let graph = self::graph("%x: f32[N,3], %y: f32[N,3]");
    assert!(message(read(&uneven, &graph, &Options::default())).contains("3 samples, but `x` has 2"));
}

#[test]
fn names_bind_arrays_and_labels_are_no_input() {
    let files = Files::new();
    let path = files.npz(&[("images", ramp(&[2, 3])), ("y", Tensor::vector(vec![1u8, 0]))]);
    let graph = graph("%x: f32[N,3]");
    let help = message(read(&path, &graph, &Options::default()));
    assert!(help.contains("no input `images`") && help.contains("--labels images"), "{help}");
    let options = Options { labels: Some("y".into()), ..Options::default() };
    assert_eq!(read(&path, &graph, &options).unwrap().len(), 2);
    assert_eq!(Dataset::open(&path, &options).unwrap().labels().unwrap(), Some(vec![1, 0]));
    let chosen = Options { arrays: vec![("x".into(), "images".into())], ..Options::default() };
    assert_eq!(read(&path, &graph, &chosen).unwrap().len(), 2);
    let wrong = Options { arrays: vec![("x".into(), "nonesuch".into())], ..Options::default() };
    assert!(message(read(&path, &graph, &wrong)).contains("images, y"));
    let missing = Options { labels: Some("z".into()), ..Options::default() };
    assert!(message(Dataset::open(&path, &missing).unwrap().labels()).contains("images, y"));
}

#[test]
fn integers_widen_and_nothing_else_converts() {
    let files = Files::new();
    let path = files.npy(&Tensor::from_vec(vec![2, 2], vec![1i32, -2, 3, 4]).unwrap());
    let samples = read(&path, &graph("%x: i64[N,2]"), &Options::default()).unwrap();
    assert_eq!(samples[0].feeds[0].as_ref().unwrap().as_slice::<i64>().unwrap(), [1, -2]);
    let narrow = message(read(&path, &graph("%x: i16[N,2]"), &Options::default()));
    assert!(
        narrow.contains("i16") && narrow.contains("i32") && narrow.contains("astype('int16')"),
        "{narrow}"
    );
    assert!(message(read(&path, &graph("%x: f32[N,2]"), &Options::default())).contains("astype('float32')"));
    assert!(message(read(&path, &graph("%x: u64[N,2]"), &Options::default())).contains("u64"));
}

#[test]
fn hostile_arrays_are_refused() {
    let files = Files::new();
    let whole = npy(&ramp(&[4, 4]));
    let header = |text: &str| {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes
    };
    let huge = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 4), }";
    let overflow = "{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551615, 4), }";
    let record = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 4), }";
    let fortran = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }";
    let mut cases = vec![
        header(huge),
        header(overflow),
        header(record),
        [header(fortran), vec![0; 16]].concat(),
        header("{'shape': (1,)}"),
        header("__import__('os')"),
        [whole.clone(), vec![0]].concat(),
        b"\x93NUMPY\x09\x00\x10\x00".to_vec(),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(),
        Vec::new(),
    ];
    cases.extend((0..whole.len()).step_by(7).map(|length| whole[..length].to_vec()));
    let path = files.path("hostile.npy");
    for case in cases {
        std::fs::write(&path, &case).unwrap();
        let message = message(read(&path, &graph("%x: f32[N,4]"), &Options::default()));
        assert!(message.contains("hostile.npy"), "{message}");
    }
}

#[test]
fn damaged_archives_are_refused() {
    let files = Files::new();
    let path = files.npz(&[("x", ramp(&[40, 4]))]);
    let whole = std::fs::read(&path).unwrap();
    let graph = graph("%x: f32[N,4]");
    assert_eq!(read(&path, &graph, &Options::default()).unwrap().len(), 40);
    for length in (0..whole.len()).step_by(11) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(message(read(&path, &graph, &Options::default())).contains("x.npz"));
    }
    let mut n_refused = 0;
    for position in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[position] ^= 0x55;
        std::fs::write(&path, &damaged).unwrap();
        n_refused += usize::from(read(&path, &graph, &Options::default()).is_err());
    }
    // Only times, attributes and the like may change unnoticed.
    assert!(n_refused * 10 > whole.len() * 8, "{n_refused} of {}", whole.len());
}

#[test]
fn what_is_not_finite_is_named() {
    let files = Files::new();
    let path = files.npy(&Tensor::from_vec(vec![2, 2], vec![1.0, 2.0, 3.0, f32::NAN]).unwrap());
    let graph = graph("%x: f32[N,2]");
    let samples = read(&path, &graph, &Options::default()).unwrap();
    assert!(check_finite(&graph, &samples[0]).is_ok());
    let message = message(check_finite(&graph, &samples[1]));
    assert!(message.contains("sample 1") && message.contains("`x`") && message.contains("NaN"), "{message}");
}

#[test]
fn a_folder_of_files_holds_a_sample_each() {
    let files = Files::new();
    for (name, length) in [("b", 5), ("a", 3)] {
        let bytes = npy(&ramp(&[length]));
        write_npz(&files.path(&format!("{name}.npz")), CompressionMethod::Stored, &[("x", &bytes)]);
    }
    assert_eq!(shapes(files.0.path(), "%x: f32[1,T]").unwrap(), vec![vec![1, 3], vec![1, 5]]);
    assert!(message(shapes(files.0.path(), "%x: f32[1,3]")).contains("b.npz"));
    assert!(message(shapes(files.0.path(), "%x: f32[1,T], %y: f32[]")).contains("`y`"));
}

#[test]
fn images_are_prepared_as_asked() {
    let files = Files::new();
    let image = image::RgbImage::from_fn(4, 2, |x, y| image::Rgb([x as u8 * 10, y as u8 * 100, 255]));
    image.save(files.path("a.png")).unwrap();
    let graph = graph("%x: f32[1,3,2,4]");
    let images = ImageOptions {
        channels: Some(Channels::Bgr),
        scale: Some(0.5),
        mean: vec![1.0],
        ..Default::default()
    };
    let options = Options { images: images.clone(), ..Options::default() };
    let samples = read(files.0.path(), &graph, &options).unwrap();
    let numbers = samples[0].feeds[0].as_ref().unwrap().as_slice::<f32>().unwrap();
    assert_eq!(numbers[0], 255.0 * 0.5 - 1.0);
    assert_eq!(numbers[8 + 4], 100.0 * 0.5 - 1.0);
    assert_eq!(numbers[16 + 3], 30.0 * 0.5 - 1.0);
    let unsaid = message(read(files.0.path(), &graph, &Options::default()));
    assert!(unsaid.contains("--channels"), "{unsaid}");
    let wrong_size = message(read(files.0.path(), &self::graph("%x: f32[1,3,8,8]"), &options));
    assert!(wrong_size.contains("4x2") && wrong_size.contains("--resize"), "{wrong_size}");
    let images = ImageOptions { resize: Some(Resize::ShorterSide(8)), crop: Some((8, 8)), ..images };
    let options = Options { images, ..Options::default() };
    assert_eq!(read(files.0.path(), &self::graph("%x: f32[1,8,8,3]"), &options).unwrap().len(), 1);
}

#[test]
fn what_is_no_data_is_refused() {
    let files = Files::new();
    let open = |path: &Path| Dataset::open(path, &Options::default());
    assert!(message(open(&files.path("nonesuch.npz"))).contains("nonesuch.npz"));
    assert!(message(open(files.0.path())).contains("no images"));
    std::fs::write(files.path("x.csv"), "1").unwrap();
    assert!(message(open(&files.path("x.csv"))).contains(".npz"));
    let empty = files.npy(&ramp(&[0, 4]));
    assert!(message(read(&empty, &graph("%x: f32[N,4]"), &Options::default())).contains("no samples"));
}

#[test]
fn onnx_test_data_is_positional() {
    use qdq_schema::Message;
    let files = Files::new();
    for (set, number) in [("test_data_set_10", 10.0f32), ("test_data_set_9", 9.0)] {
        std::fs::create_dir(files.path(set)).unwrap();
        let raw = number.to_le_bytes().to_vec();
        let proto = qdq_schema::onnx::TensorProto {
            dims: vec![1],
            data_type: Some(1),
            raw_data: Some(raw.into()),
            ..Default::default()
        };
        std::fs::write(files.path(set).join("input_1.pb"), proto.encode_to_vec()).unwrap();
        std::fs::write(files.path(set).join("input_0.pb"), proto.encode_to_vec()).unwrap();
    }
    let graph = graph("%a: f32[N], %b: f32[1]");
    let samples = read(files.0.path(), &graph, &Options::default()).unwrap();
    let first: Vec<f32> =
        samples.iter().map(|sample| sample.feeds[0].as_ref().unwrap().as_slice().unwrap()[0]).collect();
    assert_eq!(first, [9.0, 10.0]);
    assert_eq!(read(&files.path("test_data_set_9"), &graph, &Options::default()).unwrap().len(), 1);
    assert!(
        message(read(files.0.path(), &self::graph("%a: f32[N]"), &Options::default())).contains("input_1.pb")
    );
    assert!(
        message(read(files.0.path(), &self::graph("%a: i64[N], %b: f32[1]"), &Options::default()))
            .contains("`a`")
    );
    std::fs::write(files.path("test_data_set_9/input_0.pb"), [0x0a, 0xff, 0xff]).unwrap();
    assert!(message(read(files.0.path(), &graph, &Options::default())).contains("input_0.pb"));
}

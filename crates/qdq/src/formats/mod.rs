//! File formats: each folder reads and writes one, and knows nothing of the others.

pub mod onnx;
pub mod tflite;

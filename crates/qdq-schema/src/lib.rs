//! The ONNX protobuf interface as plain structs.

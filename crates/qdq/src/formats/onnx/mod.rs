//! ONNX.
mod dtype;
mod external;
mod tensor_read;
mod tensor_write;

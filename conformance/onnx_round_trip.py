"""Runs models before and after a round trip through qdq in onnxruntime, and compares the outputs.

usage: onnx_round_trip.py FOLDER_OF_MODELS FOLDER_OF_WRITTEN_MODELS

Files are matched by name. `cargo test --test onnx_models` leaves what it wrote in `target/tmp/onnx_models/`.
"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime as ort

DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(bool)": np.bool_,
}

# Shapes where the declared ones are not enough.
SHAPES = {
    "silero_vad.onnx": {"input": [1, 512], "state": [2, 1, 128]},
    "silero_vad_16k_op15.onnx": {"input": [1, 512], "state": [2, 1, 128]},
    "ch_PP-OCRv4_det_infer.onnx": {"x": [1, 3, 64, 96]},
    "ch_ppocr_mobile_v2.0_cls_infer.onnx": {"x": [2, 3, 48, 192]},
}


def feeds(session, name):
    rng = np.random.default_rng(0)
    out = {}
    for value in session.get_inputs():
        shape = SHAPES.get(name, {}).get(value.name) or [dim if isinstance(dim, int) else 2 for dim in value.shape]
        if value.name == "sr":
            shape = []
        dtype = DTYPES[value.type]
        if np.issubdtype(dtype, np.floating):
            array = rng.standard_normal(shape)
        elif value.name == "sr":
            array = np.full(shape, 16000)
        elif value.name == "attention_mask":
            array = np.ones(shape)
        else:
            array = rng.integers(0, 2, shape)
        out[value.name] = np.asarray(array, dtype)
    return out


def main():
    before, after = map(pathlib.Path, sys.argv[1:3])
    failed = 0
    for path in sorted(before.rglob("*.onnx")):
        other = after / path.name
        if not other.exists():
            continue
        onnx.checker.check_model(str(other), full_check=True)
        options = ort.SessionOptions()
        options.log_severity_level = 3
        a, b = (ort.InferenceSession(str(p), options, providers=["CPUExecutionProvider"]) for p in (path, other))
        assert [x.name for x in a.get_outputs()] == [x.name for x in b.get_outputs()]
        data = feeds(a, path.name)
        pairs = list(zip(a.run(None, data), b.run(None, data)))
        same = all(x.shape == y.shape and x.dtype == y.dtype and np.array_equal(x, y, equal_nan=True) for x, y in pairs)
        close = same or all(np.allclose(x, y, rtol=1e-4, atol=1e-5) for x, y in pairs)
        worst = max(float(np.max(np.abs(x.astype(np.float64) - y), initial=0)) for x, y in pairs)
        opset = {o.domain: o.version for o in onnx.load(str(other), load_external_data=False).opset_import}
        print(f"{'same ' if same else 'close' if close else 'WRONG'} {worst:.2e} {path.name} {opset}")
        failed += not close
    sys.exit(failed)


main()

"""The backend node tests of the `onnx` package, run by us; each outcome compared as ONNX's own runner does.

Every model is also written, read again and run: the outputs must be the same to the last bit. What does not pass stands in
`node_tests_excluded.txt` with its reason; a test on that list that passes is a failure, too. Names of tests (globs) as
arguments run these only.
"""

import fnmatch
import json
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_node_model_tests
from onnx.backend.test.runner import Runner

from checks import Checks
from places import ROOT, WORK

FOLDER: Path = WORK / "node_tests"
EXCLUDED: Path = Path(__file__).with_name("node_tests_excluded.txt")
HARNESS: Path = ROOT / "target" / "release" / "examples" / "node_tests"
LEAST_PASSED = 1600

TYPES: dict[str, np.dtype] = {name: np.dtype(of) for name, of in {
    "f32": "float32", "f64": "float64", "f16": "float16", "bf16": ml_dtypes.bfloat16,
    "i8": "int8", "u8": "uint8", "i16": "int16", "u16": "uint16", "i32": "int32", "u32": "uint32", "i64": "int64",
    "u64": "uint64", "bool": "bool", "i4": ml_dtypes.int4, "u4": ml_dtypes.uint4, "i2": ml_dtypes.int2, "u2": ml_dtypes.uint2, "f4e2m1": ml_dtypes.float4_e2m1fn,
    "f8e4m3fn": ml_dtypes.float8_e4m3fn, "f8e4m3fnuz": ml_dtypes.float8_e4m3fnuz, "f8e5m2": ml_dtypes.float8_e5m2,
    "f8e5m2fnuz": ml_dtypes.float8_e5m2fnuz, "f8e8m0": ml_dtypes.float8_e8m0fnu,
}.items()}


def excluded() -> dict[str, str]:
    """Reasons by names of tests, which may be globs."""
    lines = [line for line in EXCLUDED.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split(None, 1) for line in lines)


def is_tensor(value: onnx.ValueInfoProto) -> bool:
    return value.type.WhichOneof("value") == "tensor_type"


def export(case: Any) -> None:
    """The test's model and inputs as files; inputs that are no tensors are left out."""
    folder = FOLDER / case.name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("input_*.pb"):
        old.unlink()
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    (inputs, _), = case.data_sets
    for position, (value, info) in enumerate(zip(inputs, case.model.graph.input)):
        if not is_tensor(info):
            continue
        proto = value if isinstance(value, onnx.TensorProto) else numpy_helper.from_array(np.asarray(value))
        (folder / f"input_{position}.pb").write_bytes(proto.SerializeToString())


def array(output: dict[str, Any], written: bytes) -> np.ndarray:
    """One of our outputs."""
    shape = output["shape"]
    if output["dtype"] == "str":
        strings = [bytes(text).decode() for text in output["strings"]]
        return np.array(strings, dtype=object).reshape(shape)
    dtype = TYPES[output["dtype"]]
    return np.frombuffer(written, dtype, int(np.prod(shape, dtype=np.int64)), output["offset"]).reshape(shape)


def difference(case: Any, ours: list[dict[str, Any]] | str, written: bytes) -> str | None:
    """What is wrong with our outputs; None if nothing is."""
    if isinstance(ours, str):
        return ours
    (_, expected), = case.data_sets
    as_array = [numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value for value in expected]
    arrays = [array(output, written) for output in ours]
    strings = [value.astype(object) if getattr(value, "dtype", np.dtype(int)).kind in "US" else value for value in as_array]
    try:
        Runner.assert_similar_outputs(strings, arrays, case.rtol, case.atol, case.name)
    except Exception as error:  # noqa: BLE001 - whatever the comparison raises, it is a difference
        return " ".join(str(error).split())
    return None


def run_ours(cases: list[Any]) -> list[str | None]:
    """What is wrong with each test."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for case in cases:
        export(case)
    (FOLDER / "tests.txt").write_text("".join(f"{case.name}\n" for case in cases))
    subprocess.run([str(HARNESS), str(FOLDER)], check=True, timeout=600, stderr=subprocess.DEVNULL)
    answers = json.loads((FOLDER / "results.json").read_text())
    written = (FOLDER / "outputs.bin").read_bytes()
    return [difference(case, answer, written) for case, answer in zip(cases, answers, strict=True)]


def judge(checks: Checks, outcomes: dict[str, str | None], reasons: dict[str, str]) -> None:
    """Counts the outcomes; what is excluded must fail."""
    for name, wrong in outcomes.items():
        reason = next((reasons[glob] for glob in reasons if fnmatch.fnmatchcase(name, glob)), None)
        if reason is None:
            checks.check(wrong is None, f"{name}: {(wrong or '')[:300]}")
        elif wrong is None:
            checks.check(False, f"{name} passes, but is excluded: {reason}")
        else:
            checks.skip(name, reason)


def main(globs: list[str]) -> int:
    warnings.simplefilter("ignore")
    checks = Checks()
    if not HARNESS.exists():
        checks.check(False, f"{HARNESS} is not there: cargo build --release -p qdq --example node_tests")
        return checks.finish()
    begin = time.perf_counter()
    cases = sorted(load_node_model_tests(), key=lambda case: case.name)
    chosen = [case for case in cases if not globs or any(fnmatch.fnmatchcase(case.name, glob) for glob in globs)]
    outcomes = dict(zip((case.name for case in chosen), run_ours(chosen), strict=True))
    judge(checks, outcomes, excluded())
    print(f"{len(chosen)} tests of onnx {onnx.__version__} in {time.perf_counter() - begin:.0f} s")
    if not globs:
        checks.check(checks.passed >= LEAST_PASSED, f"{checks.passed} tests pass; at least {LEAST_PASSED} must")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

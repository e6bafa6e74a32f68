"""Memory and time of modes without data on a model much larger than the memory they may use.

`large_model.py` takes 400 MB and checks; `large_model.py --gigabyte` takes 1 GB, and onnxruntime's quantizer beside it.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import helper

from checks import Checks
from places import WORK, binary

# Rows and columns of each matrix: 64 MB.
SIZE = 4096
MATRIX = SIZE * SIZE * 4
# Most memory, beside the largest tensor.
FACTOR, ADDED = 1.3, 200e6
# Options of each mode, and what it leaves of the file.
MODES = {
    "dynamic": ([], 0.26),
    "weight-only": ([], 0.26),
    "weight-only in 4 bits": (["--bits", "4"], 0.165),
    "float16": ([], 0.51),
}
RIVAL = """
import sys
from onnxruntime.quantization import quantize_dynamic
quantize_dynamic(sys.argv[1], sys.argv[2], per_channel=True, use_external_data_format=True)
"""


def generate(folder: Path, n_matrices: int) -> list[Path]:
    """A stack of matrix products, twice: weights in a file of their own, and in the model's."""
    random = np.random.default_rng(7)
    weights = (random.standard_normal((SIZE, SIZE), dtype=np.float32) / 64)
    initializers, nodes = [], []
    with (folder / "weights.bin").open("wb") as file:
        for idx in range(n_matrices):
            tensor = onnx.TensorProto(name=f"w{idx}", data_type=onnx.TensorProto.FLOAT, dims=[SIZE, SIZE],
                                      data_location=onnx.TensorProto.EXTERNAL)
            places = {"location": "weights.bin", "offset": str(file.tell()), "length": str(MATRIX)}
            for key, value in places.items():
                tensor.external_data.add(key=key, value=value)
            # All different, or equal ones would be merged.
            file.write(np.roll(weights, idx, axis=0).tobytes())
            initializers.append(tensor)
            nodes.append(helper.make_node("MatMul", [f"x{idx}", f"w{idx}"], [f"x{idx + 1}"], name=f"product{idx}"))
    value = lambda name: helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, SIZE])  # noqa: E731
    graph = helper.make_graph(nodes, "stack", [value("x0")], [value(f"x{n_matrices}")], initializers)
    apart, whole = folder / "apart.onnx", folder / "whole.onnx"
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    apart.write_bytes(made.SerializeToString())
    onnx.save(onnx.load(apart), whole)
    return [apart, whole]


def measured(line: list[str]) -> tuple[float, float]:
    """Peak memory, bytes, and seconds of a command: run by a process of its own, whose children's peak is that of one."""
    code = ("import resource, subprocess, sys\n"
            "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
            "sys.exit(code)")
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, *line], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-500:])
    return int(done.stdout.split()[-1]) * 1024.0, seconds


def check(folder: Path, n_matrices: int, with_rival: bool, checks: Checks) -> None:
    models = generate(folder, n_matrices)
    size = n_matrices * MATRIX
    most = FACTOR * MATRIX + ADDED
    out = folder / "out.onnx"
    for model in models:
        for mode, (options, share) in MODES.items():
            peak, seconds = measured([str(binary()), "quantize", str(model), "--mode", mode.split()[0], *options, "-o", str(out)])
            files = list(folder.glob("out.onnx*"))
            written = sum(file.stat().st_size for file in files)
            print(f"{mode:22} weights {model.stem:5} {size / 1e6:.0f} -> {written / 1e6:.0f} MB, peak {peak / 1e6:.0f} MB "
                  f"(at most {most / 1e6:.0f}), {seconds:.1f} s", flush=True)
            checks.check(peak <= most, f"{mode}, {model.stem}: peak {peak / 1e6:.0f} MB, at most {most / 1e6:.0f}")
            checks.check(written <= share * size, f"{mode}, {model.stem}: {written / size:.3f} of the size")
            for file in files:
                file.unlink()
    checks.check(not list(folder.glob(".*")), "temporary files are left")
    if with_rival:
        peak, seconds = measured([sys.executable, "-c", RIVAL, str(models[0]), str(folder / "rival.onnx")])
        print(f"onnxruntime's quantize_dynamic: peak {peak / 1e6:.0f} MB, {seconds:.1f} s", flush=True)


def main(arguments: list[str]) -> int:
    is_large = arguments == ["--gigabyte"]
    checks = Checks()
    WORK.mkdir(parents=True, exist_ok=True)
    if not hasattr(resource, "RUSAGE_CHILDREN"):
        checks.skip("memory", "the system does not tell")
        return checks.finish()
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        checks.guard("large model", lambda: check(Path(folder), 16 if is_large else 6, is_large, checks))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

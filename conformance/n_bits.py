"""onnxruntime's `MatMulNBits` and `GatherBlockQuantized`, run live, beside ours on the same nodes."""

import itertools
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import command
from checks import Checks
from places import WORK

DOMAIN = "com.microsoft"
# Sums of products in f32, in another order: share of the largest result.
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Case:
    """A node."""

    bits: int
    block_size: int
    zero_points: str = "none"
    n_inputs: int = 64
    n_outputs: int = 5
    has_bias: bool = False
    has_order: bool = False

    @property
    def n_blocks(self) -> int:
        return -(-self.n_inputs // self.block_size)


def model(case: Case, random: np.random.Generator) -> onnx.ModelProto:
    k, n, n_blocks = case.n_inputs, case.n_outputs, case.n_blocks
    constants = {
        "b": random.integers(0, 256, (n, n_blocks, case.block_size * case.bits // 8), np.uint8),
        "scales": random.uniform(0.01, 0.2, n * n_blocks).astype(np.float32),
    }
    if case.zero_points == "packed":
        constants["zero_points"] = random.integers(0, 256, n * -(-n_blocks * case.bits // 8), np.uint8)
    elif case.zero_points == "real":
        constants["zero_points"] = random.uniform(0, 2**case.bits, n * n_blocks).astype(np.float32)
    if case.has_order:
        constants["g_idx"] = random.integers(0, n_blocks, k).astype(np.int32)
    if case.has_bias:
        constants["bias"] = random.normal(size=n).astype(np.float32)
    names = [name if name in constants else "" for name in ("b", "scales", "zero_points", "g_idx", "bias")]
    node = helper.make_node("MatMulNBits", ["x", *names], ["y"], "product", domain=DOMAIN, K=k, N=n, bits=case.bits,
                            block_size=case.block_size, accuracy_level=1)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, (2, 3, k))
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    weights = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph([node], "product", [x], [y], weights)
    return helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(DOMAIN, 1)])


def cases() -> list[Case]:
    found = [
        Case(bits, block_size, zero_points, n_inputs)
        for bits, block_size, zero_points, n_inputs in itertools.product(
            (2, 4, 8), (16, 32, 128), ("none", "packed", "real"), (64, 100))
        # onnxruntime takes no real zero points for 8 bits.
        if (bits, zero_points) != (8, "real")
    ]
    # Packed zero points with an order are left out: onnxruntime 1.32 takes 8 for all of them.
    return [*found, Case(4, 32, has_bias=True), Case(4, 16, "packed", has_bias=True), Case(4, 32, "real", has_order=True),
            Case(4, 16, has_order=True), Case(4, 64, "packed", 384, 96)]


@dataclass(frozen=True)
class Lookup:
    """A node that looks rows of 64 numbers up."""

    storage: str
    block_size: int
    has_zero_points: bool
    n_rows: int = 7
    n_columns: int = 64


def lookup_model(case: Lookup, random: np.random.Generator) -> onnx.ModelProto:
    n_blocks = -(-case.n_columns // case.block_size)
    bits = 8 if case.storage == "bytes" else 4

    def integers(n_columns: int, name: str) -> onnx.TensorProto:
        n_bytes = n_columns * bits // 8
        content = random.integers(0, 256, case.n_rows * n_bytes, np.uint8)
        if case.storage in ("bytes", "pairs"):
            return numpy_helper.from_array(content.reshape(case.n_rows, n_bytes), name)
        kind = TensorProto.INT4 if case.storage == "int4" else TensorProto.UINT4
        return helper.make_tensor(name, kind, (case.n_rows, n_columns), content.tobytes(), raw=True)

    scales = random.uniform(0.01, 0.2, (case.n_rows, n_blocks)).astype(np.float32)
    constants = [integers(case.n_columns, "data"), numpy_helper.from_array(scales, "scales")]
    names = ["data", "x", "scales"]
    if case.has_zero_points:
        constants.append(integers(n_blocks, "zero_points"))
        names.append("zero_points")
    node = helper.make_node("GatherBlockQuantized", names, ["y"], "lookup", domain=DOMAIN, gather_axis=0, quantize_axis=1,
                            block_size=case.block_size, bits=bits)
    x = helper.make_tensor_value_info("x", TensorProto.INT64, (2, 3))
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "lookup", [x], [y], constants)
    return helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(DOMAIN, 1)])


def lookups() -> list[Lookup]:
    kinds = itertools.product(("int4", "uint4", "pairs", "bytes"), (16, 32), (False, True))
    return [Lookup(*kind) for kind in kinds]


def check(case: Case | Lookup, folder: Path, seed: int, checks: Checks) -> None:
    random = np.random.default_rng(seed)
    file, again = folder / "node.onnx", folder / "again.onnx"
    if isinstance(case, Case):
        onnx.save(model(case, random), str(file))
        x = random.normal(size=(2, 3, case.n_inputs)).astype(np.float32)
    else:
        onnx.save(lookup_model(case, random), str(file))
        x = random.integers(0, case.n_rows, (2, 3))
    np.savez(folder / "x.npz", x=x)
    theirs = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    command.call("convert", file, again)
    for path in (file, again):
        command.call("run", path, "--data", folder / "x.npz", "-o", folder / "y.npz")
        with np.load(folder / "y.npz") as ours:
            off = float(np.abs(ours["y"].reshape(theirs.shape) - theirs).max() / np.abs(theirs).max())
        checks.check(off <= TOLERANCE, f"{case}, {path.stem}: {off:.1e} of the largest off")


def main() -> int:
    checks = Checks()
    folder = WORK / "n_bits"
    folder.mkdir(parents=True, exist_ok=True)
    for seed, case in enumerate([*cases(), *lookups()]):
        check(case, folder, seed, checks)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())

"""onnxruntime's `DynamicQuantizeLSTM`, run live, beside ours on the same nodes.

With more than one thread onnxruntime quantizes the states of each thread's sequences by their own range, so it runs with one.
"""

import itertools
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import command
from checks import Checks
from places import WORK

DOMAIN = "com.microsoft"
OUTPUTS = ("y", "y_h", "y_c")
# Gates are computed in f32 by other kernels. The next step quantizes the states again, which levels most of it and at worst
# moves one integer by a step.
TOLERANCE = 2e-6


@dataclass(frozen=True)
class Case:
    """A node."""

    direction: str = "forward"
    n_batches: int = 2
    per_channel: bool = True
    storage: type = np.int8
    lengths: tuple[int, ...] = ()
    peepholes: bool = False
    activations: tuple[str, ...] = ()
    input_forget: bool = False
    n_inputs: int = 3
    n_hidden: int = 2
    n_steps: int = 4

    @property
    def n_directions(self) -> int:
        return 2 if self.direction == "bidirectional" else 1


def model(case: Case, random: np.random.Generator) -> onnx.ModelProto:
    d, n_gates = case.n_directions, 4 * case.n_hidden
    limits = np.iinfo(case.storage)
    constants = {
        "w": random.integers(limits.min, limits.max, (d, case.n_inputs, n_gates), case.storage, endpoint=True),
        "r": random.integers(limits.min, limits.max, (d, case.n_hidden, n_gates), case.storage, endpoint=True),
        "b": (0.1 * random.normal(size=(d, 2 * n_gates))).astype(np.float32),
        "lengths": np.array(case.lengths, np.int32),
        "h": (0.3 * random.normal(size=(d, case.n_batches, case.n_hidden))).astype(np.float32),
        "c": (0.3 * random.normal(size=(d, case.n_batches, case.n_hidden))).astype(np.float32),
        "p": (0.2 * random.normal(size=(d, 3 * case.n_hidden))).astype(np.float32),
    }
    if not case.lengths:
        del constants["lengths"]
    if not case.peepholes:
        del constants["p"]
    shape = (d, n_gates) if case.per_channel else (d,)
    for name in ("w", "r"):
        constants[f"{name}_scale"] = random.uniform(0.002, 0.02, shape).astype(np.float32)
        constants[f"{name}_zero"] = np.full(shape, 0 if case.storage == np.int8 else 120, case.storage)
    inputs = ["x", *(name if name in constants else "" for name in ("w", "r", "b", "lengths", "h", "c", "p")),
              "w_scale", "w_zero", "r_scale", "r_zero"]
    attributes = {"direction": case.direction, "hidden_size": case.n_hidden, "input_forget": int(case.input_forget)}
    if case.activations:
        attributes["activations"] = list(case.activations) * d
    node = helper.make_node("DynamicQuantizeLSTM", inputs, list(OUTPUTS), "lstm", domain=DOMAIN, **attributes)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, (case.n_steps, case.n_batches, case.n_inputs))
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in OUTPUTS]
    weights = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph([node], "lstm", [x], outputs, weights)
    return helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(DOMAIN, 1)])


def cases() -> list[Case]:
    found = [
        Case(direction, n_batches, per_channel, storage)
        for direction, n_batches, per_channel, storage in itertools.product(
            ("forward", "reverse", "bidirectional"), (1, 2, 3), (True, False), (np.int8, np.uint8))
    ]
    wide = Case(n_inputs=24, n_hidden=16, n_steps=40)
    found += [
        Case(lengths=(4, 2)), Case("reverse", lengths=(1, 4)), Case(peepholes=True), Case(input_forget=True),
        Case(activations=("Relu", "Tanh", "Softsign")), wide, replace(wide, direction="reverse", lengths=(40, 11)),
        replace(wide, direction="bidirectional", n_batches=3, lengths=(40, 20, 3), peepholes=True),
    ]
    return found


def check(case: Case, folder: Path, seed: int, checks: Checks) -> float:
    """The largest difference to onnxruntime."""
    random = np.random.default_rng(seed)
    file = folder / "lstm.onnx"
    onnx.save(model(case, random), str(file))
    x = random.normal(size=(case.n_steps, case.n_batches, case.n_inputs)).astype(np.float32)
    np.savez(folder / "x.npz", x=x)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    theirs = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"]).run(None, {"x": x})
    command.call("run", file, "--data", folder / "x.npz", "-o", folder / "y.npz")
    with np.load(folder / "y.npz") as ours:
        worst = max(float(np.abs(ours[name].reshape(y.shape) - y).max()) for name, y in zip(OUTPUTS, theirs, strict=True))
    checks.check(worst <= TOLERANCE, f"{case}: {worst} off")
    return worst


def main() -> int:
    checks = Checks()
    folder = WORK / "dynamic_lstm"
    folder.mkdir(parents=True, exist_ok=True)
    found = cases()
    worst = max(check(case, folder, seed, checks) for seed, case in enumerate(found))
    print(f"{len(found)} nodes, the largest difference is {worst:.1e}")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())

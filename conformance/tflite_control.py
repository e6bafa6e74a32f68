"""Loops and branches from ONNX to TFLite: the same numbers in onnxruntime, in LiteRT and in `qdq run`, and the same again from TFLite.

Needs the environment of `requirements-litert.txt`.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import command
import litert
from checks import Checks
from measures import relative_error
from places import WORK

TOLERANCE = 1e-6
SHAPE = (2, 3)


def value(name: str, kind: int = TensorProto.FLOAT, shape: tuple[int, ...] = SHAPE) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name: str, array: np.ndarray) -> onnx.TensorProto:
    return numpy_helper.from_array(array, name)


def scalar(name: str, kind: int) -> onnx.ValueInfoProto:
    return value(name, kind, ())


WEIGHTS = np.arange(9, dtype=np.float32).reshape(3, 3) / 10 - 0.3


def loop_body(*, counts: bool, conditional: bool) -> onnx.GraphProto:
    """Multiplies by weights of the graph around, adds a captured value, and may count turns and stop."""
    nodes = [helper.make_node("MatMul", ["h", "w"], ["product"]), helper.make_node("Add", ["product", "bias"], ["next"])]
    outputs, goes_on = "next", "holds"
    if counts:
        nodes += [helper.make_node("Cast", ["turn"], ["number"], to=TensorProto.FLOAT),
                  helper.make_node("Add", ["next", "number"], ["counted"])]
        outputs = "counted"
    if conditional:
        nodes += [helper.make_node("ReduceMax", [outputs], ["most"], keepdims=0), helper.make_node("Less", ["most", "limit"], ["small"])]
        goes_on = "small"
    nodes += [helper.make_node("Identity", [goes_on], ["holds_out"]), helper.make_node("Identity", [outputs], ["h_out"])]
    inputs = [scalar("turn", TensorProto.INT64), scalar("holds", TensorProto.BOOL), value("h")]
    return helper.make_graph(nodes, "body", inputs, [scalar("holds_out", TensorProto.BOOL), value("h_out")])


def model(nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray]) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "control", [value("x")], [value("y")], [constant(*item) for item in constants.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def loops() -> dict[str, onnx.ModelProto]:
    found = {}
    for counts in (False, True):
        for conditional in (False, True):
            for bounded in (True, False):
                if not bounded and not (conditional and counts):
                    continue  # it would have no end
                inputs = ["most_turns" if bounded else "", "true" if conditional else "", "x"]
                nodes = [helper.make_node("Tanh", ["x"], ["bias"]),
                         helper.make_node("Loop", inputs, ["y"], body=loop_body(counts=counts, conditional=conditional))]
                name = f"loop{' counting' if counts else ''}{' until' if conditional else ''}{'' if bounded else ' unbounded'}"
                constants = {"w": WEIGHTS, **({"most_turns": np.int64(5)} if bounded else {}),
                             **({"true": np.bool_(True), "limit": np.float32(2.5)} if conditional else {})}
                found[name] = model(nodes, {key: np.asarray(array) for key, array in constants.items()})
    return found


def branches() -> dict[str, onnx.ModelProto]:
    then = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["then_y"])], "then", [], [value("then_y")])
    inner = helper.make_graph([helper.make_node("Neg", ["bias"], ["inner_y"])], "inner", [], [value("inner_y")])
    same = helper.make_graph([helper.make_node("Identity", ["x"], ["same_y"])], "same", [], [value("same_y")])
    nested = helper.make_node("If", ["is_large"], ["nested_y"], then_branch=inner, else_branch=same)
    otherwise = helper.make_graph([nested], "otherwise", [], [value("nested_y")])
    nodes = [
        helper.make_node("Tanh", ["x"], ["bias"]),
        helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
        helper.make_node("Less", ["sum", "zero"], ["is_negative"]),
        helper.make_node("Less", ["limit", "sum"], ["is_large"]),
        helper.make_node("If", ["is_negative"], ["y"], then_branch=then, else_branch=otherwise),
    ]
    return {"nested branches": model(nodes, {"w": WEIGHTS, "zero": np.float32(0).reshape(()), "limit": np.float32(2).reshape(())})}


def check(name: str, made: onnx.ModelProto, checks: Checks) -> None:
    folder = WORK / "tflite_control" / name.replace(" ", "_")
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / "model.onnx", folder / "model.tflite", folder / "again.onnx", folder / "again.tflite"]
    onnx.save(made, str(files[0]))
    for source, target in zip(files, files[1:], strict=False):
        command.convert(source, target)
    random = np.random.default_rng(4)
    worst, n_feeds = 0.0, 12
    sessions = [onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"]) for file in (files[0], files[2])]
    runs = [litert.Model(file, resolver) for file in (files[1], files[3]) for resolver in (litert.REFERENCE, litert.DELEGATED)]
    for _ in range(n_feeds):
        x = random.normal(size=SHAPE).astype(np.float32)
        expected = sessions[0].run(None, {"x": x})[0]
        found = [sessions[1].run(None, {"x": x})[0], *(run.run([x])[0] for run in runs), ours(files[1], x, folder)]
        worst = max(worst, *(relative_error(y, expected) for y in found))
    checks.check(worst <= TOLERANCE, f"{name}: {worst:.1e} off")
    print(f"{name:24} {worst:.1e} off  {dict(litert.op_counts(files[1]))}", flush=True)


def ours(file: Path, x: np.ndarray, folder: Path) -> np.ndarray:
    data = folder / "x.npz"
    np.savez(data, x=x)
    command.call("run", file, "--data", data, "-o", folder / "y.npz")
    with np.load(folder / "y.npz") as found:
        return found["y"].reshape(SHAPE)


def main() -> int:
    checks = Checks()
    for name, made in {**loops(), **branches()}.items():
        checks.guard(name, lambda name=name, made=made: check(name, made, checks))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())

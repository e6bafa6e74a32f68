"""`qdq quantize` for every target built in, on the example model: onnxruntime loads and runs it, and the file keeps to the
target's own rules: types, ranges, zero points, least scales, biases, parameters that are shared.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

import command
import models
import runtime
from checks import Checks
from places import WORK

# What 8 bits (7 for the halved ranges of fbgemm) may cost on the example, in points of top-1.
MOST_LOST = 1.0

DTYPES = {"u8": np.uint8, "i8": np.int8, "u16": np.uint16, "i16": np.int16}

# Ops of the example that hand on the parameters of their input.
SHARING = ("MaxPool", "Flatten", "Reshape")


@dataclass(frozen=True)
class Bridge:
    """One QuantizeLinear or DequantizeLinear with constant parameters."""

    node: onnx.NodeProto
    scale: np.ndarray
    zero_point: np.ndarray
    constant: np.ndarray | None


class Quantized:
    """A model in QDQ form."""

    def __init__(self, path: Path) -> None:
        self.model = onnx.load(str(path))
        onnx.checker.check_model(self.model)
        self.constants = {t.name: numpy_helper.to_array(t) for t in self.model.graph.initializer}
        self.producers = {out: node for node in self.model.graph.node for out in node.output}

    def bridges(self, op: str) -> Iterator[Bridge]:
        for node in self.model.graph.node:
            if node.op_type == op:
                yield self.bridge(node)

    def bridge(self, node: onnx.NodeProto) -> Bridge:
        return Bridge(node, self.constants[node.input[1]], self.constants[node.input[2]], self.constants.get(node.input[0]))

    def source(self, value: str) -> Bridge | None:
        """The bridge that makes a value."""
        node = self.producers.get(value)
        return self.bridge(node) if node is not None and node.op_type.endswith("quantizeLinear") else None

    def integers(self, feed: runtime.Feed) -> dict[str, np.ndarray]:
        """What each QuantizeLinear gives on one sample, without onnxruntime's optimizations."""
        exposed = onnx.ModelProto()
        exposed.CopyFrom(self.model)
        for bridge in self.bridges("QuantizeLinear"):
            kind = onnx.helper.np_dtype_to_tensor_dtype(bridge.zero_point.dtype)
            exposed.graph.output.append(onnx.helper.make_tensor_value_info(bridge.node.output[0], kind, None))
        outputs = runtime.step(runtime.session(exposed.SerializeToString(), optimize=False))(feed)
        return {b.node.output[0]: outputs[b.node.output[0]] for b in self.bridges("QuantizeLinear")}


def integer_range(spec: dict[str, Any]) -> tuple[int, int]:
    """Smallest and largest integer of a specification."""
    info = np.iinfo(DTYPES[spec["storage"]])
    low, high = spec.get("quant_min", info.min), spec.get("quant_max", info.max)
    return (low // 2, high // 2) if spec.get("reduce_range") else (int(low), int(high))


def check_activations(name: str, target: dict[str, Any], model: Quantized, feed: runtime.Feed, checks: Checks) -> None:
    spec = target["activation"]
    low, high = integer_range(spec)
    # Scales of onnxruntime's formula span a range; its QuantizeLinear clips to all of the type.
    clips = target["formula"] == "torch"
    integers = model.integers(feed)
    bridges = list(model.bridges("QuantizeLinear"))
    checks.check(len(bridges) > 3, f"{name}: only {len(bridges)} activations are quantized")
    for bridge in bridges:
        what = f"{name}: {bridge.node.output[0]}"
        checks.check(bridge.zero_point.dtype == DTYPES[spec["storage"]], f"{what} is of {bridge.zero_point.dtype}")
        checks.check(low <= bridge.zero_point <= high, f"{what} has the zero point {bridge.zero_point}")
        if spec.get("symmetric"):
            checks.check(bridge.zero_point == 0, f"{what} has the zero point {bridge.zero_point}, not 0")
        checks.check(bridge.scale >= np.float32(spec.get("eps", 0)), f"{what} has the scale {bridge.scale}")
        seen = integers[bridge.node.output[0]]
        if clips:
            checks.check(low <= seen.min() and seen.max() <= high, f"{what} holds {seen.min()} to {seen.max()}")


def check_weights(name: str, target: dict[str, Any], model: Quantized, in_float: set[str], checks: Checks) -> None:
    spec = target["weight"]
    low, high = integer_range(spec)
    storage = target["activation"]["storage"]
    bias_type = next(kinds.get("bias") for kinds in target["types"] if kinds["activation"]["storage"] == storage)
    # What a row of the target says of its op's weights goes before what holds for all.
    of_rows = {row["op"]: row.get("weight", {}) for row in target["rows"]}
    for node in model.model.graph.node:
        if node.op_type not in ("Conv", "Gemm", "MatMul") or node.name in in_float:
            continue
        weight = model.source(node.input[1])
        if not checks.check(weight is not None and weight.constant is not None, f"{name}: {node.name} has float weights"):
            continue
        what = f"{name}: weights of {node.name}"
        row = of_rows[{"Conv": "conv", "Gemm": "gemm", "MatMul": "mat_mul"}[node.op_type]]
        per_channel = (row.get("granularity") or spec["granularity"]) == "per-channel"
        checks.check(weight.constant.dtype == DTYPES[spec["storage"]], f"{what} are of {weight.constant.dtype}")
        checks.check(low <= weight.constant.min() and weight.constant.max() <= high, f"{what} leave {low}..{high}")
        checks.check(not weight.zero_point.any(), f"{what} have a zero point")
        checks.check((weight.scale.size > 1) == per_channel, f"{what} have {weight.scale.size} scales")
        if len(node.input) < 3 or not node.input[2]:
            continue
        bias = model.source(node.input[2])
        checks.check((bias is not None) == (bias_type == "i32"), f"{name}: the bias of {node.name} is not {bias_type or 'float'}")
        if bias is not None:
            derived = (model.source(node.input[0]).scale * weight.scale).astype(np.float32)
            checks.check(np.array_equal(bias.scale, derived), f"{name}: the bias of {node.name} has a scale of its own")
            checks.check(bias.constant.dtype == np.int32, f"{name}: the bias of {node.name} is of {bias.constant.dtype}")


def check_sharing(name: str, model: Quantized, checks: Checks) -> None:
    """Ops that move data between bridges have the same parameters on both sides."""
    users = {value: node for node in model.model.graph.node for value in node.input}
    for node in model.model.graph.node:
        if node.op_type not in SHARING:
            continue
        before, after = model.source(node.input[0]), users.get(node.output[0])
        if before is None or after is None or after.op_type != "QuantizeLinear":
            continue
        after = model.bridge(after)
        same = before.scale == after.scale and before.zero_point == after.zero_point
        checks.check(bool(same), f"{name}: {node.op_type} changes the parameters of what it moves")


def check_target(name: str, checks: Checks) -> None:
    example = next(iter(models.chosen(["fashion"])))
    folder = example.prepared()
    target = json.loads(command.call("targets", name, "--json"))
    file = WORK / "targets" / f"{name}.onnx"
    file.parent.mkdir(parents=True, exist_ok=True)
    report = command.quantize(example.path, models.data(folder, "calibration"), file, "--target", name)
    checks.check(report["report"]["n_integer"] > 0, f"{name}: nothing runs in integers")
    model = Quantized(file)
    outputs = runtime.run_all(runtime.session(file), models.feeds(models.data(folder, "test")))
    before = models.score(example, example.path, models.float_outputs(example))["top-1"]
    after = models.score(example, file, outputs)["top-1"]
    opset = report["opset"]
    print(f"{name:24} top-1 {before:.2f} -> {after:.2f}  opset {opset}  integer nodes {report['report']['n_integer']}", flush=True)
    checks.check(before - after <= MOST_LOST, f"{name}: top-1 lost {before - after:.2f}")
    checks.check(opset <= target["max_opset"], f"{name}: operator set {opset}")
    check_activations(name, target, model, next(models.feeds(models.data(folder, "sample"))), checks)
    in_float = {node.split(" ")[0] for node, _ in report["report"]["left_in_float"]}
    check_weights(name, target, model, in_float, checks)
    check_sharing(name, model, checks)


def main(names: list[str]) -> int:
    checks = Checks()
    known = [target["name"] for target in json.loads(command.call("targets", "--json"))]
    for name in names or known:
        checks.guard(name, lambda name=name: check_target(name, checks))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

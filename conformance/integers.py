"""Whole int8 models under the profile of onnxruntime on this machine, integer by integer, against onnxruntime.

Every model that `qdq quantize` makes of the table is run on its own data by both, twice:

- *whole*: all quantized tensors are outputs as well. Float islands round differently in every library, so that the integers
  behind them may differ; how many do is printed, and must be none where `qdq` says that the run is exact.
- *cut*: the same model with the results of float islands as inputs, taken from onnxruntime. What is left is what the
  profile promises: here not one integer may differ, nor one bit of a real number.

Exposing tensors must not change what onnxruntime fuses; its integer kernels are counted before and after.
"""

import json
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

import command
import lowered
import models
import runtime
from checks import Checks
from models import Model
from runtime import Feed, Outputs

MAX_FEEDS = 12
# Ops that onnxruntime moves quantize and dequantize through.
PASSED_THROUGH = frozenset({"MaxPool", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"})


@dataclass(frozen=True)
class Compared:
    """Numbers of one comparison."""

    n_tensors: int
    n_elements: int
    differing: dict[str, int]

    @property
    def n_differing(self) -> int:
        return sum(self.differing.values())

    def worst(self) -> str:
        return ", ".join(f"{name}: {count}" for name, count in sorted(self.differing.items(), key=lambda d: -d[1])[:3])


def element_types(graph: onnx.GraphProto) -> dict[str, int]:
    """Element type of each output of a QuantizeLinear of the main graph."""
    constants = {tensor.name: tensor.data_type for tensor in graph.initializer}
    return {node.output[0]: constants[node.input[2]] for node in graph.node if node.op_type == "QuantizeLinear"}


def kernels(model: onnx.ModelProto, scratch: Path) -> Counter[str]:
    """How many integer kernels of each kind onnxruntime makes of a model."""
    counts: Counter[str] = Counter()
    session = runtime.session(model.SerializeToString(), optimized=scratch)
    del session
    for graph in lowered.graphs(onnx.load(str(scratch)).graph):
        counts.update(node.op_type for node in graph.node if node.op_type in lowered.KERNELS)
    scratch.unlink()
    return counts


def with_outputs(model: onnx.ModelProto, tensors: dict[str, int]) -> onnx.ModelProto:
    """The model with more outputs."""
    exposed = onnx.ModelProto()
    exposed.CopyFrom(model)
    present = {value.name for value in exposed.graph.output}
    exposed.graph.output.extend(helper.make_tensor_value_info(name, kind, None)
                                for name, kind in tensors.items() if name not in present)
    return exposed


def needed(graph: onnx.GraphProto, outputs: list[str]) -> list[onnx.NodeProto]:
    """The nodes that some outputs depend on, in order."""
    wanted, kept = set(outputs), []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            kept.append(node)
            wanted.update(node.input)
            for attribute in node.attribute:
                for inner in (lowered.graphs(attribute.g) if attribute.type == onnx.AttributeProto.GRAPH else ()):
                    wanted.update(name for each in inner.node for name in each.input)
    return kept[::-1]


def cut(model: onnx.ModelProto, borders: dict[str, int], outputs: dict[str, int]) -> onnx.ModelProto:
    """The part of a model between tensors that become inputs and tensors that become outputs."""
    source = model.graph
    open_graph = onnx.GraphProto()
    open_graph.node.extend(node for node in source.node if not set(node.output) & set(borders))
    nodes = needed(open_graph, list(outputs))
    used = {name for node in nodes for name in node.input}
    for node in nodes:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                used |= {name for inner in lowered.graphs(attribute.g) for each in inner.node for name in each.input}
    inputs = [value for value in source.input if value.name in used]
    inputs += [helper.make_tensor_value_info(name, kind, None) for name, kind in borders.items() if name in used]
    given = [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs.items()]
    graph = helper.make_graph(nodes, "cut", inputs, given, [tensor for tensor in source.initializer if tensor.name in used])
    return helper.make_model(graph, opset_imports=list(model.opset_import), ir_version=model.ir_version)


def compare(ours: list[Outputs], theirs: list[Outputs], names: list[str]) -> Compared:
    """Elements that differ, bit for bit, by tensor."""
    differing: dict[str, int] = {}
    n_elements = 0
    for mine, other in zip(ours, theirs, strict=True):
        for name in names:
            a, b = np.asarray(mine[name]), np.asarray(other[name])
            if (1, *a.shape) == b.shape:  # samples lie along the leading axis
                a = a[None]
            if a.shape != b.shape or a.dtype != b.dtype:
                raise ValueError(f"{name}: {a.dtype}{a.shape} here, {b.dtype}{b.shape} in onnxruntime")
            bits = f"u{a.dtype.itemsize}"
            differing[name] = differing.get(name, 0) + int(np.count_nonzero(a.view(bits) != b.view(bits)))
            n_elements += a.size
    return Compared(len(names), n_elements, {name: count for name, count in differing.items() if count})


def is_behind_float(graph: onnx.GraphProto, tensor: str, on_integers: set[str]) -> bool:
    """Whether an integer tensor was only moved since it came out of a float island: quantize moves up through such ops."""
    makers = {name: node for node in graph.node for name in node.output}
    name = makers[tensor].input[0]
    while name in makers and makers[name].op_type in PASSED_THROUGH:
        name = makers[name].input[0]
    moved = name != makers[tensor].input[0]
    is_integer = name in makers and makers[name].op_type == "DequantizeLinear"
    return moved and not is_integer and f"{name}_quantized" not in on_integers


def run_ours(model: onnx.ModelProto, feeds: list[Feed], folder: Path) -> list[Outputs]:
    """`qdq run --profile` on each feed."""
    file = folder / "part.onnx"
    file.write_bytes(model.SerializeToString())
    names = {value.name for value in model.graph.input}
    with tempfile.TemporaryDirectory(dir=folder) as data:
        for idx, feed in enumerate(feeds):
            np.savez(Path(data) / f"{idx:04}.npz", **{name: array for name, array in feed.items() if name in names})
        return command.run(file, Path(data), folder / "part.npz", "--profile", lowered.PROFILE)


def check(model: Model, checks: Checks) -> None:
    folder = model.prepared()
    file = folder / "int8.onnx"
    if not file.exists():
        command.quantize(model.path, models.data(folder, "calibration"), file)
    source = onnx.load(str(file))
    report = json.loads(command.call("inspect", file, "--profile", lowered.PROFILE, "--json"))
    on_integers = {output for _, output in report["integer_nodes"]}
    quantized = element_types(source.graph)
    produced = {name for node in source.graph.node for name in node.output}
    products = {output: TensorProto.FLOAT for _, output in report["integer_nodes"]
                if output in produced and output not in quantized}
    exposed = with_outputs(source, {**quantized, **products})
    scratch = folder / "optimized.onnx"
    expected = kernels(source, scratch)
    checks.check(kernels(exposed, scratch) == expected, f"{model.name}: outputs change what onnxruntime fuses")
    feeds = [feed for feed, _ in zip(models.feeds(models.data(folder, "test")), range(MAX_FEEDS))]
    theirs = runtime.run_all(runtime.session(exposed.SerializeToString()), feeds)

    whole = compare(run_ours(exposed, feeds, folder), theirs, [*quantized, *products])
    borders = {name: kind for name, kind in quantized.items()
               if name not in on_integers or is_behind_float(source.graph, name, on_integers)}
    inner = {name: kind for name, kind in {**quantized, **products}.items() if name not in borders}
    if not inner:
        checks.skip(f"integers of {model.name}", "all of them are in branches, whose tensors cannot be outputs")
        return
    part = cut(source, borders, inner)
    cut_feeds = [feed | {name: outputs[name] for name in borders} for feed, outputs in zip(feeds, theirs, strict=True)]
    cut_kernels = kernels(part, scratch)
    checks.check(cut_kernels == expected or sum(cut_kernels.values()) <= sum(expected.values()),
                 f"{model.name}: the cut model is fused otherwise: {cut_kernels} and {expected}")
    names = {value.name for value in part.graph.input}
    given = [{name: array for name, array in feed.items() if name in names} for feed in cut_feeds]
    exact = runtime.run_all(runtime.session(part.SerializeToString()), given)
    promised = compare(run_ours(part, given, folder), exact, list(inner))
    print(f"{model.name:19} promised: {promised.n_tensors:3} tensors, {promised.n_elements:9} numbers, {promised.n_differing} differ;  "
          f"whole: {whole.n_elements:9} numbers, {whole.n_differing} differ ({len(borders)} tensors behind float)", flush=True)
    checks.check(promised.n_differing == 0, f"{model.name}: {promised.worst()}")
    checks.check(len(feeds) > 0, f"{model.name} has no data")


if __name__ == "__main__":
    sys.exit(models.check_each(sys.argv[1:], "integers", check))

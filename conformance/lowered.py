"""What `qdq inspect --profile` says runs in integers, against the graph that onnxruntime optimizes.

For every quantized model: the same ops on integers, and the same tensors computed by them. Names are compared where both
sides keep them: at the level before layouts are changed (`EXTENDED`); there, and at the default level, counts by op are.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import onnx
import onnxruntime

import command
import models
import runtime
from checks import Checks
from models import Model

# What onnxruntime computes on this machine.
PROFILE = "ort-x64" if runtime.has_vnni() else "ort-x64-saturating"

# Kernels on integers, and the op that each computes.
KERNELS: dict[str, str] = {
    "QLinearConv": "conv", "QLinearMatMul": "mat_mul", "MatMulIntegerToFloat": "mat_mul", "QGemm": "gemm", "QLinearAdd": "add",
    "QLinearMul": "mul", "QLinearAveragePool": "average_pool", "QLinearGlobalAveragePool": "global_average_pool",
    "QLinearSigmoid": "sigmoid", "QLinearLeakyRelu": "leaky_relu", "QLinearSoftmax": "softmax", "QLinearConcat": "concat",
    "QLinearWhere": "where",
}
# Ops that run on integers under their own name.
MOVES: dict[str, str] = {
    "Expand": "expand", "Flatten": "flatten", "Gather": "gather", "GatherElements": "gather_elements", "MaxPool": "max_pool",
    "ReduceMax": "reduce_max", "ReduceMin": "reduce_min", "Reshape": "reshape", "Resize": "resize", "Slice": "slice",
    "Split": "split", "Squeeze": "squeeze", "Tile": "tile", "Unsqueeze": "unsqueeze", "ArgMax": "arg_max",
}
# Types that integers are stored in.
STORAGES = frozenset({onnx.TensorProto.INT8, onnx.TensorProto.UINT8, onnx.TensorProto.INT16, onnx.TensorProto.UINT16})
REAL = frozenset({"MatMulIntegerToFloat"})

Node = tuple[str, str]


def graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """A graph and the bodies in it."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from graphs(attribute.g)


def optimized(model: Path, scratch: Path, level: onnxruntime.GraphOptimizationLevel) -> onnx.ModelProto:
    """The model as onnxruntime runs it."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.optimized_model_filepath = str(scratch)
    onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    loaded = onnx.load(str(scratch))
    scratch.unlink()
    return loaded


def integer_nodes(model: onnx.ModelProto) -> list[Node]:
    """Op and first output of each node that onnxruntime runs on integers; transpositions apart, which come and go with layouts.

    A split that it made of slices counts as these.
    """
    found: list[Node] = []
    for graph in graphs(model.graph):
        integers = {tensor.name for tensor in graph.initializer if tensor.data_type in STORAGES}
        for node in graph.node:
            op = KERNELS.get(node.op_type)
            if op is None and node.input and node.input[0] in integers:
                op = MOVES.get(node.op_type, "transpose" if node.op_type == "Transpose" else None)
            if op == "split" and node.name.endswith("GatherSliceToSplitFusion"):
                found += [("slice", name) for name in node.output]
            elif op is not None and op != "transpose":
                found.append((op, node.output[0]))
            gives_integers = op is not None and node.op_type not in REAL
            if gives_integers and node.op_type == "QGemm":
                gives_integers = len(node.input) > 7
            if gives_integers or node.op_type == "QuantizeLinear":
                integers.update(node.output)
    return found


def ours(model: Path) -> list[Node]:
    report = json.loads(command.call("inspect", model, "--profile", PROFILE, "--json"))
    return [(op, output) for op, output in report["integer_nodes"] if op != "transpose"]


def tensors(model: Path) -> set[str]:
    """Names of all tensors that the file itself has."""
    return {name for graph in graphs(onnx.load(str(model), load_external_data=False).graph) for node in graph.node
            for name in node.output}


def differences(model: Path, scratch: Path) -> list[str]:
    """What is not the same, in words."""
    levels = onnxruntime.GraphOptimizationLevel
    mine, named = ours(model), integer_nodes(optimized(model, scratch, levels.ORT_ENABLE_EXTENDED))
    final = integer_nodes(optimized(model, scratch, levels.ORT_ENABLE_ALL))
    known = tensors(model)
    found = []
    for what, theirs in (("EXTENDED", named), ("default", final)):
        counts, expected = Counter(op for op, _ in mine), Counter(op for op, _ in theirs)
        found += [f"{op}: {counts[op]} here, {expected[op]} at level {what}"
                  for op in sorted(counts | expected) if counts[op] != expected[op]]
    here, there = ({node for node in nodes if node[1] in known} for nodes in (mine, named))
    found += [f"{op} -> {output} only here" for op, output in sorted(here - there)]
    found += [f"{op} -> {output} only in onnxruntime" for op, output in sorted(there - here)]
    return found


def check(model: Model, checks: Checks) -> None:
    folder = model.prepared()
    file = folder / "int8.onnx"
    command.quantize(model.path, models.data(folder, "calibration"), file)
    found = differences(file, folder / "optimized.onnx")
    count = len(ours(file))
    print(f"{model.name:19} {count:3} nodes on integers, {'as in onnxruntime' if not found else f'{len(found)} differences'}", flush=True)
    checks.check(not found, f"{model.name}: {'; '.join(found[:8])}")


if __name__ == "__main__":
    sys.exit(models.check_each(sys.argv[1:], "lowered form", check))

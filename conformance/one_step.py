"""A quantized ONNX model as TFLite, op by op: LiteRT computes each on the integers that onnxruntime has there.

Differences of whole models are the steps of single ops, grown by the layers after them; here every op starts anew. Needs the
environment of `requirements-litert.txt`.
"""

import copy
import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from ai_edge_litert import schema_py_generated as schema
from onnx import helper

import command
import litert
import tflite_models
from checks import Checks
from places import WORK, shared_models

N_ROWS = 8
# Kernels that round as onnxruntime's: none of their integers may differ. That of sums rounds its factors to 20 bits.
EXACT = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MEAN", "SOFTMAX", "MAX_POOL_2D"}


@dataclass(frozen=True)
class Net:
    """A float model, sizes of its input, and whether its activations are u8, which onnxruntime computes in integers."""

    file: str
    shape: tuple[int, ...]
    unsigned: bool


NETS = [
    Net("01_resnet8_cifar10/resnet8_nchw.onnx", (3, 32, 32), True),
    Net("09_efficientnet_lite0/efficientnet_lite0.onnx", (3, 224, 224), True),
    # Hard swishes have kernels for signed activations alone; onnxruntime computes those convolutions in float.
    Net("08_ppocr_det_cls/ch_ppocr_mobile_v2.0_cls_infer.onnx", (3, 48, 192), False),
]


def unsigned_target(folder: Path) -> Path:
    """The target `tflite` with activations of u8, whose parameters move to i8 with their zero points."""
    text = command.call("targets", "tflite", "--toml")
    for section in ("[activation]\n", "[types.activation]\n"):
        text = text.replace(f'{section}storage = "i8"', f'{section}storage = "u8"')
    moved = r'storage = "i8"\nscale = (\S+)\nzero_point = (-?\d+)'
    text = re.sub(moved, lambda m: f'storage = "u8"\nscale = {m[1]}\nzero_point = {int(m[2]) + 128}', text)
    file = folder / "tflite-u8.toml"
    file.write_text(text.replace('name = "tflite"', 'name = "tflite-u8"', 1))
    return file


def integers(file: Path, rows: np.ndarray) -> dict[str, np.ndarray]:
    """What onnxruntime quantizes, by name, as i8."""
    model = onnx.load(str(file))
    types = {constant.name: constant.data_type for constant in model.graph.initializer}
    known = {output.name for output in model.graph.output}
    names = []
    for node in model.graph.node:
        if node.op_type == "QuantizeLinear":
            names.append(node.output[0])
            if node.output[0] not in known:
                model.graph.output.append(helper.make_tensor_value_info(node.output[0], types[node.input[2]], None))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = [session.run(names, {session.get_inputs()[0].name: row[None]}) for row in rows]
    return {name: signed(np.concatenate(arrays)) for name, arrays in zip(names, zip(*found, strict=True), strict=True)}


def signed(array: np.ndarray) -> np.ndarray:
    return (array.astype(np.int16) - 128).astype(np.int8) if array.dtype == np.uint8 else array


@dataclass
class Steps:
    """Differences of one kind of op."""

    n_ops: int = 0
    total: int = 0
    differ: int = 0
    most: int = 0

    def add(self, ours: np.ndarray, theirs: np.ndarray) -> None:
        steps = np.abs(ours.astype(np.int64) - theirs.reshape(ours.shape))
        self.n_ops, self.total = self.n_ops + 1, self.total + steps.size
        self.differ, self.most = self.differ + int((steps > 0).sum()), max(self.most, int(steps.max()))


@dataclass
class Graph:
    """A TFLite model, cut where onnxruntime's integers are known."""

    model: schema.ModelT
    known: dict[str, np.ndarray]
    made_by: dict[int, schema.OperatorT] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for operator in self.graph.operators:
            self.made_by.update({int(output): operator for output in operator.outputs})

    @property
    def graph(self) -> schema.SubGraphT:
        return self.model.subgraphs[0]

    def name(self, tensor: int) -> str:
        return self.graph.tensors[tensor].name.decode()

    def kind(self, operator: schema.OperatorT) -> str:
        return tflite_models.kind(self.model, operator)

    def integers(self, tensor: int) -> np.ndarray:
        """What onnxruntime has there; images have channels last but for those that are transposed next."""
        array = self.known[self.name(tensor)]
        is_first = any(self.kind(operator) == "TRANSPOSE" and operator.inputs[0] == tensor for operator in self.graph.operators)
        return array.transpose(0, 2, 3, 1) if array.ndim == 4 and not is_first else array

    def back_to_known(self, operator: schema.OperatorT) -> tuple[list[schema.OperatorT], list[int]] | None:
        """The operator and those before it that lack onnxruntime's integers (paddings, transposes), and what they start from."""
        operators, starts = [operator], []
        for tensor in (int(tensor) for tensor in operator.inputs if tensor >= 0):
            if self.name(tensor) in self.known:
                starts.append(tensor)
            elif tensor in self.made_by:
                before = self.back_to_known(self.made_by[tensor])
                if before is None:
                    return None
                operators, starts = before[0] + operators, starts + before[1]
            elif self.model.buffers[self.graph.tensors[tensor].buffer].data is None:
                return None
        return operators, list(dict.fromkeys(starts))

    def alone(self, operators: list[schema.OperatorT], starts: list[int], output: int, file: Path) -> None:
        cut = copy.copy(self.model)
        graph = copy.copy(self.graph)
        graph.operators, graph.inputs, graph.outputs = operators, starts, [output]
        cut.subgraphs, cut.signatureDefs = [graph], None
        tflite_models.write(cut, file)


def run(file: Path, resolver: litert.OpResolverType, feeds: list[np.ndarray]) -> np.ndarray:
    model = litert.Model(file, resolver)
    found = []
    for row in range(len(feeds[0])):
        given = [feed[row:row + 1] for feed in feeds]
        for details, array in zip(model.inputs, given, strict=True):
            model.interpreter.resize_tensor_input(details["index"], array.shape)
        model.interpreter.allocate_tensors()
        found.append(model.run(given)[0])
    return np.concatenate(found)


def check(net: Net, checks: Checks) -> None:
    source = shared_models() / net.file
    folder = WORK / "one_step" / source.stem
    folder.mkdir(parents=True, exist_ok=True)
    rows = np.random.default_rng(11).standard_normal((N_ROWS, *net.shape)).astype(np.float32)
    rows = rows * 60 + 120 if "resnet8" in net.file else rows
    np.save(folder / "calibration.npy", rows)
    quantized, out = folder / "quantized.onnx", folder / "quantized.tflite"
    target = str(unsigned_target(folder)) if net.unsigned else "tflite"
    command.quantize(source, folder / "calibration.npy", quantized, "--target", target)
    command.convert(quantized, out)
    graph = Graph(tflite_models.read(out), integers(quantized, rows))
    for what, resolver in (("xnnpack", litert.DELEGATED), ("reference", litert.REFERENCE)):
        steps: dict[str, Steps] = defaultdict(Steps)
        for operator in graph.graph.operators:
            output = int(operator.outputs[0])
            kind = graph.kind(operator)
            cut = graph.back_to_known(operator)
            if graph.name(output) not in graph.known or cut is None or not cut[1] or kind in {"QUANTIZE", "RESHAPE"}:
                continue
            file = folder / "op.tflite"
            graph.alone(*cut, output, file)
            feeds = [graph.integers(tensor) for tensor in cut[1]]
            steps[kind].add(run(file, resolver, feeds), graph.integers(output))
        for kind, found in sorted(steps.items()):
            most = 0 if what == "xnnpack" and net.unsigned and kind in EXACT else 1
            checks.check(found.most <= most, f"{source.stem} {what} {kind}: {found.most} steps off, at most {most}")
        n_ops = sum(found.n_ops for found in steps.values())
        checks.check(n_ops > 10, f"{source.stem}: {n_ops} ops compared")
        text = ", ".join(f"{found.n_ops} {kind} {1 - found.differ / found.total:.3%}" for kind, found in sorted(steps.items()))
        most = max(found.most for found in steps.values())
        print(f"{source.stem:30} {what:10} at most {most} step; equal: {text}", flush=True)


def main() -> int:
    checks = Checks()
    for net in NETS:
        if (shared_models() / net.file).exists():
            checks.guard(net.file, lambda net=net: check(net, checks))
        else:
            checks.skip(net.file, "there is no such file")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())

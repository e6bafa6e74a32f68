"""Quantized models that other tools make of the models of `models.py`: what `qdq explain` is checked on.

`onnxruntime.quantization` in its types and formats, and the placement of a tool that quantizes the inputs of every product
and no outputs, as for OpenVINO: a quantize stands behind an activation, with a range wider than the activation's.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

import models
import runtime
from models import Model

Feed = runtime.Feed

# Products whose inputs a tool quantizes for OpenVINO, and the position of constant weights.
PRODUCTS = ("Conv", "MatMul", "Gemm")
# From here on DequantizeLinear has an axis.
LEAST_OPSET = 13


class Reader(CalibrationDataReader):
    """Hands over one sample at a time."""

    def __init__(self, feeds: list[Feed]) -> None:
        self.feeds = iter(feeds)

    def get_next(self) -> Feed | None:
        return next(self.feeds, None)


def calibration(model: Model, n_samples: int) -> list[Feed]:
    """The first samples of the calibration data, inputs of the model only."""
    names = {value.name for value in runtime.session(model.path).get_inputs()}
    found: list[Feed] = []
    for feed in models.feeds(models.data(model.prepared(), "calibration")):
        found.append({name: array for name, array in feed.items() if name in names})
        if len(found) == n_samples:
            break
    return found


def prepared(model: Model, folder: Path) -> Path:
    """The float model as `onnxruntime.quantization` wants it: simplified, shapes inferred, operator set 13 at least."""
    out = folder / "foreign.onnx"
    loaded = onnx.load(str(model.path))
    version = next(o.version for o in loaded.opset_import if o.domain in ("", "ai.onnx"))
    if version < LEAST_OPSET:
        loaded = onnx.version_converter.convert_version(loaded, LEAST_OPSET)
    onnx.save(loaded, str(out))
    quant_pre_process(str(out), str(out), skip_symbolic_shape=True)
    return out


def static(source: Path, out: Path, feeds: list[Feed], quant_format: QuantFormat, activation: QuantType,
           per_channel: bool, **options: Any) -> None:
    quantize_static(str(source), str(out), Reader(feeds), quant_format=quant_format, activation_type=activation,
                    weight_type=options.pop("weight_type", QuantType.QInt8), per_channel=per_channel, **options)


def bridges(name: str, params: tuple[np.ndarray, np.ndarray], axis: int | None,
            graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Quantize and dequantize of a value; `name_dq` is what comes out."""
    for suffix, array in zip(("scale", "zero_point"), params, strict=True):
        graph.initializer.append(numpy_helper.from_array(array, f"{name}_{suffix}"))
    extra = {} if axis is None else {"axis": axis}
    inputs = [f"{name}_scale", f"{name}_zero_point"]
    return [helper.make_node("QuantizeLinear", [name, *inputs], [f"{name}_q"], name=f"{name}_q", **extra),
            helper.make_node("DequantizeLinear", [f"{name}_q", *inputs], [f"{name}_dq"], name=f"{name}_dq", **extra)]


def ranges(model: onnx.ModelProto, names: list[str], feeds: list[Feed]) -> dict[str, tuple[float, float]]:
    """Extremes of values on samples."""
    exposed = onnx.ModelProto()
    exposed.CopyFrom(model)
    known = {output.name for output in exposed.graph.output} | {value.name for value in exposed.graph.input}
    exposed.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in known)
    step = runtime.step(runtime.session(exposed.SerializeToString()))
    found: dict[str, tuple[float, float]] = {}
    for feed in feeds:
        values = {**feed, **step(feed)}
        for name in names:
            low, high = found.get(name, (0.0, 0.0))
            found[name] = (min(low, float(values[name].min())), max(high, float(values[name].max())))
    return found


def output_axis(node: onnx.NodeProto, rank: int) -> int:
    """The axis of weights that outputs lie along."""
    is_transposed = any(a.name == "transB" and a.i == 1 for a in node.attribute)
    return 0 if node.op_type == "Conv" or is_transposed else rank - 1


def inputs_only(source: Path, out: Path, feeds: list[Feed], dtype: type[np.generic], slack: float) -> None:
    """Quantizes the inputs of every product, activations with ranges `slack` times as wide as seen."""
    model = onnx.load(str(source))
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    products = [node for node in graph.node if node.op_type in PRODUCTS]
    taken = {node.input[i] for node in products for i in (0, 1)}
    seen = ranges(model, sorted(taken - constants.keys()), feeds)
    added: dict[str, list[onnx.NodeProto]] = {}
    for node in products:
        for i in (0, 1):
            name = node.input[i]
            if name not in added and name in constants:
                axis = output_axis(node, constants[name].ndim)
                other = tuple(d for d in range(constants[name].ndim) if d != axis)
                scale = np.maximum(np.abs(constants[name]).max(axis=other), 1e-6).astype(np.float32) / 127
                added[name] = bridges(name, (scale, np.zeros(scale.shape, np.int8)), axis, graph)
            elif name not in added:
                low, high = (slack * bound for bound in seen[name])
                scale = np.float32(max(high - low, 1e-6) / 255)
                zero = round(-low / float(scale)) + np.iinfo(dtype).min
                added[name] = bridges(name, (np.array(scale), np.array(zero, dtype)), None, graph)
            node.input[i] = f"{name}_dq"
    nodes = [bridge for name, pair in added.items() if name not in {o for n in graph.node for o in n.output} for bridge in pair]
    for node in graph.node:
        nodes.append(node)
        nodes += [bridge for output in node.output for bridge in added.get(output, [])]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, str(out))


def unsigned(source: Path, out: Path, feeds: list[Feed]) -> None:
    static(source, out, feeds, QuantFormat.QDQ, QuantType.QUInt8, per_channel=False)


def unsigned_channels(source: Path, out: Path, feeds: list[Feed]) -> None:
    static(source, out, feeds, QuantFormat.QDQ, QuantType.QUInt8, per_channel=True)


def unsigned_both(source: Path, out: Path, feeds: list[Feed]) -> None:
    static(source, out, feeds, QuantFormat.QDQ, QuantType.QUInt8, per_channel=False, weight_type=QuantType.QUInt8)


def signed(source: Path, out: Path, feeds: list[Feed]) -> None:
    static(source, out, feeds, QuantFormat.QDQ, QuantType.QInt8, per_channel=True)


def kept_activations(source: Path, out: Path, feeds: list[Feed]) -> None:
    options = {"ActivationSymmetric": True, "QDQKeepRemovableActivations": True}
    static(source, out, feeds, QuantFormat.QDQ, QuantType.QUInt8, per_channel=True, extra_options=options)


def sixteen(source: Path, out: Path, feeds: list[Feed]) -> None:
    static(source, out, feeds, QuantFormat.QDQ, QuantType.QUInt16, per_channel=False)


def operators(source: Path, out: Path, feeds: list[Feed]) -> None:
    static(source, out, feeds, QuantFormat.QOperator, QuantType.QUInt8, per_channel=False)


def operators_signed(source: Path, out: Path, feeds: list[Feed]) -> None:
    static(source, out, feeds, QuantFormat.QOperator, QuantType.QInt8, per_channel=False)


def dynamic(source: Path, out: Path, feeds: list[Feed]) -> None:
    quantize_dynamic(str(source), str(out), weight_type=QuantType.QUInt8)


def placed_wide(source: Path, out: Path, feeds: list[Feed]) -> None:
    inputs_only(source, out, feeds, np.uint8, slack=1.03)


def placed_tight(source: Path, out: Path, feeds: list[Feed]) -> None:
    inputs_only(source, out, feeds, np.uint8, slack=1.0)


def placed_signed(source: Path, out: Path, feeds: list[Feed]) -> None:
    inputs_only(source, out, feeds, np.int8, slack=1.0)


Make = Callable[[Path, Path, list[Feed]], None]

# Names, and how each model is made.
VARIANTS: dict[str, Make] = {
    "u8s8": unsigned, "u8s8-channels": unsigned_channels, "u8u8": unsigned_both, "s8s8": signed, "u8s8-kept": kept_activations,
    "u16s8": sixteen, "qoperator": operators, "qoperator-s8s8": operators_signed, "dynamic": dynamic,
    "inputs-wide": placed_wide, "inputs-tight": placed_tight, "inputs-signed": placed_signed,
}

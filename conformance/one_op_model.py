"""One quantized op in three spellings: a QDQ model, onnxruntime's own integer operator, and our node in integer form."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

MICROSOFT = "com.microsoft"


@dataclass(frozen=True)
class Quant:
    """Scale and zero point of a tensor, or of each index of an axis."""

    dtype: np.dtype
    scale: np.ndarray
    zero_point: np.ndarray
    axis: int | None = None

    @staticmethod
    def of(dtype: Any, scale: Any, zero_point: Any = 0, axis: int | None = None) -> "Quant":
        scale = np.asarray(scale, np.float32)
        return Quant(np.dtype(dtype), scale, np.broadcast_to(np.asarray(zero_point, dtype), scale.shape), axis)


@dataclass(frozen=True)
class Operand:
    """An input: its elements, what they mean, and whether the model holds them."""

    array: np.ndarray
    quant: Quant | None = None
    constant: bool = False


@dataclass
class Node:
    """One op. `attrs` are ours; `onnx_attrs` are ONNX's where they differ."""

    op: str
    onnx_op: str
    operands: list["Operand | Node | None"]
    output: Quant | None
    attrs: dict[str, Any] = field(default_factory=dict)
    onnx_attrs: dict[str, Any] | None = None
    form: str = "qdq"
    kernel: str | None = None  # what onnxruntime must run; None: that bridges are gone is all there is to see
    dtype: Any = None  # of the output, where it is neither quantized nor f32
    may_saturate: bool = False  # u8 by i8 with weights of 8 bits


@dataclass
class Builder:
    """Collects the parts of an ONNX graph."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    inputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    feed: dict[str, np.ndarray] = field(default_factory=dict)

    def constant(self, array: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def value(self, operand: Operand) -> str:
        if operand.constant:
            return self.constant(operand.array)
        name = f"x{len(self.inputs)}"
        kind = helper.np_dtype_to_tensor_dtype(operand.array.dtype)
        self.inputs.append(helper.make_tensor_value_info(name, kind, operand.array.shape))
        self.feed[name] = operand.array
        return name

    def node(self, op: str, inputs: Sequence[str], domain: str = "", **attrs: Any) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], domain=domain, **attrs))
        return name

    def params(self, quant: Quant) -> tuple[str, str]:
        return self.constant(quant.scale), self.constant(quant.zero_point)

    def add(self, node: Node) -> str:
        """The node and what it is made from; its output's name, of integers where it is quantized."""
        attrs = node.attrs if node.onnx_attrs is None else node.onnx_attrs
        values = []
        for operand in node.operands:
            if operand is None:
                values.append(("", None))
            elif isinstance(operand, Node):
                values.append((self.add(operand), operand.output))
            else:
                values.append((self.value(operand), operand.quant))
        if node.form == "qop":
            return self.integer_operator(node, values, attrs)
        reals = [self.bridge("DequantizeLinear", name, quant) if quant else name for name, quant in values]
        real = self.node(node.onnx_op, reals, **attrs)
        return self.bridge("QuantizeLinear", real, node.output) if node.output else real

    def bridge(self, op: str, name: str, quant: Quant) -> str:
        axis = {} if quant.axis is None else {"axis": quant.axis}
        return self.node(op, [name, *self.params(quant)], **axis)

    def integer_operator(self, node: Node, values: list[tuple[str, Quant | None]], attrs: dict[str, Any]) -> str:
        triples = [[name, *self.params(quant)] if quant else [name] for name, quant in values]
        output = list(self.params(node.output)) if node.output else []
        op = node.kernel or node.onnx_op
        in_onnx = op in ("QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger")
        if op in ("ConvInteger", "MatMulInteger"):
            inputs = [triples[0][0], triples[1][0], triples[0][2], triples[1][2]]
        elif op == "MatMulIntegerToFloat":
            (a, a_scale, a_zero), (b, b_scale, b_zero) = triples
            inputs = [a, b, a_scale, b_scale, a_zero, b_zero]
        elif op == "QLinearConcat":
            inputs = output + sum(triples, [])
        elif op == "QLinearConv":
            inputs = triples[0] + triples[1] + output + ([triples[2][0]] if len(triples) > 2 else [])
        elif op == "QGemm":
            inputs = triples[0] + triples[1] + [triples[2][0] if len(triples) > 2 else "", *output]
        else:
            inputs = sum(triples, []) + output
        return self.node(op, inputs, domain="" if in_onnx else MICROSOFT, **attrs)


def model(node: Node, opset: int = 21) -> tuple[bytes, dict[str, np.ndarray]]:
    """The ONNX model of a node and the data to feed it."""
    builder = Builder()
    name = builder.add(node)
    kind = node.output.dtype if node.output else np.dtype(node.dtype or np.float32)
    output = onnx.ValueInfoProto(name=name)
    output.type.tensor_type.elem_type = helper.np_dtype_to_tensor_dtype(kind)
    graph = helper.make_graph(builder.nodes, "one_op", builder.inputs, [output], builder.constants)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString(), builder.feed


DTYPES = {"float32": "f32", "int8": "i8", "uint8": "u8", "int16": "i16", "uint16": "u16", "int32": "i32", "int64": "i64",
          "bool": "bool"}
NUMPY = {ours: numpy for numpy, ours in DTYPES.items()}


def of_quant(quant: Quant | None) -> dict[str, Any] | None:
    if quant is None:
        return None
    return {"storage": DTYPES[quant.dtype.name], "scale": [float(s) for s in np.ravel(quant.scale)],
            "zero_point": [int(z) for z in np.ravel(quant.zero_point)],
            "axis": quant.axis if quant.scale.ndim else None}


class Cases:
    """Nodes in the form our harness reads: a list for `cases.json`, and bytes."""

    def __init__(self) -> None:
        self.cases: list[dict[str, Any]] = []
        self.parts: list[bytes] = []
        self.offset = 0

    def add(self, node: Node) -> int:
        """The position of the node's result, after those of the nodes it is made from."""
        inputs = [self.input(operand) for operand in node.operands]
        outputs = [of_quant(node.output)]
        if node.dtype == np.int32:  # sums of products, worth the product of the scales
            scales = [np.asarray(self.quant(operand).scale) for operand in node.operands[:2]]
            scale = np.ravel(scales[0] * scales[1])
            outputs = [of_quant(Quant.of(np.int32, scale if scale.size > 1 else scale[0], 0, 1))]
        self.cases.append({"op": node.op, "attrs": node.attrs, "inputs": inputs, "outputs": outputs})
        return len(self.cases) - 1

    def quant(self, operand: "Operand | Node") -> Quant:
        quant = operand.output if isinstance(operand, Node) else operand.quant
        assert quant is not None
        return quant

    def input(self, operand: "Operand | Node | None") -> dict[str, Any] | None:
        if operand is None:
            return None
        if isinstance(operand, Node):
            return {"from": self.add(operand), "constant": False, "quant": of_quant(operand.output)}
        data = np.ascontiguousarray(operand.array).tobytes()
        offset = self.offset
        self.parts.append(data)
        self.offset += len(data)
        return {"dtype": DTYPES[operand.array.dtype.name], "shape": list(operand.array.shape), "offset": offset,
                "constant": operand.constant, "quant": of_quant(operand.quant)}

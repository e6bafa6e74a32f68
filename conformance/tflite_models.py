"""TFLite models made with the schema that comes with the `ai-edge-litert` wheel."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

TYPES = {"i8": (schema.TensorType.INT8, np.int8), "u8": (schema.TensorType.UINT8, np.uint8),
         "i16": (schema.TensorType.INT16, np.int16), "i32": (schema.TensorType.INT32, np.int32),
         "i64": (schema.TensorType.INT64, np.int64), "f32": (schema.TensorType.FLOAT32, np.float32)}


KINDS: dict[int, str] = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}


@dataclass
class Quant:
    """Parameters of a tensor: one scale and zero point, or one for each index of an axis."""

    scale: list[float]
    zero_point: list[int]
    axis: int = 0

    @staticmethod
    def one(scale: float, zero_point: int = 0) -> "Quant":
        return Quant([float(np.float32(scale))], [int(zero_point)])


@dataclass
class Builder:
    """A model of one graph while it is made."""

    tensors: list[schema.TensorT] = field(default_factory=list)
    buffers: list[schema.BufferT] = field(default_factory=lambda: [schema.BufferT()])
    operators: list[schema.OperatorT] = field(default_factory=list)
    codes: list[schema.OperatorCodeT] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    def tensor(self, kind: str, shape: tuple[int, ...], quant: Quant | None = None, data: np.ndarray | None = None) -> int:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = f"t{len(self.tensors)}", list(shape), TYPES[kind][0], 0
        made.quantization = schema.QuantizationParametersT()
        if quant is not None:
            made.quantization.scale, made.quantization.zeroPoint = quant.scale, quant.zero_point
            made.quantization.quantizedDimension = quant.axis
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data, TYPES[kind][1]).tobytes(), np.uint8)
            self.buffers.append(buffer)
            made.buffer = len(self.buffers) - 1
        self.tensors.append(made)
        return len(self.tensors) - 1

    def input(self, kind: str, shape: tuple[int, ...], quant: Quant | None = None) -> int:
        self.inputs.append(self.tensor(kind, shape, quant))
        return self.inputs[-1]

    def constant(self, kind: str, data: np.ndarray, quant: Quant | None = None) -> int:
        return self.tensor(kind, data.shape, quant, data)

    def variable(self, kind: str, shape: tuple[int, ...], quant: Quant | None = None) -> int:
        self.tensors[made := self.tensor(kind, shape, quant)].isVariable = True
        return made

    def operator(self, name: str, inputs: list[int], output: int, version: int = 1, options: str | None = None,
                 intermediates: list[int] | None = None, **fields: Any) -> int:
        """Adds an operator whose output is one of the model's."""
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), version
        node = schema.OperatorT()
        node.opcodeIndex, node.inputs, node.outputs = len(self.codes), inputs, [output]
        node.intermediates = intermediates
        if options is not None:
            node.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            node.builtinOptions = getattr(schema, options + "T")()
            for key, value in fields.items():
                setattr(node.builtinOptions, key, value)
        self.codes.append(code)
        self.operators.append(node)
        self.outputs.append(output)
        return output

    def write(self, path: Path) -> None:
        graph = schema.SubGraphT()
        graph.tensors, graph.inputs, graph.outputs = self.tensors, self.inputs, self.outputs
        graph.operators = self.operators
        model = schema.ModelT()
        model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, self.codes, [graph], self.buffers
        write(model, path)


def write(model: schema.ModelT, path: Path) -> None:
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))


def read(path: Path) -> schema.ModelT:
    return schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)


def kind(model: schema.ModelT, operator: schema.OperatorT) -> str:
    """Name of an operator; old files have the code in one place only."""
    code = model.operatorCodes[operator.opcodeIndex]
    return KINDS[max(code.builtinCode, code.deprecatedBuiltinCode)]


def expose(path: Path, out: Path) -> None:
    """The model with every tensor that an operator computes as an output, without signatures."""
    model = read(path)
    graph = model.subgraphs[0]
    computed = [int(index) for operator in graph.operators for index in operator.outputs]
    graph.outputs = [int(index) for index in graph.outputs] + [i for i in computed if i not in set(graph.outputs)]
    for index, tensor in enumerate(graph.tensors):
        tensor.name = f"t{index}"
    model.signatureDefs = None
    write(model, out)

"""Makes the hostile TFLite files: each breaks one rule of the format. `crates/qdq/tests/hostile_tflite.rs` says what must be answered.

usage: python hostile/make_tflite.py    (needs ai-edge-litert; the files are committed)
"""

import pathlib
import struct

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as s

FOLDER = pathlib.Path(__file__).parent / "tflite"
ACTIVATION = s.ActivationFunctionType.NONE


def tensor(name, shape, kind=s.TensorType.FLOAT32, buffer=0, **more):
    made = s.TensorT()
    made.name, made.shape, made.type, made.buffer = name, shape, kind, buffer
    for key, value in more.items():
        setattr(made, key, value)
    return made


def params(scale, zero_point, axis=0):
    made = s.QuantizationParametersT()
    made.scale, made.zeroPoint, made.quantizedDimension = scale, zero_point, axis
    return made


def buffer(data=None):
    made = s.BufferT()
    made.data = None if data is None else np.frombuffer(data, np.uint8)
    return made


def conv(stride=1, padding=s.Padding.SAME, activation=ACTIVATION):
    made = s.OperatorT()
    made.opcodeIndex, made.inputs, made.outputs = 0, [0, 1, 2], [3]
    made.builtinOptionsType = s.BuiltinOptions.Conv2DOptions
    made.builtinOptions = s.Conv2DOptionsT()
    made.builtinOptions.strideW = made.builtinOptions.strideH = stride
    made.builtinOptions.padding = padding
    made.builtinOptions.fusedActivationFunction = activation
    made.builtinOptions.dilationWFactor = made.builtinOptions.dilationHFactor = 1
    return made


def model(change=None):
    """A convolution of [1, 4, 4, 2] with 3 filters of 3 × 3."""
    code = s.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = s.BuiltinOperator.CONV_2D
    code.version = 1
    graph = s.SubGraphT()
    graph.tensors = [
        tensor("x", [1, 4, 4, 2]),
        tensor("w", [3, 3, 3, 2], buffer=1),
        tensor("b", [3], buffer=2),
        tensor("y", [1, 4, 4, 3]),
    ]
    graph.inputs, graph.outputs, graph.operators, graph.name = [0], [3], [conv()], "main"
    made = s.ModelT()
    made.version, made.operatorCodes, made.subgraphs = 3, [code], [graph]
    made.buffers = [buffer(), buffer(np.arange(54, dtype=np.float32).tobytes()), buffer(bytes(12))]
    if change is not None:
        change(made, graph)
    return made


def pack(made):
    builder = flatbuffers.Builder(4096)
    builder.Finish(made.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def changed(**tensor_fields):
    """The model with fields of its weights changed."""

    def change(_, graph):
        for key, value in tensor_fields.items():
            setattr(graph.tensors[1], key, value)

    return pack(model(change))


def operator(**fields):
    def change(_, graph):
        for key, value in fields.items():
            setattr(graph.operators[0], key, value)

    return pack(model(change))


def replaced(data, old, new):
    assert old in data
    return data.replace(old, new, 1)


def two_problems(made, graph):
    first, second = conv(activation=s.ActivationFunctionType.SIGN_BIT), conv(padding=7)
    second.inputs, second.outputs = [3, 1, 2], [4]
    graph.tensors.append(tensor("z", [1, 4, 4, 3]))
    graph.operators, graph.outputs = [first, second], [4]


def kept(name, **fields):
    """The model with its operator replaced by one that the hub lacks."""

    def change(made, graph):
        made.operatorCodes[0].builtinCode = getattr(s.BuiltinOperator, name)
        made.operatorCodes[0].deprecatedBuiltinCode = min(127, made.operatorCodes[0].builtinCode)
        graph.operators[0].builtinOptions, graph.operators[0].builtinOptionsType = None, 0
        for key, value in fields.items():
            setattr(graph.operators[0], key, value)

    return pack(model(change))


def files():
    whole = pack(model())
    yield "good", whole
    yield "empty", b""
    yield "header_only", whole[:8]
    yield "truncated", whole[: len(whole) // 2]
    yield "root_outside", struct.pack("<I", 1 << 30) + whole[4:]
    yield "old_version", pack(model(lambda made, _: setattr(made, "version", 2)))
    yield "no_subgraph", pack(model(lambda made, _: setattr(made, "subgraphs", [])))
    yield "huge_vector", replaced(whole, struct.pack("<I", 216), struct.pack("<I", 0xFFFFFFF0))
    yield "huge_shape", changed(shape=[1 << 30, 1 << 30, 1 << 30, 1 << 30])
    yield "negative_shape", changed(shape=[3, -3, 3, 2])
    yield "short_buffer", changed(shape=[3, 3, 3, 3])
    yield "no_buffer", changed(buffer=77)
    yield "unknown_type", changed(type=s.TensorType.COMPLEX64)
    yield "unknown_axis", changed(type=s.TensorType.INT8, quantization=params([1.0, 1.0], [0, 0], axis=9))
    yield "wrong_scales", changed(type=s.TensorType.INT8, quantization=params([1.0, 1.0], [0, 0]))
    yield "zero_scale", changed(type=s.TensorType.INT8, quantization=params([0.0], [0]))
    yield "variable", changed(isVariable=True, buffer=0)
    yield "no_such_tensor", operator(inputs=[0, 1, 99])
    yield "no_such_output", operator(outputs=[99])
    yield "no_such_operator", operator(opcodeIndex=5)
    yield "missing_input", operator(inputs=[0, -1, 2])
    yield "no_inputs", operator(inputs=[])
    yield "own_input", operator(inputs=[3, 1, 2])
    yield "zero_stride", operator(builtinOptions=conv(stride=0).builtinOptions)
    yield "unknown_padding", operator(builtinOptions=conv(padding=9).builtinOptions)
    yield "unknown_activation", operator(builtinOptions=conv(activation=66).builtinOptions)
    yield "twice", pack(model(lambda _, graph: setattr(graph, "operators", [conv(), conv()])))
    yield "no_output", pack(model(lambda _, graph: setattr(graph, "operators", [])))
    yield "two_problems", pack(model(two_problems))
    yield "while_loop", kept("WHILE")
    yield "intermediates", kept("SVDF", intermediates=[0])
    yield "custom_kept", kept("SVDF")


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, data in files():
        (FOLDER / f"{name}.tflite").write_bytes(data)


main()

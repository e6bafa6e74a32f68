"""Our kernels and formulas beside LiteRT's reference kernels and its quantizer, bit by bit.

Each case is a model of one op, made here with the schema that comes with the `ai-edge-litert` wheel.
"""

import sys

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert._pywrap_tensorflow_lite_calibration_wrapper import CalibrationWrapper
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from ask import Request, ask, bits
from checks import Checks

TYPES = {"i8": (schema.TensorType.INT8, np.int8), "u8": (schema.TensorType.UINT8, np.uint8),
         "i16": (schema.TensorType.INT16, np.int16), "f32": (schema.TensorType.FLOAT32, np.float32)}
N_VALUES = 4096
Params = tuple[float, int]


def tensor(name: str, kind: str, params: Params | None) -> schema.TensorT:
    made = schema.TensorT()
    made.name, made.shape, made.type, made.buffer = name, [N_VALUES], TYPES[kind][0], 0
    made.quantization = schema.QuantizationParametersT()
    if params is not None:
        made.quantization.scale, made.quantization.zeroPoint = [params[0]], [params[1]]
    return made


def run(op: int, from_kind: str, from_params: Params | None, to_kind: str, to_params: Params | None,
        values: np.ndarray) -> np.ndarray:
    """The output of a one-op model."""
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode, code.version = op, op, 1
    node = schema.OperatorT()
    node.opcodeIndex, node.inputs, node.outputs = 0, [0], [1]
    graph = schema.SubGraphT()
    graph.tensors = [tensor("x", from_kind, from_params), tensor("y", to_kind, to_params)]
    graph.inputs, graph.outputs, graph.operators = [0], [1], [node]
    model = schema.ModelT()
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [code], [graph], [schema.BufferT()]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    interpreter = Interpreter(model_content=bytes(builder.Output()), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def params(random: np.random.Generator, kind: str) -> Params:
    info = np.iinfo(TYPES[kind][1])
    zero = 0 if kind == "i16" else int(random.integers(info.min, info.max + 1))
    return float(np.float32(10.0 ** random.uniform(-4, 1))), zero


def compare(checks: Checks, cases: list[tuple[str, Request, str, list[int] | int]]) -> None:
    """Each case is what it is, the request, the name of the answer, and LiteRT's numbers."""
    answers = ask([request for _, request, _, _ in cases])
    for (what, _, name, theirs), answer in zip(cases, answers, strict=True):
        ours = answer[name] if isinstance(answer[name], list) else [answer[name]]
        theirs = theirs if isinstance(theirs, list) else [theirs]
        n_different = sum(a != b for a, b in zip(ours, theirs, strict=True))
        checks.check(n_different == 0, f"{what}: {n_different} of {len(theirs)} differ")


def quantize(checks: Checks, random: np.random.Generator) -> None:
    """QUANTIZE of floats, halves of steps among them, and DEQUANTIZE of every integer."""
    cases = []
    for kind in ("i8", "u8", "i16"):
        info = np.iinfo(TYPES[kind][1])
        for _ in range(12):
            scale, zero = params(random, kind)
            steps = random.uniform(info.min - zero - 9, info.max - zero + 9, N_VALUES)
            steps[::4] = np.floor(steps[::4]) + 0.5
            values = (steps * scale).astype(np.float32)
            theirs = run(schema.BuiltinOperator.QUANTIZE, "f32", None, kind, (scale, zero), values)
            ours = {"op": "half_away", "values": bits(values), "storage": kind, "scale": bits(scale)[0], "zero_point": zero}
            cases.append((f"quantize {kind} {scale} {zero}", ours, "integers", theirs.astype(int).tolist()))
            integers = random.integers(info.min, info.max + 1, N_VALUES).astype(TYPES[kind][1])
            theirs = run(schema.BuiltinOperator.DEQUANTIZE, kind, (scale, zero), "f32", None, integers)
            ours = {"op": "dequantize", "integers": integers.tolist(), "scale": bits(scale)[0], "zero_point": zero}
            cases.append((f"dequantize {kind} {scale} {zero}", ours, "values", bits(theirs)))
    compare(checks, cases)


def requantize(checks: Checks, random: np.random.Generator) -> None:
    """QUANTIZE of integers: fixed-point multipliers, rounded twice."""
    cases = []
    for from_kind, to_kind in (("i8", "i8"), ("u8", "i8"), ("i8", "u8"), ("i16", "i8"), ("i16", "i16")):
        info = np.iinfo(TYPES[from_kind][1])
        for _ in range(12):
            before = params(random, from_kind)
            after = (float(np.float32(before[0] * 2.0 ** random.uniform(-3, 3))), params(random, to_kind)[1])
            integers = random.integers(info.min, info.max + 1, N_VALUES).astype(TYPES[from_kind][1])
            theirs = run(schema.BuiltinOperator.QUANTIZE, from_kind, before, to_kind, after, integers)
            ours = {"op": "requantize", "integers": integers.tolist(), "storage": to_kind,
                    "from": [bits(before[0])[0], before[1]], "to": [bits(after[0])[0], after[1]]}
            cases.append((f"requantize {from_kind} {before} to {to_kind} {after}", ours, "integers", theirs.astype(int).tolist()))
    compare(checks, cases)


def fully_connected(weights: np.ndarray, bias: np.ndarray) -> bytes:
    """A float model of one FULLY_CONNECTED."""
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    code.version = 1
    node = schema.OperatorT()
    node.opcodeIndex, node.inputs, node.outputs = 0, [0, 1, 2], [3]
    node.builtinOptionsType, node.builtinOptions = schema.BuiltinOptions.FullyConnectedOptions, schema.FullyConnectedOptionsT()
    graph = schema.SubGraphT()
    graph.tensors = []
    shapes = {"x": (1, weights.shape[1]), "w": weights.shape, "b": bias.shape, "y": (1, weights.shape[0])}
    for (name, shape), buffer in zip(shapes.items(), (0, 1, 2, 0), strict=True):
        made = tensor(name, "f32", None)
        made.shape, made.buffer = list(shape), buffer
        graph.tensors.append(made)
    graph.inputs, graph.outputs, graph.operators = [0], [3], [node]
    model = schema.ModelT()
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    model.buffers = [schema.BufferT(), schema.BufferT(), schema.BufferT()]
    for buffer, array in zip(model.buffers[1:], (weights, bias), strict=True):
        buffer.data = np.frombuffer(array.tobytes(), np.uint8)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def calibrated(float_model: bytes, inputs: list[np.ndarray], storage: type, bias: type) -> schema.ModelT:
    """The model calibrated on these inputs and quantized by the quantizer inside the wheel."""
    wrapper = CalibrationWrapper(float_model, [], [])  # does not copy the model: the caller keeps it
    wrapper.Prepare([list(inputs[0].shape)])
    for values in inputs:
        wrapper.FeedTensor([values])
    kind = np.dtype(storage).num
    quantized = wrapper.QuantizeModel(kind, kind, False, kind, np.dtype(bias).num, False, False)
    return schema.ModelT.InitFromPackedBuf(bytes(quantized), 0)


def quantizer(checks: Checks, random: np.random.Generator) -> None:
    """Scales, zero points and integers of LiteRT's own quantizer, from the ranges that it observed itself."""
    cases = []
    for case_idx in range(40):
        storage, bias_type = ((np.int8, np.int32), (np.int16, np.int64))[case_idx % 2]
        weights = (random.standard_normal((6, 32)) * 10.0 ** random.uniform(-3, 2, (6, 1))).astype(np.float32)
        bias = random.standard_normal(6).astype(np.float32)
        shift = (0.0, 3.0, -3.0)[case_idx % 3]
        inputs = [(random.standard_normal((1, 32)) + shift).astype(np.float32) for _ in range(5)]
        float_model = fully_connected(weights, bias)
        model = calibrated(float_model, inputs, storage, bias_type)
        tensors = {made.name.decode(): made for made in model.subgraphs[0].tensors}
        name = "i8" if storage is np.int8 else "i16"
        for key in ("x", "y"):
            found = tensors[key].quantization
            ours = {"op": "litert_activation", "range": [*bits(found.min), *bits(found.max)], "storage": name}
            cases.append((f"activation {key} {case_idx}", ours, "scale", bits(found.scale)))
            cases.append((f"activation {key} {case_idx}", ours, "zero_point", [int(zero) for zero in found.zeroPoint]))
        of = {key: np.frombuffer(model.buffers[tensors[key].buffer].data.tobytes(), kind)
              for key, kind in (("w", np.int8), ("b", bias_type))}
        for channel in range(6):
            ours = {"op": "litert_channel", "weights": bits(weights[channel]), "bias": bits(bias[channel])[0],
                    "input_scale": bits(tensors["x"].quantization.scale)[0]}
            for answer, theirs in (("scale", bits(tensors["w"].quantization.scale)[channel]),
                                   ("integers", of["w"].reshape(6, 32)[channel].astype(int).tolist()),
                                   ("bias_scale", bits(tensors["b"].quantization.scale)[channel]),
                                   ("i32" if storage is np.int8 else "i64", int(of["b"][channel]))):
                cases.append((f"channel {channel} of {case_idx}, {answer}", ours, answer, theirs))
    compare(checks, cases)


def main() -> int:
    checks = Checks()
    for part in (quantize, requantize, quantizer):
        checks.guard(part.__name__, lambda part=part: part(checks, np.random.default_rng(5)))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())

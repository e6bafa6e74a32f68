"""Quantize, dequantize and requantize by our kernels and by LiteRT's reference kernels, bit by bit.

Each case is a model of one op, made here with the schema that comes with the `ai-edge-litert` wheel.
"""

import sys

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
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


def compare(checks: Checks, cases: list[tuple[str, Request, str, list[int]]]) -> None:
    """Each case is what it is, the request, the name of the answer, and LiteRT's numbers."""
    answers = ask([request for _, request, _, _ in cases])
    for (what, _, name, theirs), answer in zip(cases, answers, strict=True):
        n_different = sum(a != b for a, b in zip(answer[name], theirs, strict=True))
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


def main() -> int:
    checks = Checks()
    for part in (quantize, requantize):
        checks.guard(part.__name__, lambda part=part: part(checks, np.random.default_rng(5)))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
